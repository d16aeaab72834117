package walrec

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/quiredb/quire/core/page"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// payload is what all types of this package have in common.
type payload interface{ Append([]byte) []byte }

// kinds are the types by the names that tests use, with their decoders.
var kinds = map[string]func([]byte) (payload, error){
	"commit":          func(b []byte) (payload, error) { return DecodeCommit(b) },
	"abort":           func(b []byte) (payload, error) { return DecodeAbort(b) },
	"checkpoint":      func(b []byte) (payload, error) { return DecodeCheckpoint(b) },
	"end-of-recovery": func(b []byte) (payload, error) { return DecodeEndOfRecovery(b) },
	"rel-create":      func(b []byte) (payload, error) { return DecodeRelCreate(b) },
	"rel-truncate":    func(b []byte) (payload, error) { return DecodeRelTruncate(b) },
	"rel-drop":        func(b []byte) (payload, error) { return DecodeRelDrop(b) },
	"parameter":       func(b []byte) (payload, error) { return DecodeParameter(b) },
}

// examples are the values whose bytes testdata/golden pins.
func examples() []payload {
	items := page.New()
	copy(items, bytes.Repeat([]byte{0xAA}, page.HeaderSize+4))
	items[14], items[15] = page.HeaderSize+4, 0 // lower
	items[16], items[17] = 0xFE, 0x1F           // upper
	items[8190], items[8191] = 0xBB, 0xCC
	return []payload{
		Commit{Time: 1_700_000_000_000_000},
		Commit{Time: -1, CatalogChanged: true, DroppedRels: []page.RelFileNumber{16384, 1 << 31}},
		Commit{Subs: []uint64{7, 8, 300}},
		Abort{},
		Abort{DroppedRels: []page.RelFileNumber{16384}},
		Abort{Subs: []uint64{7}},
		Checkpoint{RedoLSN: 0x1000028, Timeline: 1, NextXID: 3, NextOID: 16384, Time: 1_700_000_000_000_000},
		Checkpoint{RedoLSN: 0x16B374D848, Timeline: 2, NextXID: 1 << 40, NextOID: 1<<32 - 1,
			Active: []ActiveXact{{XID: 7}, {XID: 9, Created: []page.RelFileNumber{16390, 16391}}}},
		EndOfRecovery{Timeline: 2, Previous: 1, Time: 1},
		RelCreate{Rel: 16384, AM: "heap", VisibilityMap: true},
		RelCreate{Rel: 16385, AM: "bloom", Unlogged: true, InitPages: []page.Page{page.New(), items}},
		RelTruncate{File: page.RelFile{Rel: 16384, Fork: page.InitFork}, Blocks: 1000},
		RelDrop{Rels: []page.RelFileNumber{16384}},
		Parameter{Name: "max_connections", Value: "100"},
	}
}

// TestGolden pins the forms. Its file is regenerated with -rewrite; a difference means that old logs cannot be read.
func TestGolden(t *testing.T) {
	datadriven.RunTest(t, "testdata/golden", func(t *testing.T, d *datadriven.TestData) string {
		if d.Cmd == "decode" {
			decode, ok := kinds[d.CmdArgs[0].Key]
			require.True(t, ok)
			b, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(d.Input), " ", ""))
			require.NoError(t, err)
			v, err := decode(b)
			if err != nil {
				return err.Error() + "\n"
			}
			return describe(v) + "\n"
		}
		var out strings.Builder
		for _, v := range examples() {
			fmt.Fprintf(&out, "%s\n    %x\n", describe(v), v.Append(nil))
		}
		return out.String()
	})
}

func describe(v payload) string {
	if r, ok := v.(RelCreate); ok {
		n := len(r.InitPages)
		r.InitPages = nil
		return fmt.Sprintf("%T%+v with %d pages", r, r, n)
	}
	return fmt.Sprintf("%T%+v", v, v)
}

func decodeLike(v payload, b []byte) (payload, error) {
	switch v.(type) {
	case Commit:
		return DecodeCommit(b)
	case Abort:
		return DecodeAbort(b)
	case Checkpoint:
		return DecodeCheckpoint(b)
	case EndOfRecovery:
		return DecodeEndOfRecovery(b)
	case RelCreate:
		return DecodeRelCreate(b)
	case RelTruncate:
		return DecodeRelTruncate(b)
	case RelDrop:
		return DecodeRelDrop(b)
	}
	return DecodeParameter(b)
}

// TestRoundTrip: what is decoded is what was encoded, and no first part of it decodes.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := draw(t)
		b := v.Append([]byte("before"))[len("before"):]
		got, err := decodeLike(v, b)
		require.NoError(t, err)
		require.Equal(t, v, got)
		if len(b) > 0 {
			_, err = decodeLike(v, b[:rapid.IntRange(0, len(b)-1).Draw(t, "cut")])
			require.ErrorIs(t, err, ErrMalformed)
		}
		_, err = decodeLike(v, append(b, 0))
		require.ErrorIs(t, err, ErrMalformed)
	})
}

func draw(t *rapid.T) payload {
	u32, u64, i64 := rapid.Uint32(), rapid.Uint64(), rapid.Int64()
	rels := func() []page.RelFileNumber {
		list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) page.RelFileNumber { return page.RelFileNumber(u32.Draw(t, "rel")) }), 0, 5).Draw(t, "rels")
		if len(list) == 0 {
			return nil
		}
		return list
	}
	subs := func() (out []uint64) {
		var xid uint64
		for range rapid.IntRange(0, 3).Draw(t, "subtransactions") {
			xid += rapid.Uint64Range(1, 1<<40).Draw(t, "distance")
			out = append(out, xid)
		}
		return out
	}
	switch rapid.IntRange(0, 7).Draw(t, "type") {
	case 0:
		return Commit{Time: i64.Draw(t, "time"), CatalogChanged: rapid.Bool().Draw(t, "catalog"), DroppedRels: rels(), Subs: subs()}
	case 1:
		return Abort{DroppedRels: rels(), Subs: subs()}
	case 2:
		c := Checkpoint{RedoLSN: page.LSN(u64.Draw(t, "redo")), Timeline: page.TimelineID(u32.Draw(t, "tli")), NextXID: u64.Draw(t, "xid"),
			NextOID: u32.Draw(t, "oid"), Time: i64.Draw(t, "time")}
		for range rapid.IntRange(0, 3).Draw(t, "active") {
			c.Active = append(c.Active, ActiveXact{XID: u64.Draw(t, "active xid"), Created: rels()})
		}
		return c
	case 3:
		return EndOfRecovery{Timeline: page.TimelineID(u32.Draw(t, "tli")), Previous: page.TimelineID(u32.Draw(t, "previous")), Time: i64.Draw(t, "time")}
	case 4:
		r := RelCreate{Rel: page.RelFileNumber(u32.Draw(t, "rel")), Unlogged: rapid.Bool().Draw(t, "unlogged"), VisibilityMap: rapid.Bool().Draw(t, "map"), AM: rapid.String().Draw(t, "am")}
		for range rapid.IntRange(0, 2).Draw(t, "pages") {
			r.InitPages = append(r.InitPages, drawPage(t))
		}
		return r
	case 5:
		return RelTruncate{File: page.RelFile{Rel: page.RelFileNumber(u32.Draw(t, "rel")), Fork: page.ForkNumber(rapid.Uint8().Draw(t, "fork"))},
			Blocks: page.BlockNumber(u32.Draw(t, "blocks"))}
	case 6:
		return RelDrop{Rels: rels()}
	}
	return Parameter{Name: rapid.String().Draw(t, "name"), Value: rapid.String().Draw(t, "value")}
}

// drawPage draws a page with a header of any kind and a few bytes anywhere.
func drawPage(t *rapid.T) page.Page {
	p := page.New()
	for range rapid.IntRange(0, 4).Draw(t, "bytes") {
		p[rapid.IntRange(0, page.Size-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
	}
	if rapid.Bool().Draw(t, "bounds") {
		lower := rapid.IntRange(0, page.Size).Draw(t, "lower")
		upper := rapid.IntRange(0, page.Size).Draw(t, "upper")
		p[14], p[15], p[16], p[17] = byte(lower), byte(lower>>8), byte(upper), byte(upper>>8)
	}
	return p
}

func TestOldestActive(t *testing.T) {
	require.Equal(t, uint64(10), Checkpoint{NextXID: 10}.OldestActiveXID())
	require.Equal(t, uint64(4), Checkpoint{NextXID: 10, Active: []ActiveXact{{XID: 8}, {XID: 4}}}.OldestActiveXID())
}

// FuzzDecode: any bytes decode to a value whose encoding they are, or to ErrMalformed.
func FuzzDecode(f *testing.F) {
	for _, v := range examples() {
		f.Add(v.Append(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for name, decode := range kinds {
			v, err := decode(b)
			if err != nil {
				require.ErrorIs(t, err, ErrMalformed, name)
				continue
			}
			require.Equal(t, b, append([]byte{}, v.Append(nil)...), name)
		}
	})
}
