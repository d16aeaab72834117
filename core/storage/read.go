package storage

import (
	"github.com/quiredb/quire/core/page"
)

// Read copies a block from its file to dst, which has page.Size bytes, and verifies it. A page that does not verify is
// read once more, since a device may answer wrongly once, and is then a *CorruptPageError.
func (m *Manager) Read(tag page.Tag, dst page.Page) error {
	r, err := m.relation(tag.RelFile)
	if err != nil {
		return err
	}
	if blocks := r.blocks.Load(); uint32(tag.Block) >= blocks {
		return beyondEnd(tag, blocks)
	}
	s, block := m.locate(tag)
	f, err := m.openFile(s, 0)
	if err != nil {
		return err
	}
	defer m.cache.release(f)
	m.counters.reads.Add(1)
	for attempt := 0; ; attempt++ {
		if _, err := f.file.ReadAt(dst[:page.Size], block*page.Size); err != nil {
			return fileError("read", f.name, err)
		}
		err := dst.Verify(tag)
		if err == nil {
			return nil
		}
		if attempt > 0 {
			m.counters.checksumFailures.Add(1)
			m.opts.Log.Error().Stringer("page", tag).Str("file", f.name).Int64("block", block).Err(err).Msg("corrupt page")
			return &CorruptPageError{Tag: tag, File: f.name, Block: block, Err: err}
		}
		m.counters.rereads.Add(1)
	}
}
