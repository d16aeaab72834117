package buffer

import (
	"context"
	"time"
)

// WriterOptions tune a BackgroundWriter. The zero value means the defaults, which are PostgreSQL's.
type WriterOptions struct {
	Delay    time.Duration // between steps; default 200 ms
	MaxPages int           // written in one step for each arena; default 100
}

// A BackgroundWriter writes dirty pages that the clock hand will meet soon, so that sessions find clean frames and need not
// wait for an fsync of the double-write area.
//
// It expects as many allocations in the next step as lately, twice over: the estimate follows a rise at once and a fall
// slowly, after PostgreSQL's BgBufferSync.
type BackgroundWriter struct {
	pool *Pool
	opts WriterOptions
	seen map[*arena]*demand
}

type demand struct {
	allocations int64   // counter at the last step
	smoothed    float64 // allocations in one step
}

// Effects is what a step did and when the next one is due.
type Effects struct {
	Written int
	Next    time.Time
	Err     error // of a write; the pages stay dirty
}

// NewBackgroundWriter returns a writer for all arenas of the pool.
func NewBackgroundWriter(p *Pool, opts WriterOptions) *BackgroundWriter {
	if opts.Delay <= 0 {
		opts.Delay = 200 * time.Millisecond
	}
	if opts.MaxPages <= 0 {
		opts.MaxPages = 100
	}
	return &BackgroundWriter{pool: p, opts: opts, seen: make(map[*arena]*demand)}
}

// Step writes what is due. It is called by one goroutine.
func (w *BackgroundWriter) Step(now time.Time) Effects {
	e := Effects{Next: now.Add(w.opts.Delay)}
	for _, a := range w.pool.allArenas() {
		n, err := w.stepArena(a)
		e.Written += n
		if err != nil {
			e.Err = err
			break
		}
	}
	return e
}

// upcoming returns how many frames the arena will probably be asked for.
func (w *BackgroundWriter) upcoming(a *arena) int {
	d := w.seen[a]
	if d == nil {
		d = &demand{}
		w.seen[a] = d
	}
	total := a.allocations.Load()
	recent := float64(total - d.allocations)
	d.allocations = total
	if recent > d.smoothed {
		d.smoothed = recent
	} else {
		d.smoothed += (recent - d.smoothed) / 16
	}
	return int(2 * d.smoothed)
}

func (w *BackgroundWriter) stepArena(a *arena) (written int, err error) {
	want := w.upcoming(a)
	a.mu.Lock()
	reusable := len(a.free)
	a.mu.Unlock()
	out := w.pool.newOutgoing()
	defer w.pool.freeOutgoing(out)
	for i := 0; i < len(a.frames) && reusable < want && written+len(out.frames) < w.opts.MaxPages; i++ {
		b := a.ahead(i)
		if !b.evictable() {
			continue
		}
		reusable++
		if b.dirty.Load() {
			w.pool.tryCopy(out, b)
		}
		if out.full() {
			n := len(out.frames)
			if err := w.pool.send(out); err != nil {
				return written, err
			}
			written += n
		}
	}
	n := len(out.frames)
	if err := w.pool.send(out); err != nil {
		return written, err
	}
	return written + n, nil
}

// Run steps until ctx ends. onError may be nil.
func (w *BackgroundWriter) Run(ctx context.Context, onError func(error)) {
	for {
		e := w.Step(time.Now())
		if e.Err != nil && onError != nil {
			onError(e.Err)
		}
		select {
		case <-ctx.Done():
			return
		case <-w.pool.cfg.After(w.opts.Delay):
		}
	}
}
