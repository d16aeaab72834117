package xact

import (
	"fmt"

	"github.com/quiredb/quire/core/page"
)

// XID is the number of a transaction that writes. Numbers are handed out in ascending order and never again.
type XID uint64

const (
	// InvalidXID is no transaction.
	InvalidXID XID = 0
	// FirstXID is the first number handed out. The two below it are reserved.
	FirstXID XID = 3
)

// State says whether and how a transaction ended.
type State uint8

// The states of a transaction.
const (
	InProgress State = iota
	Committed
	Aborted
)

// String returns the word that PostgreSQL's txid_status uses.
func (s State) String() string {
	switch s {
	case InProgress:
		return "in progress"
	case Committed:
		return "committed"
	case Aborted:
		return "aborted"
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// Isolation is an isolation level. Read uncommitted is read committed, and serializable is refused by the layer above.
type Isolation uint8

// The isolation levels.
const (
	ReadCommitted Isolation = iota
	RepeatableRead
)

// String returns the level as SHOW transaction_isolation prints it.
func (i Isolation) String() string {
	if i == RepeatableRead {
		return "repeatable read"
	}
	return "read committed"
}

// StatusRel is the relation that holds how each transaction ended.
const StatusRel page.RelFileNumber = 2
