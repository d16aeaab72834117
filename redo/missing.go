package redo

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/quiredb/quire/core/page"
)

// missing remembers what records expected and did not find (D4). The idea is PostgreSQL's table of invalid pages
// (`src/backend/access/transam/xlogutils.c`).
type missing struct {
	strict bool                      // everything was explained once: whatever is missing now is damage
	blocks map[page.Tag]page.LSN     // first record that expected the page
	files  map[page.RelFile]page.LSN // first record that expected the file
}

func (m *missing) block(tag page.Tag, lsn page.LSN) error {
	if m.strict {
		return missingPage(tag, lsn)
	}
	if m.blocks == nil {
		m.blocks = map[page.Tag]page.LSN{}
	}
	if _, noted := m.blocks[tag]; !noted {
		m.blocks[tag] = lsn
	}
	return nil
}

func (m *missing) file(rf page.RelFile, lsn page.LSN) error {
	if m.strict {
		return missingFile(rf, lsn)
	}
	if m.files == nil {
		m.files = map[page.RelFile]page.LSN{}
	}
	if _, noted := m.files[rf]; !noted {
		m.files[rf] = lsn
	}
	return nil
}

// truncated explains the blocks from n on.
func (m *missing) truncated(rf page.RelFile, n page.BlockNumber) {
	maps.DeleteFunc(m.blocks, func(t page.Tag, _ page.LSN) bool { return t.RelFile == rf && t.Block >= n })
}

// dropped explains everything about a relation.
func (m *missing) dropped(rel page.RelFileNumber) {
	maps.DeleteFunc(m.blocks, func(t page.Tag, _ page.LSN) bool { return t.Rel == rel })
	maps.DeleteFunc(m.files, func(rf page.RelFile, _ page.LSN) bool { return rf.Rel == rel })
}

// MissingError reports a page or file that the log changes, that is not there, and that no later record removes.
type MissingError struct {
	What string // "page 16384/main 7" or "file of 16384/main"
	LSN  page.LSN
	More int // how many others there are
}

func (e *MissingError) Error() string {
	more := ""
	if e.More > 0 {
		more = fmt.Sprintf(" (and %d more)", e.More)
	}
	return fmt.Sprintf("%s is missing%s: the record at %v changes it and nothing later removes it; restore it from a base backup", e.What, more, e.LSN)
}

// SQLState returns data_corrupted.
func (e *MissingError) SQLState() string { return "XX001" }

func missingPage(tag page.Tag, lsn page.LSN) *MissingError {
	return &MissingError{What: "page " + tag.String(), LSN: lsn}
}

func missingFile(rf page.RelFile, lsn page.LSN) *MissingError {
	return &MissingError{What: "file of " + rf.String(), LSN: lsn}
}

// CheckConsistent reports what is missing and not explained. Recovery calls it at the end of the log, a standby when it has
// replayed up to its minimum recovery point. A page that a later record restored whole is no longer missing. Once all is explained, Apply
// fails at the first thing that is missing.
func (a *Applier) CheckConsistent() error {
	var found []*MissingError
	for tag, lsn := range a.gone.blocks {
		b, err := a.cfg.Pool.PinForRedo(tag)
		if err != nil {
			return err
		}
		b.RLock()
		empty := b.Page().LSN() == 0
		b.RUnlock()
		b.Unpin()
		if empty {
			found = append(found, missingPage(tag, lsn))
		}
	}
	for rf, lsn := range a.gone.files {
		found = append(found, missingFile(rf, lsn))
	}
	if len(found) == 0 {
		a.gone = missing{strict: true}
		return nil
	}
	slices.SortFunc(found, func(a, b *MissingError) int {
		return cmp.Or(cmp.Compare(a.LSN, b.LSN), cmp.Compare(a.What, b.What))
	})
	found[0].More = len(found) - 1
	return found[0]
}
