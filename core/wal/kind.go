package wal

import "fmt"

// Kind says what a record is about. The high bit means that the record carries the durable LSN (rule W5); it is set for
// the kinds that end something, which occur often enough for damage to be told from a torn tail.
type Kind uint8

const durableBit Kind = 0x80

// The record kinds. Their values are on disk: never renumber.
const (
	Generic     Kind = 1 // page edits and nothing else
	RelCreate   Kind = 2
	RelTruncate Kind = 3
	RelDrop     Kind = 4

	Commit             = 5 | durableBit
	Abort              = 6 | durableBit
	CheckpointOnline   = 7 | durableBit
	CheckpointShutdown = 8 | durableBit
	EndOfRecovery      = 9 | durableBit

	Parameter Kind = 10 // a setting that a replica must know
)

var kindNames = map[Kind]string{
	Generic:            "Generic",
	RelCreate:          "RelCreate",
	RelTruncate:        "RelTruncate",
	RelDrop:            "RelDrop",
	Commit:             "Commit",
	Abort:              "Abort",
	CheckpointOnline:   "CheckpointOnline",
	CheckpointShutdown: "CheckpointShutdown",
	EndOfRecovery:      "EndOfRecovery",
	Parameter:          "Parameter",
}

// String returns the kind's name as the constants above spell it.
func (k Kind) String() string {
	if name, ok := kindNames[k]; ok {
		return name
	}
	return fmt.Sprintf("Kind(%#x)", uint8(k))
}

// CarriesDurable reports whether records of this kind hold the durable LSN at their insertion.
func (k Kind) CarriesDurable() bool { return k&durableBit != 0 }

// known reports whether this version of the program writes such records.
func (k Kind) known() bool {
	return k >= Generic && k <= RelDrop || k == Parameter || k.provesDamage()
}

// provesDamage reports whether k is one of the kinds that carry the durable LSN. They are contiguous, so that the scan
// for proof (scan.go) costs one comparison a byte.
func (k Kind) provesDamage() bool { return k-Commit <= EndOfRecovery-Commit }
