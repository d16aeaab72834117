package engine

import (
	"sync"
	"time"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/engine/control"
)

// controlFile is the control file of an open directory.
type controlFile struct {
	fs    vfs.FS
	dir   string
	clock func() time.Time

	mu      sync.Mutex // held over the write, so that updates are in order
	current control.File
}

// get returns a copy.
func (c *controlFile) get() control.File {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current
}

// update changes the file and makes the change durable. After an error the old content counts.
func (c *controlFile) update(change func(f *control.File)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.updateLocked(change)
}

func (c *controlFile) updateLocked(change func(f *control.File)) error {
	next := c.current
	change(&next)
	next.Time = c.clock()
	if err := control.Write(c.fs, c.dir, &next, &c.current); err != nil {
		return err
	}
	c.current = next
	return nil
}

// coverRecovery raises the minimum recovery point to at least upTo; further is where replay stands, so that not every page
// costs an update (E5).
func (c *controlFile) coverRecovery(upTo, further page.LSN) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current.MinRecoveryPoint >= upTo {
		return nil
	}
	return c.updateLocked(func(f *control.File) { f.MinRecoveryPoint = max(upTo, further) })
}

// retain returns the smallest redo position of both copies (C3).
func (c *controlFile) retain() page.LSN {
	f := c.get()
	return min(f.Redo, f.PreviousRedo)
}
