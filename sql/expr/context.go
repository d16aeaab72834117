package expr

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/quiredb/quire/core/datum"
)

// EvalCtx is everything that evaluation depends on besides the row. It belongs to one goroutine at a time.
type EvalCtx struct {
	// Context ends functions that wait, such as those that the session registers; nil if there is nothing to end them.
	Context context.Context
	// Env is the session's formatting; nil means the defaults.
	Env *datum.Env
	// Params are the values of the statement's parameters.
	Params []Datum
	// TxnTime and StmtTime are now() and statement_timestamp(), in microseconds since 2000.
	TxnTime, StmtTime int64
	// Clock is clock_timestamp(); nil means the machine's clock.
	Clock func() time.Time
	// User, SessionUser, Database, Schema and Version answer the functions of these names.
	User, SessionUser, Database, Schema, Version string
	// Session is whatever the functions that the session package registers need.
	Session any
	// Random is the source of random(); nil until first used.
	Random *rand.Rand

	// Exec are the execution parameters, and Sub runs subqueries; both are set for plans that have some.
	Exec []Datum
	Sub  SubRunner

	subRow   []Datum // the subquery's row in a Test
	stack    []Datum // arguments of calls in progress
	caseVals []Datum // operands of Case nodes in progress
	patterns patternCache
}

// NewContext returns a context at the present time, for tests and for constant folding without a session.
func NewContext() *EvalCtx {
	now := datum.TimestampFromTime(time.Now())
	return &EvalCtx{TxnTime: now, StmtTime: now, User: "postgres", SessionUser: "postgres", Database: "postgres", Schema: "public"}
}

func (c *EvalCtx) now() time.Time {
	if c.Clock != nil {
		return c.Clock()
	}
	return time.Now()
}

func (c *EvalCtx) location() *time.Location {
	if c.Env == nil || c.Env.Location == nil {
		return time.UTC
	}
	return c.Env.Location
}

func (c *EvalCtx) random() *rand.Rand {
	if c.Random == nil {
		c.Random = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	return c.Random
}
