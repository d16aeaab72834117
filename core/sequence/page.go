package sequence

import (
	"encoding/binary"
	"fmt"

	"github.com/quiredb/quire/core/buffer"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/genericxlog"
)

// Block 0 of a sequence's file has the standing in its special area; integers are little endian. There are no other blocks.
//
//	0       4       5          8            16
//	+-------+-------+----------+------------+
//	| "QSeq"| called|  zeros   | last value |
//	+-------+-------+----------+------------+
const (
	magic      = "QSeq"
	offCalled  = 4
	offLast    = 8
	areaLength = 16
)

func relation(rel page.RelFileNumber) genericxlog.Relation { return genericxlog.Relation{Rel: rel} }

func file(rel page.RelFileNumber) page.RelFile { return page.RelFile{Rel: rel} }

func encode(at Standing) []byte {
	area := make([]byte, areaLength)
	copy(area, magic)
	if at.Called {
		area[offCalled] = 1
	}
	binary.LittleEndian.PutUint64(area[offLast:], uint64(at.Last))
	return area
}

func decode(rel page.RelFileNumber, p page.Page) (Standing, error) {
	if p.IsNew() || len(p.SpecialArea()) != areaLength || string(p.SpecialArea()[:len(magic)]) != magic {
		return Standing{}, pgerr.New(pgerr.DataCorrupted, "file %d does not hold a sequence", rel).
			WithHint("Restore it from a replica or a backup, or drop and create the sequence.")
	}
	area := p.SpecialArea()
	return Standing{Last: int64(binary.LittleEndian.Uint64(area[offLast:])), Called: area[offCalled] != 0}, nil
}

// read takes the standing from the page.
func (s *Store) read(rel page.RelFileNumber) (Standing, error) {
	b, err := s.pool.Pin(relation(rel).Tag(0))
	if err != nil {
		return Standing{}, fmt.Errorf("sequence %d: %w", rel, err)
	}
	defer b.Unpin()
	b.RLock()
	defer b.RUnlock()
	return decode(rel, b.Page())
}

// write logs a standing and puts it on the page. Holds: the content lock of b.
func (s *Store) write(t *xact.Txn, rel page.RelFileNumber, b *buffer.Buffer, at Standing) error {
	xid, err := t.XID()
	if err != nil {
		return err
	}
	g := s.gx.Start(relation(rel))
	defer g.Abort()
	g.SetXID(uint64(xid))
	g.Annotate("sequence")
	e, err := g.RegisterBuffer(b, 0)
	if err != nil {
		return err
	}
	if e.Page().IsNew() {
		if err := e.Init(areaLength, 0); err != nil {
			return err
		}
	}
	if err := e.SetSpecial(0, encode(at)); err != nil {
		return err
	}
	t.NoteWrite()
	if _, err := g.Finish(); err != nil {
		return fmt.Errorf("sequence %d: %w", rel, err)
	}
	return nil
}
