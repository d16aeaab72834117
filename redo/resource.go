package redo

import (
	"fmt"
	"strings"

	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/genericxlog"
)

// A ResourceManager knows one kind of record.
type ResourceManager struct {
	Name string
	// Redo does what the record says beyond its pages, which are already done. nil: nothing.
	Redo func(a *Applier, rec *wal.Record, b genericxlog.Body) error
	// Desc appends a readable form of the payload. nil: there is none.
	Desc func(out *strings.Builder, payload []byte) error
}

// managers is the table of kinds, one line each.
var managers = map[wal.Kind]ResourceManager{
	wal.Generic:            {Name: "Generic", Redo: redoGeneric},
	wal.RelCreate:          {Name: "RelCreate", Redo: redoRelCreate, Desc: descRelCreate},
	wal.RelTruncate:        {Name: "RelTruncate", Redo: redoRelTruncate, Desc: descRelTruncate},
	wal.RelDrop:            {Name: "RelDrop", Redo: redoRelDrop, Desc: descRelDrop},
	wal.Commit:             {Name: "Commit", Redo: redoCommit, Desc: descCommit},
	wal.Abort:              {Name: "Abort", Redo: redoAbort, Desc: descAbort},
	wal.CheckpointOnline:   {Name: "CheckpointOnline", Redo: redoCheckpoint, Desc: descCheckpoint},
	wal.CheckpointShutdown: {Name: "CheckpointShutdown", Redo: redoCheckpoint, Desc: descCheckpoint},
	wal.EndOfRecovery:      {Name: "EndOfRecovery", Redo: redoEndOfRecovery, Desc: descEndOfRecovery},
	wal.Parameter:          {Name: "Parameter", Redo: redoParameter, Desc: descParameter},
}

// Manager returns what handles records of a kind.
func Manager(kind wal.Kind) (ResourceManager, error) {
	rm, ok := managers[kind]
	if !ok {
		return ResourceManager{}, fmt.Errorf("no resource manager for record kind %v: the log was written by a newer version", kind)
	}
	return rm, nil
}
