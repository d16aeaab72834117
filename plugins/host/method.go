package host

import (
	"context"
	"maps"
	"time"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// Timeouts bound the waits for a plugin.
type Timeouts struct {
	Start    time.Duration // from exec to the description
	Call     time.Duration // the whole of a call that is short by nature: ValidateOptions, BuildEmpty, Insert
	Progress time.Duration // between two messages of any call
	Probe    time.Duration // one health probe
	Grace    time.Duration // for a call that was given up to end, then the process is killed
	Ready    time.Duration // a call or a Lookup waits so long for a plugin that is about to be ready
}

// DefaultTimeouts suit real plugins.
func DefaultTimeouts() Timeouts {
	return Timeouts{
		Start: 10 * time.Second, Call: time.Minute, Progress: 30 * time.Second,
		Probe: time.Second, Grace: 10 * time.Second, Ready: 3 * time.Second,
	}
}

// method is the am.Method of a plugin. It outlives the plugin's processes: each call takes the session of the moment.
type method struct {
	keeper *keeper
	about  am.Description
}

var _ am.Method = (*method)(nil)

// Describe returns what the plugin said when it started.
func (m *method) Describe() am.Description { return m.about }

// open starts a call: it waits for the plugin to be ready, takes a lane and sends the call.
func (m *method) open(ctx context.Context, what pb.Method, idx am.Index, xid uint64, msg *pb.Call) (*call, error) {
	p := m.keeper
	s, l, err := p.lane(ctx)
	if err != nil {
		return nil, pluginError(p.name, methodNames[what], idx.Name, err)
	}
	c := &call{
		ctx: ctx, session: s, lane: l, id: s.nextCall(), method: what, plugin: p.name, idx: idx,
		progress: p.cfg.Timeouts.Progress, hung: func(reason string) { p.hung(s.gen, reason) },
	}
	if permissions[what] != 0 {
		c.pages = p.cfg.Pages.Open(p.name, idx, xid)
	}
	if permissions[what]&mayWrite != 0 {
		c.gates, c.gate = p.gates, p.gates.take(idx.Rel.Rel)
	}
	if err := c.begin(msg); err != nil {
		return nil, err
	}
	return c, nil
}

// short bounds a call that should not take long.
func (m *method) short(ctx context.Context) (context.Context, context.CancelFunc) {
	d := m.keeper.cfg.Timeouts.Call
	return context.WithTimeoutCause(ctx, d, pgerr.New(pgerr.QueryCanceled, "plugin did not finish the call within %v", d))
}

// ValidateOptions checks the options against the description, then asks the plugin. What the description alone rules out is told in
// PostgreSQL's words, with nothing in front: it is the user's mistake and no failure of the plugin.
func (m *method) ValidateOptions(ctx context.Context, columns []am.Column, options map[string]string) (map[string]string, error) {
	if err := m.checkColumns(columns); err != nil {
		return nil, err
	}
	checked, err := checkOptions(m.about, len(columns), options)
	if err != nil {
		return nil, err
	}
	ctx, cancel := m.short(ctx)
	defer cancel()
	c, err := m.open(ctx, pb.Method_VALIDATE_OPTIONS, am.Index{Columns: columns, Options: checked}, 0, &pb.Call{})
	if err != nil {
		return nil, err
	}
	r, err := c.result()
	if err != nil {
		return nil, err
	}
	// What the plugin made of the options is checked as the user's were: it is stored and comes back with every call.
	final := maps.Clone(r.GetOptions())
	if final == nil {
		final = map[string]string{}
	}
	if final, err = checkOptions(m.about, len(columns), final); err != nil {
		return nil, c.failure(protocolError("options it returned: %v", err))
	}
	return final, nil
}

// checkColumns compares the columns with what the access method can index.
func (m *method) checkColumns(columns []am.Column) error {
	if len(columns) > m.about.Caps.MaxColumns {
		return pgerr.New(pgerr.TooManyColumns, "access method %q supports indexes of up to %d columns, this one has %d",
			m.about.Name, m.about.Caps.MaxColumns, len(columns))
	}
	for _, col := range columns {
		if m.about.OpClassFor(col.OpClass, col.Type) == nil {
			return pgerr.New(pgerr.UndefinedObject, "column %q of type %d has no operator class for access method %q",
				col.Name, col.Type, m.about.Name).WithHint("You must specify an operator class that the access method has for the type.")
		}
	}
	return nil
}

// Build streams the rows to the plugin as it asks for them, and serves its page writes in between.
func (m *method) Build(ctx context.Context, idx am.Index, rows func(yield func([]am.Row) error) error) (am.BuildStats, error) {
	enc, err := newRowEncoder(idx.Columns)
	if err != nil {
		return am.BuildStats{}, pluginError(m.keeper.name, "Build", idx.Name, err)
	}
	workMem := idx.WorkMem
	if workMem <= 0 {
		workMem = wire.DefaultWorkMem
	}
	c, err := m.open(ctx, pb.Method_BUILD, idx, 0, &pb.Call{WorkMem: uint64(workMem)})
	if err != nil {
		return am.BuildStats{}, err
	}
	c.spills.space = m.keeper.cfg.Temp
	defer c.abandon()
	b := &builder{call: c, enc: enc}
	if err := b.run(rows); err != nil {
		return am.BuildStats{}, err
	}
	n, err := m.keeper.cfg.Pages.Open(m.keeper.name, idx, 0).NBlocks(ctx)
	if err != nil {
		return am.BuildStats{}, c.failure(err)
	}
	return am.BuildStats{Rows: b.rows, Pages: n}, nil
}

// BuildEmpty fetches the pages of an empty index and judges them.
func (m *method) BuildEmpty(ctx context.Context, idx am.Index) ([]page.Page, error) {
	ctx, cancel := m.short(ctx)
	defer cancel()
	c, err := m.open(ctx, pb.Method_BUILD_EMPTY, idx, 0, &pb.Call{})
	if err != nil {
		return nil, err
	}
	r, err := c.result()
	if err != nil {
		return nil, err
	}
	pages, err := wire.PagesFrom(r.GetPages(), wire.MaxEmptyPages)
	if err != nil {
		return nil, c.failure(err)
	}
	for i, p := range pages {
		if err := p.Validate(); err != nil {
			return nil, c.failure(lieError("page %d of the empty index: %w", i, err))
		}
	}
	return pages, nil
}

// Scan starts a scan; the cursor goes on with it.
func (m *method) Scan(ctx context.Context, idx am.Index, keys []am.ScanKey, opts am.ScanOptions) (am.Cursor, error) {
	fail := func(err error) (am.Cursor, error) {
		return nil, pluginError(m.keeper.name, "Scan", idx.Name, err)
	}
	answer, span := m.known(&idx, keys, &opts)
	if answer != nil {
		return answer, nil
	}
	returns, err := newReturned(m.about, idx, opts)
	if err != nil {
		return fail(err)
	}
	encoded, err := encodeKeys(idx.Columns, keys)
	if err != nil {
		return fail(err)
	}
	if m.keeper.lookups.Load() > 1 && isLookup(idx, keys, opts, span) {
		w := &lookup{ctx: ctx, keys: encoded, returns: returns, columns: opts.Return, span: span, turn: make(chan bool, 1)}
		hits, again, err := m.keeper.desks.serve(m, idx, w)
		if err != nil {
			return nil, err
		}
		if !again {
			return &found{hits: hits}, nil
		}
		if span { // it may have come all the same
			if answer, _ := m.known(&idx, keys, &opts); answer != nil {
				return answer, nil
			}
		}
	}
	msg := &pb.Call{}
	wire.ScanToProto(msg, wire.Scan{
		Keys: encoded, Backward: opts.Direction == am.Backward, Return: opts.Return, Limit: opts.Limit,
	})
	c, err := m.open(ctx, pb.Method_SCAN, idx, 0, msg)
	if err != nil {
		return nil, err
	}
	c.timer.Stop() // it runs while the cursor waits, not while its reader works
	return &cursor{call: c, pages: m.keeper.cfg.Pages, returns: returns}, nil
}

// BulkDelete sends the dead set behind the call.
func (m *method) BulkDelete(ctx context.Context, idx am.Index, dead am.DeadSet) (am.BulkDeleteStats, error) {
	data, err := dead.AppendBinary(nil)
	if err == nil && len(data) > wire.MaxDeadSet {
		err = pgerr.New(pgerr.ProgramLimitExceeded, "dead set of %d bytes, the limit is %d; vacuum in smaller steps", len(data), wire.MaxDeadSet)
	}
	if err != nil {
		return am.BulkDeleteStats{}, pluginError(m.keeper.name, "BulkDelete", idx.Name, err)
	}
	c, err := m.open(ctx, pb.Method_BULK_DELETE, idx, 0, &pb.Call{})
	if err != nil {
		return am.BulkDeleteStats{}, err
	}
	defer c.abandon()
	for last := false; !last; {
		n := min(len(data), wire.MaxMessage-64)
		last = n == len(data)
		part := &pb.DeadSetPart{Data: data[:n], Last: last}
		if err := c.send(&pb.HostMessage{Kind: &pb.HostMessage_Dead{Dead: part}}); err != nil {
			return am.BulkDeleteStats{}, c.end(err)
		}
		data = data[n:]
	}
	r, err := c.result()
	if err != nil {
		return am.BulkDeleteStats{}, err
	}
	return am.BulkDeleteStats{Removed: count(r.GetTuplesRemoved()), Remaining: count(r.GetIndexTuples())}, nil
}

// Cleanup ends a vacuum.
func (m *method) Cleanup(ctx context.Context, idx am.Index) (am.CleanupStats, error) {
	c, err := m.open(ctx, pb.Method_CLEANUP, idx, 0, &pb.Call{})
	if err != nil {
		return am.CleanupStats{}, err
	}
	defer c.abandon()
	r, err := c.result()
	if err != nil {
		return am.CleanupStats{}, err
	}
	return am.CleanupStats{
		Pages: blocks(r.GetPagesTotal()), Free: blocks(r.GetPagesFree()), Rows: count(r.GetIndexTuples()),
	}, nil
}

// Check passes the plugin's findings on.
func (m *method) Check(ctx context.Context, idx am.Index, report func(problem string)) error {
	c, err := m.open(ctx, pb.Method_CHECK, idx, 0, &pb.Call{})
	if err != nil {
		return err
	}
	defer c.abandon()
	for {
		msg, err := c.next()
		switch {
		case err != nil:
			return err
		case msg.GetResult() != nil:
			return nil
		case msg.GetProblem() == nil:
			return c.unexpected(msg)
		}
		report(wire.CleanText(msg.GetProblem().GetText()))
	}
}

// count and blocks make sane numbers of what a plugin counted.
func count(f float64) int64 {
	if !(f >= 0) {
		return 0
	}
	return int64(min(f, 1<<53))
}

func blocks(n uint64) page.BlockNumber { return page.BlockNumber(min(n, uint64(page.InvalidBlock)-1)) }
