package amtest

import (
	"context"

	"github.com/quiredb/quire/plugins/wire"
)

// OpenSpill makes a temporary file in memory.
func (p *Pages) OpenSpill(ctx context.Context) (uint32, error) {
	if err := p.request(ctx); err != nil {
		return 0, err
	}
	if len(p.files) == wire.MaxSpills {
		return 0, wire.Errorf(wire.ErrTooLarge, "%d temporary files are open", len(p.files))
	}
	if p.files == nil {
		p.files = make(map[uint32][]byte)
	}
	p.next++
	p.files[p.next] = []byte{}
	p.store.mu.Lock()
	defer p.store.mu.Unlock()
	p.store.mu.spilled++
	return p.next, nil
}

func (p *Pages) file(ctx context.Context, number uint32) ([]byte, error) {
	if err := p.request(ctx); err != nil {
		return nil, err
	}
	data, ok := p.files[number]
	if !ok {
		return nil, wire.Errorf(wire.ErrWrongState, "no temporary file %d is open", number)
	}
	return data, nil
}

// WriteSpill writes to one.
func (p *Pages) WriteSpill(ctx context.Context, number uint32, offset int64, data []byte) error {
	f, err := p.file(ctx, number)
	if err != nil {
		return err
	}
	if grow := offset + int64(len(data)) - int64(len(f)); grow > 0 {
		f = append(f, make([]byte, grow)...)
	}
	copy(f[offset:], data)
	p.files[number] = f
	return nil
}

// ReadSpill reads from one.
func (p *Pages) ReadSpill(ctx context.Context, number uint32, offset int64, length int) ([]byte, error) {
	f, err := p.file(ctx, number)
	if err != nil {
		return nil, err
	}
	offset = min(offset, int64(len(f)))
	return append([]byte{}, f[offset:min(offset+int64(length), int64(len(f)))]...), nil
}

// CloseSpill removes one.
func (p *Pages) CloseSpill(ctx context.Context, number uint32) error {
	_, err := p.file(ctx, number)
	delete(p.files, number)
	return err
}

// Spilled is the number of temporary files that builds have made.
func (s *Store) Spilled() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mu.spilled
}
