package wal

import (
	"fmt"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
	"github.com/rs/zerolog"
)

// blockBytes is the unit of writing. A write that does not cover whole pages of the kernel's cache makes it read first.
const blockBytes = 4096

// maxUnsynced bounds the log that is written but not yet durable, whatever the settings (rule W7).
const maxUnsynced = 64 << 20

const (
	defaultRing  = 16 << 20
	defaultSpare = 8
)

// Config says where a log lives and how it behaves. It is copied by Create and Open and never changed afterwards.
type Config struct {
	FS  vfs.FS
	Dir string // the directory of the segment files, DATA/pg_wal

	SystemID uint64
	Timeline page.TimelineID

	Log zerolog.Logger
	// OnFatal is called once, with the cause, when the log can no longer promise anything: a write or sync failed (R6).
	// It should end the process; it must not wait for the log (by Close, for example), whose locks may be held. If it
	// returns, every operation that needs durability fails with ErrHalted.
	OnFatal func(error)

	// RingBytes is the size of the insertion buffer, a power of two from 64 KiB to 64 MiB; 0 means 16 MiB. A record must
	// fit into half of it. Larger rings let more log gather before an inserter has to wait for the disk.
	RingBytes int
	// SpareSegments is how many segments Recycle keeps ready ahead of the insertion point; 0 means 8. The rest of the
	// recycled files are removed.
	SpareSegments int
	// SegmentBytes is the size of a segment, a power of two from 16 KiB; 0 means 16 MiB. Only tests use another value.
	SegmentBytes int

	// Received says that the log at hand was received from another node: the durable LSN in its records is then the
	// sender's and says nothing about this node's disk (W5).
	Received bool
	// KnownDurable is an LSN below which this node's log is known to be on disk, from the control file; 0 = unknown.
	KnownDurable page.LSN

	// Go runs background work, the making of the next segment; nil means a goroutine. Tests run it at once.
	Go func(func())
}

// withDefaults returns the checked configuration with its defaults filled in.
func (c Config) withDefaults() (Config, error) {
	if c.RingBytes == 0 {
		c.RingBytes = defaultRing
	}
	if c.SpareSegments == 0 {
		c.SpareSegments = defaultSpare
	}
	if c.SegmentBytes == 0 {
		c.SegmentBytes = SegmentBytes
	}
	if c.Go == nil {
		c.Go = func(work func()) { go work() }
	}
	switch {
	case c.FS == nil:
		return c, fmt.Errorf("wal: no file system given")
	case c.Timeline == 0:
		return c, fmt.Errorf("wal: timeline 0 does not exist; the first is 1")
	case c.OnFatal == nil:
		return c, fmt.Errorf("wal: OnFatal must be set: a log that cannot sync must end the process")
	case !powerOfTwo(c.RingBytes) || c.RingBytes < 64<<10 || c.RingBytes > maxUnsynced:
		return c, fmt.Errorf("wal: ring of %d bytes: use a power of two from 64 KiB to 64 MiB", c.RingBytes)
	case !powerOfTwo(c.SegmentBytes) || c.SegmentBytes < 16<<10 || c.SegmentBytes > 1<<30:
		return c, fmt.Errorf("wal: segments of %d bytes: use a power of two from 16 KiB to 1 GiB", c.SegmentBytes)
	case c.SpareSegments < 0:
		return c, fmt.Errorf("wal: %d spare segments: use 0 for the default, or a positive number", c.SpareSegments)
	}
	return c, nil
}

func powerOfTwo(n int) bool { return n > 0 && n&(n-1) == 0 }
