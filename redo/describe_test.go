package redo_test

import (
	"testing"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/core/walrec"
	"github.com/quiredb/quire/redo"
)

// The log dump prints something for any record, whatever its body.
func FuzzDescribe(f *testing.F) {
	none := []byte{0} // no blocks
	f.Add(byte(wal.Generic), none)
	f.Add(byte(wal.RelCreate), walrec.RelCreate{Rel: 16384, AM: "bloom", InitPages: []page.Page{page.New()}, Unlogged: true}.Append(none))
	f.Add(byte(wal.RelTruncate), walrec.RelTruncate{File: page.RelFile{Rel: 16384}, Blocks: 7}.Append(none))
	f.Add(byte(wal.RelDrop), walrec.RelDrop{Rels: []page.RelFileNumber{1, 2}}.Append(none))
	f.Add(byte(wal.Commit), walrec.Commit{Time: 1, DroppedRels: []page.RelFileNumber{1}, CatalogChanged: true}.Append(none))
	f.Add(byte(wal.Abort), walrec.Abort{DroppedRels: []page.RelFileNumber{1}}.Append(none))
	f.Add(byte(wal.CheckpointOnline), walrec.Checkpoint{RedoLSN: 99, Active: []walrec.ActiveXact{{XID: 3, Created: []page.RelFileNumber{4}}}}.Append(none))
	f.Add(byte(wal.EndOfRecovery), walrec.EndOfRecovery{Timeline: 2, Previous: 1}.Append(none))
	f.Add(byte(wal.Parameter), walrec.Parameter{Name: "a", Value: "b"}.Append(none))
	f.Fuzz(func(t *testing.T, kind byte, body []byte) {
		rec := &wal.Record{LSN: 0x2000000, EndLSN: 0x2000000 + page.LSN(len(body)) + 10, Kind: wal.Kind(kind), Body: body}
		if text := redo.Describe(rec); text == "" && rec.Kind != wal.Abort && rec.Kind != wal.Generic {
			t.Errorf("nothing to say about a %v record", rec.Kind)
		}
	})
}
