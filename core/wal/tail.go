package wal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/quiredb/quire/core/page"
)

// tail is the end of the log in memory: [from, from+len(bytes)), from being the start of a block.
type tail struct {
	from  page.LSN
	bytes []byte
}

// readTail reads the part of the log that may not be durable, and verifies that it is the records that end at end with
// the one at prev. It goes back to a record that says how far the log was durable, or by the most that is ever
// unsynced (W7), or to the oldest segment.
func readTail(cfg Config, end, prev page.LSN) (tail, error) {
	start, err := tailStart(cfg, end, prev)
	if err != nil {
		return tail{}, err
	}
	t := tail{from: blockFloor(start)}
	t.bytes = make([]byte, end-t.from)
	if err := readLog(cfg, t); err != nil {
		return tail{}, err
	}
	if prev == 0 {
		return t, nil
	}
	code := newCodec(cfg.SystemID, cfg.Timeline)
	var rec Record
	before := anyPrev
	for at := start; at < end; at = rec.EndLSN {
		if _, err := code.decode(t.bytes[at-t.from:], at, before, &rec); err != nil {
			return tail{}, fmt.Errorf("record at %v changed between recovery and now (%w): the disk does not hold what the kernel's cache showed; "+
				"restart to recover once more", at, err)
		}
		before = rec.LSN
	}
	if rec.LSN != prev {
		return tail{}, fmt.Errorf("the record before %v is at %v, not at %v as recovery reported", end, rec.LSN, prev)
	}
	return t, nil
}

// tailStart finds the record from which on the log must be written again.
func tailStart(cfg Config, end, prev page.LSN) (page.LSN, error) {
	if prev == 0 {
		return end, nil
	}
	g := geometry{uint64(cfg.SegmentBytes)}
	floor := max(cfg.KnownDurable, g.firstLSN())
	if end > maxUnsynced {
		floor = max(floor, end-maxUnsynced)
	}
	r := NewReader(cfg.FS, cfg.Dir, cfg.SystemID, cfg.Timeline, prev, end, WithSegmentBytes(cfg.SegmentBytes))
	defer r.Close()
	for at := prev; ; {
		rec, err := r.ReadAt(at)
		if err != nil {
			return 0, err
		}
		if at == prev && rec.EndLSN != end {
			return 0, fmt.Errorf("the record at %v ends at %v, not at %v as recovery reported", prev, rec.EndLSN, end)
		}
		if !cfg.Received && rec.Durable > floor {
			floor = rec.Durable
		}
		if at <= floor || rec.Prev == 0 {
			return at, nil
		}
		exists, err := segmentExists(cfg, g, rec.Prev)
		if err != nil {
			return 0, err
		}
		if !exists {
			return at, nil
		}
		at = rec.Prev
	}
}

func segmentExists(cfg Config, g geometry, lsn page.LSN) (bool, error) {
	_, err := cfg.FS.Stat(filepath.Join(cfg.Dir, g.name(cfg.Timeline, g.number(lsn))))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// readLog fills t.bytes from the segment files.
func readLog(cfg Config, t tail) error {
	files := segmentReader{fs: cfg.FS, dir: cfg.Dir, tli: cfg.Timeline, geo: geometry{uint64(cfg.SegmentBytes)}}
	defer files.close()
	n, err := files.readAt(t.bytes, t.from)
	if err == nil && n < len(t.bytes) {
		err = fmt.Errorf("read WAL from %v: only %d of %d bytes are there: %w", t.from, n, len(t.bytes), io.ErrUnexpectedEOF)
	}
	return err
}
