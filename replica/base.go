package replica

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"strconv"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/engine"
	"github.com/quiredb/quire/engine/control"
)

// labelName is the file of a base copy that says where its log begins. Its contents are ours; pg_basebackup stores it unread.
const labelName = "backup_label"

// A label is what a standby's control file is made of.
type label struct {
	SystemID     uint64          `json:"system_identifier"`
	Timeline     page.TimelineID `json:"timeline"`
	SegmentBytes int             `json:"wal_segment_bytes"`
	Checkpoint   uint64          `json:"checkpoint"`
	Redo         uint64          `json:"redo"`
	NextXID      uint64          `json:"next_xid"`
	NextOID      uint32          `json:"next_oid"`
}

func (l label) controlFile() control.File {
	return control.File{
		SystemID: l.SystemID, Timeline: l.Timeline, SegmentBytes: l.SegmentBytes,
		Checkpoint: page.LSN(l.Checkpoint), Redo: page.LSN(l.Redo), NextXID: l.NextXID, NextOID: l.NextOID,
	}
}

// engineSource makes base copies of an engine, through its buffer manager.
type engineSource struct{ e *engine.Engine }

// NewBaseSource makes base copies of a running engine.
func NewBaseSource(e *engine.Engine) BaseSource { return engineSource{e} }

// Redo is where the log of a copy that began now would begin at the earliest.
func (s engineSource) Redo() page.LSN { return s.e.Control().Redo }

func (s engineSource) Begin(ctx context.Context) (Base, error) {
	if err := s.e.Checkpoint(ctx, engine.CheckpointOnline); err != nil {
		return nil, err
	}
	return &engineBase{e: s.e, control: s.e.Control()}, nil
}

// engineBase is one copy. A page may be newer than the redo position it starts from: replay skips what it has. A
// relation that is dropped meanwhile is explained by the log, and its missing pages are sent as zeros.
type engineBase struct {
	e       *engine.Engine
	control control.File
}

func (b *engineBase) Start() page.LSN { return b.control.Redo }

func (b *engineBase) Finish(ctx context.Context) (page.LSN, error) {
	end := b.e.WAL.InsertLSN()
	return end, b.e.WAL.Flush(ctx, end)
}

func (b *engineBase) Close() {}

// Files lists the label and the segments of every relation's files. Of an unlogged relation only the init fork travels, and an
// empty visibility map.
func (b *engineBase) Files() ([]BaseFile, error) {
	f := b.control
	text, err := json.MarshalIndent(label{
		SystemID: f.SystemID, Timeline: f.Timeline, SegmentBytes: f.SegmentBytes,
		Checkpoint: uint64(f.Checkpoint), Redo: uint64(f.Redo), NextXID: f.NextXID, NextOID: f.NextOID,
	}, "", "  ")
	if err != nil {
		return nil, err
	}
	files := []BaseFile{{Name: labelName, Size: int64(len(text)), WriteTo: func(_ context.Context, w io.Writer) error {
		_, err := w.Write(text)
		return err
	}}}
	rels, err := b.e.Storage.List()
	if err != nil {
		return nil, err
	}
	for _, rel := range rels {
		fork := page.MainFork
		unlogged, err := b.e.Storage.Exists(page.RelFile{Rel: rel, Fork: page.InitFork})
		if err != nil {
			return nil, err
		}
		if unlogged {
			fork = page.InitFork
		}
		if files, err = b.fork(files, page.RelFile{Rel: rel, Fork: fork}, false); err != nil {
			return nil, err
		}
		if files, err = b.fork(files, page.RelFile{Rel: rel, Fork: page.VisibilityFork}, unlogged); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// fork lists the segments of a fork, if it has not been dropped meanwhile or never was.
func (b *engineBase) fork(files []BaseFile, rf page.RelFile, empty bool) ([]BaseFile, error) {
	if there, err := b.e.Storage.Exists(rf); err != nil || !there {
		return files, err
	}
	if empty {
		return b.segments(files, rf, 0), nil
	}
	n, err := b.e.Pool.Length(rf)
	if err != nil {
		return nil, err
	}
	return b.segments(files, rf, n), nil
}

// blocksPerFile is how many blocks a file of a relation holds.
const blocksPerFile = 1 << 30 / page.Size

func (b *engineBase) segments(files []BaseFile, rf page.RelFile, n page.BlockNumber) []BaseFile {
	name := "base/" + strconv.FormatUint(uint64(rf.Rel), 10) + rf.Fork.Suffix()
	for first := page.BlockNumber(0); first == 0 || first < n; first += blocksPerFile {
		count := min(n-first, blocksPerFile)
		segment := name
		if first > 0 {
			segment += "." + strconv.Itoa(int(first/blocksPerFile))
		}
		files = append(files, BaseFile{Name: segment, Size: int64(count) * page.Size, WriteTo: func(ctx context.Context, w io.Writer) error {
			return b.pages(ctx, w, rf, first, count)
		}})
	}
	return files
}

// pages copies blocks [first, first+count), each under its content lock.
func (b *engineBase) pages(ctx context.Context, w io.Writer, rf page.RelFile, first, count page.BlockNumber) error {
	copied := page.New()
	for blk := first; blk < first+count; blk++ {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if err := b.page(page.Tag{RelFile: rf, Block: blk}, copied); err != nil {
			return err
		}
		if _, err := w.Write(copied); err != nil {
			return err
		}
	}
	return nil
}

func (b *engineBase) page(tag page.Tag, dst page.Page) error {
	buf, err := b.e.Pool.Pin(tag)
	if err != nil {
		n, lerr := b.e.Pool.Length(tag.RelFile)
		if there, xerr := b.e.Storage.Exists(tag.RelFile); xerr == nil && (!there || lerr == nil && tag.Block >= n) {
			clear(dst) // dropped or truncated meanwhile; the log says so too
			return nil
		}
		return err
	}
	buf.RLock()
	copy(dst, buf.Page())
	buf.RUnlock()
	buf.Unpin()
	return nil
}

// LogFiles lists the segments that hold the log of the copy, from the one with its start to the one with end. Bytes that are
// not durable are sent as zeros.
func (b *engineBase) LogFiles(end page.LSN) []BaseFile {
	size := page.LSN(b.control.SegmentBytes)
	var files []BaseFile
	for start := b.control.Redo / size * size; start < end; start += size {
		files = append(files, BaseFile{
			Name: path.Join("pg_wal", wal.SegmentName(b.control.Timeline, start)), Size: int64(size),
			WriteTo: func(_ context.Context, w io.Writer) error { return b.log(w, start, min(end, start+size), start+size) },
		})
	}
	return files
}

// log copies durable log from start to end, then zeros up to stop.
func (b *engineBase) log(w io.Writer, start, end, stop page.LSN) error {
	buf := make([]byte, maxSendBytes)
	for at := start; at < stop; {
		n := int(min(stop-at, maxSendBytes))
		if at < end {
			var err error
			if n, err = b.e.WAL.ReadDurable(buf[:min(n, int(end-at))], at); err != nil {
				return err
			}
			if n == 0 {
				return fmt.Errorf("the log is not durable at %v, below the end of the copy", at)
			}
		} else {
			clear(buf[:n])
		}
		if _, err := w.Write(buf[:n]); err != nil {
			return err
		}
		at += page.LSN(n)
	}
	return nil
}
