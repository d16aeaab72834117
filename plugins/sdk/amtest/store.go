package amtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire"
)

// errKilled ends a call that is being killed: nothing it asks for happens any more.
var errKilled = errors.New("the call was killed")

// A Store holds the pages of one index in memory and does what a host does with them. It may be used by several calls at
// once.
type Store struct {
	rel page.RelFileNumber
	mu  struct {
		sync.Mutex
		pages    []storedPage
		reserved map[page.BlockNumber]bool
		free     []page.BlockNumber
		last     page.LSN
		base     []page.Page // what the log begins with
		log      []record
		alone    *Pages
		changed  chan struct{}
		spilled  int
		rows     map[page.TID]wire.RowFate
	}
	conflicts func() bool // asked before each Finish: let a page move on
}

type storedPage struct {
	page    page.Page
	version page.LSN
}

// A record is what one Finish or one message of a bulk write changed.
type record struct {
	lsn     page.LSN
	changes []blockChange
}

type blockChange struct {
	block  page.BlockNumber
	change page.Change
}

// NewStore returns an empty index. rel is a number that no other Store of the test has.
func NewStore(rel page.RelFileNumber) *Store {
	s := &Store{rel: rel}
	s.mu.reserved = make(map[page.BlockNumber]bool)
	s.mu.changed = make(chan struct{})
	s.mu.rows = make(map[page.TID]wire.RowFate)
	return s
}

// Load puts the pages of an empty index in place.
func (s *Store) Load(pages []page.Page) error {
	if len(pages) == 0 {
		return nil
	}
	return s.Open().BulkWrite(context.Background(), 0, pages)
}

// Clone copies the store as it stands; its log begins there.
func (s *Store) Clone() *Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := NewStore(s.rel)
	for _, p := range s.mu.pages {
		c.mu.pages = append(c.mu.pages, storedPage{page: slices.Clone(p.page), version: p.version})
		c.mu.base = append(c.mu.base, slices.Clone(p.page))
	}
	c.mu.free = slices.Clone(s.mu.free)
	c.mu.last = s.mu.last
	c.mu.rows = maps.Clone(s.mu.rows)
	return c
}

// MoveOn makes a share of all Finish calls meet a page that has moved on.
func (s *Store) MoveOn(rng *rand.Rand, share float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conflicts = func() bool { return rng.Float64() < share }
}

// Length is the number of blocks.
func (s *Store) Length() page.BlockNumber {
	s.mu.Lock()
	defer s.mu.Unlock()
	return page.BlockNumber(len(s.mu.pages))
}

// Verify replays the log from nothing and compares every page; then it checks their layout.
func (s *Store) Verify() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	replayed := make([]page.Page, len(s.mu.pages))
	for i := range replayed {
		replayed[i] = page.New()
		if i < len(s.mu.base) {
			copy(replayed[i], s.mu.base[i])
		}
	}
	for _, r := range s.mu.log {
		for _, c := range r.changes {
			if err := c.change.Apply(replayed[c.block], r.lsn); err != nil {
				return fmt.Errorf("replay of block %d at %v: %w", c.block, r.lsn, err)
			}
		}
	}
	for i, p := range s.mu.pages {
		if !bytes.Equal(p.page[page.ContentStart:], replayed[i][page.ContentStart:]) {
			return fmt.Errorf("block %d differs after replay", i)
		}
		if err := p.page.Validate(); err != nil && !p.page.IsNew() {
			return fmt.Errorf("block %d: %w", i, err)
		}
	}
	return nil
}

// signalLocked wakes those who wait for their turn.
func (s *Store) signalLocked() {
	close(s.mu.changed)
	s.mu.changed = make(chan struct{})
}

// Pages is a Store as one call sees it.
type Pages struct {
	store  *Store
	handed map[page.BlockNumber]bool
	limit  int // requests until the call is killed, 0 = never
	asked  int
	xid    uint64
	files  map[uint32][]byte
	next   uint32
}

var _ wire.Pages = (*Pages)(nil)

// Open begins a call.
func (s *Store) Open() *Pages { return &Pages{store: s, handed: make(map[page.BlockNumber]bool)} }

// Close ends it: blocks that were not used go back.
func (p *Pages) Close() {
	s := p.store
	s.mu.Lock()
	defer s.mu.Unlock()
	for blk, recycled := range p.handed {
		delete(s.mu.reserved, blk)
		if recycled {
			s.mu.free = append(s.mu.free, blk)
		}
	}
	if s.mu.alone == p {
		s.mu.alone = nil
		s.signalLocked()
	}
}

// request counts a request and kills the call when its time has come.
func (p *Pages) request(ctx context.Context) error {
	p.asked++
	if p.limit > 0 && p.asked >= p.limit {
		return errKilled
	}
	return ctx.Err()
}

// ReadPages returns copies of pages.
func (p *Pages) ReadPages(ctx context.Context, refs []wire.PageRef) ([]wire.PageRead, error) {
	if err := p.request(ctx); err != nil {
		return nil, err
	}
	p.store.mu.Lock()
	defer p.store.mu.Unlock()
	out := make([]wire.PageRead, len(refs))
	for i, r := range refs {
		if int(r.Block) >= len(p.store.mu.pages) {
			return nil, wire.Errorf(wire.ErrNotFound, "block %d lies beyond the end, the index has %d blocks", r.Block, len(p.store.mu.pages))
		}
		held := p.store.mu.pages[r.Block]
		out[i].Version = held.version
		if r.Known != 0 && r.Known == held.version {
			out[i].Unchanged = true
		} else {
			out[i].Page = slices.Clone(held.page)
		}
	}
	return out, nil
}

// NBlocks is the length.
func (p *Pages) NBlocks(ctx context.Context) (page.BlockNumber, error) {
	if err := p.request(ctx); err != nil {
		return 0, err
	}
	return p.store.Length(), nil
}

// Extend hands out blocks that were given back, then new ones.
func (p *Pages) Extend(ctx context.Context, count int) ([]wire.NewBlock, error) {
	if err := p.request(ctx); err != nil {
		return nil, err
	}
	s := p.store
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]wire.NewBlock, count)
	for i := range out {
		if n := len(s.mu.free); n > 0 {
			out[i] = wire.NewBlock{Block: s.mu.free[n-1], Recycled: true}
			s.mu.free = s.mu.free[:n-1]
		} else {
			blk := page.BlockNumber(len(s.mu.pages))
			for s.mu.reserved[blk] {
				blk++
			}
			s.mu.reserved[blk] = true
			out[i].Block = blk
		}
		p.handed[out[i].Block] = out[i].Recycled
	}
	return out, nil
}

// Alone keeps other calls from changing pages.
func (p *Pages) Alone(ctx context.Context, on bool) error {
	if err := p.request(ctx); err != nil {
		return err
	}
	s := p.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if !on {
		if s.mu.alone == p {
			s.mu.alone = nil
			s.signalLocked()
		}
		return nil
	}
	if err := p.waitLocked(ctx); err != nil {
		return err
	}
	s.mu.alone = p
	return nil
}

// waitLocked waits while another call is alone.
func (p *Pages) waitLocked(ctx context.Context) error {
	s := p.store
	for s.mu.alone != nil && s.mu.alone != p {
		changed := s.mu.changed
		s.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		s.mu.Lock()
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// FreePages takes blocks back.
func (p *Pages) FreePages(ctx context.Context, blocks []page.BlockNumber) error {
	if err := p.request(ctx); err != nil {
		return err
	}
	s := p.store
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range blocks {
		if int(b) >= len(s.mu.pages) {
			return wire.Errorf(wire.ErrNotFound, "block %d given back lies beyond the end", b)
		}
		if !s.mu.reserved[b] && !slices.Contains(s.mu.free, b) { // a vacuum cannot know what a call has reserved and not written yet
			s.mu.free = append(s.mu.free, b)
		}
	}
	return nil
}

// SetFate says what RowFates answers for a row.
func (s *Store) SetFate(tid page.TID, fate wire.RowFate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.rows[tid] = fate
}

// RowFates tells what SetFate said, dead for other rows. A transaction's own running rows are live to it.
func (p *Pages) RowFates(ctx context.Context, tids []page.TID, _ []int) ([]wire.RowFate, error) {
	if err := p.request(ctx); err != nil {
		return nil, err
	}
	p.store.mu.Lock()
	defer p.store.mu.Unlock()
	return p.fatesLocked(tids), nil
}

func (p *Pages) fatesLocked(tids []page.TID) []wire.RowFate {
	out := make([]wire.RowFate, len(tids))
	for i, t := range tids {
		if out[i] = p.store.mu.rows[t]; out[i].State == wire.RowRunning && out[i].XID == p.xid {
			out[i] = wire.RowFate{State: wire.RowLive}
		}
	}
	return out
}
