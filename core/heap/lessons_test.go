package heap_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/heap"
	"github.com/quiredb/quire/core/lock"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/core/xact/xacttest"
	"github.com/quiredb/quire/genericxlog"
)

// A player is one session of a lesson. Its statements are those of a tiny SQL over rows "key=value".
type player struct {
	r       *rig
	name    string
	session *xact.Session
	txn     *xact.Txn
	block   bool // in a transaction block
	owner   atomic.Pointer[lock.Owner]
	done    chan string
	pending bool
}

func (p *player) begin(iso xact.Isolation) {
	p.txn = p.session.Begin(iso)
	p.owner.Store(p.txn.Owner())
}

// statement runs one statement, in a transaction of its own outside of a block.
func (p *player) statement(f func(x *xact.Txn, snap *xact.Snapshot) (string, error)) string {
	if p.txn == nil {
		p.begin(xact.ReadCommitted)
	}
	snap := p.txn.Snapshot()
	out, err := f(p.txn, snap)
	snap.Release()
	p.txn.NextCommand()
	if err != nil {
		_ = p.txn.Abort()
		p.txn, p.block = nil, false
		e := pgerr.From(err)
		return fmt.Sprintf("ERROR %s: %s", e.Code, e.Message)
	}
	if !p.block {
		if _, err := p.txn.Commit(ctx, xact.CommitOptions{}); err != nil {
			out = err.Error()
		}
		p.txn = nil
	}
	return out
}

func (p *player) run(cmd string, args []string) string {
	switch cmd {
	case "begin":
		iso := xact.ReadCommitted
		if len(args) > 0 && args[0] == "rr" {
			iso = xact.RepeatableRead
		}
		p.begin(iso)
		p.block = true
		return ""
	case "commit", "commit-async":
		lsn, err := p.txn.Commit(ctx, xact.CommitOptions{Async: cmd == "commit-async"})
		p.txn, p.block = nil, false
		if err != nil {
			return err.Error()
		}
		if lsn == 0 {
			return "nothing to log"
		}
		return ""
	case "abort":
		_ = p.txn.Abort()
		p.txn, p.block = nil, false
		return ""
	case "savepoint":
		p.txn.BeginSub()
		return ""
	case "rollback-to", "release":
		level, err := strconv.Atoi(args[0])
		if err != nil {
			return err.Error()
		}
		if cmd == "release" {
			p.txn.ReleaseSub(level)
		} else {
			p.txn.RollbackToSub(level)
		}
		return ""
	case "scan":
		return p.statement(func(x *xact.Txn, snap *xact.Snapshot) (string, error) {
			rows, _, err := p.r.find(snap, "")
			slices.Sort(rows)
			return strings.Join(rows, " "), err
		})
	case "insert":
		return p.statement(func(x *xact.Txn, snap *xact.Snapshot) (string, error) {
			var rows [][]byte
			for _, a := range args {
				rows = append(rows, []byte(a))
			}
			_, err := p.r.heap.Insert(ctx, x, p.r.rel, rows)
			return "", err
		})
	case "fetch": // by the place that an index has
		return p.statement(func(x *xact.Txn, snap *xact.Snapshot) (string, error) {
			off, err := strconv.Atoi(args[0])
			if err != nil {
				return "", err
			}
			row, at, ok, err := p.r.heap.Fetch(snap, p.r.rel, page.TID{Offset: page.OffsetNumber(off)}, nil)
			if err != nil || !ok {
				return "nothing", err
			}
			return fmt.Sprintf("%s at %v", row, at), nil
		})
	case "visible": // whether an index-only scan need not look at the first page
		return p.statement(func(x *xact.Txn, snap *xact.Snapshot) (string, error) {
			v := p.r.heap.Visibility(snap, p.r.rel)
			defer v.Close()
			n, err := p.r.heap.CountAllVisible(p.r.rel)
			return fmt.Sprintf("%v, %d pages are", v.AllVisible(0), n), err
		})
	case "fates": // of rows at the places that an index has
		return p.statement(func(x *xact.Txn, snap *xact.Snapshot) (string, error) {
			var tids []page.TID
			for _, a := range args {
				off, err := strconv.Atoi(a)
				if err != nil {
					return "", err
				}
				tids = append(tids, page.TID{Offset: page.OffsetNumber(off)})
			}
			found, err := p.r.heap.Statuses(x.CurrentXID(), p.r.rel, tids)
			var out []string
			for _, s := range found {
				out = append(out, [...]string{"dead", "live", "undecided"}[s.Life])
			}
			return strings.Join(out, " "), err
		})
	case "lock": // lock KEY update|share block|nowait|skip
		return p.statement(func(x *xact.Txn, snap *xact.Snapshot) (string, error) { return p.r.lockRows(x, snap, args) })
	case "update", "hot", "delete":
		return p.statement(func(x *xact.Txn, snap *xact.Snapshot) (string, error) {
			return p.r.change(x, snap, cmd, args[0])
		})
	}
	return "unknown statement " + cmd
}

// find returns the rows with a key, or all, and their places.
func (r *rig) find(snap *xact.Snapshot, key string) (rows []string, tids []page.TID, err error) {
	s, err := r.heap.Scan(snap, r.rel)
	if err != nil {
		return nil, nil, err
	}
	defer s.Close()
	for {
		tid, row, ok, err := s.Next()
		if err != nil || !ok {
			return rows, tids, err
		}
		if key == "" || strings.HasPrefix(string(row), key+"=") {
			rows, tids = append(rows, string(row)), append(tids, tid)
		}
	}
}

// change updates or deletes all rows with a key the way an executor does: a row that moved on is looked at again. "k=v+" appends to the
// value that is there.
func (r *rig) change(x *xact.Txn, snap *xact.Snapshot, cmd, arg string) (string, error) {
	key, value, _ := strings.Cut(arg, "=")
	rows, tids, err := r.find(snap, key)
	if err != nil {
		return "", err
	}
	count := 0
	for i, tid := range tids {
		row := rows[i]
		for again := true; again; {
			again = false
			var result heap.Result
			if cmd == "delete" {
				result, err = r.heap.Delete(ctx, x, snap, r.rel, tid)
			} else {
				image := key + "=" + value
				if strings.HasSuffix(value, "+") {
					image = row + strings.TrimSuffix(value, "+")
				}
				result, err = r.heap.Update(ctx, x, snap, r.rel, tid, []byte(image), cmd == "hot")
			}
			if err != nil {
				return "", err
			}
			switch result.Outcome {
			case heap.OK:
				count++
			case heap.Changed:
				bytes, found, err := r.heap.FetchVersion(r.rel, result.TID, nil)
				if err != nil {
					return "", err
				}
				if row = string(bytes); found && strings.HasPrefix(row, key+"=") {
					tid, again = result.TID, true
				}
			}
		}
	}
	return fmt.Sprint(count, " rows"), nil
}

// lockRows locks the rows with a key, following those that moved on.
func (r *rig) lockRows(x *xact.Txn, snap *xact.Snapshot, args []string) (string, error) {
	strength := map[string]heap.RowLock{"update": heap.ForUpdate, "share": heap.ForShare}[args[1]]
	policy := map[string]heap.WaitPolicy{"block": heap.Block, "nowait": heap.NoWait, "skip": heap.SkipLocked}[args[2]]
	rows, tids, err := r.find(snap, args[0])
	if err != nil {
		return "", err
	}
	var got []string
	for i, tid := range tids {
		row := rows[i]
		for again := true; again; {
			again = false
			result, err := r.heap.LockRow(ctx, x, snap, r.rel, tid, strength, policy)
			if err != nil {
				return "", err
			}
			switch result.Outcome {
			case heap.OK:
				got = append(got, row)
			case heap.Changed:
				bytes, found, err := r.heap.FetchVersion(r.rel, result.TID, nil)
				if err != nil {
					return "", err
				}
				row, tid, again = string(bytes), result.TID, found
			default:
				got = append(got, result.Outcome.String())
			}
		}
	}
	return "locked " + strings.Join(got, ", "), nil
}

func (p *player) start(out *strings.Builder, fields []string) {
	p.pending = true
	p.done = make(chan string, 1)
	go func() { p.done <- p.run(fields[1], fields[2:]) }()
	for len(p.done) == 0 {
		if owner := p.owner.Load(); owner != nil {
			if info, waits := p.r.Locks.Waiting(owner); waits {
				fmt.Fprintf(out, "%s waits for %v\n", p.name, info.Tag)
				return
			}
		}
		runtime.Gosched()
	}
}

func TestLessons(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		var r *rig
		var players map[string]*player
		var order []string
		reset := func() {
			if r != nil {
				r.check(t)
			}
			r = newRig(t, xacttest.Options{})
			players, order = map[string]*player{}, nil
		}
		reset()
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			var out strings.Builder
			switch d.Cmd {
			case "reset":
				reset()
				return ""
			case "dump":
				return r.dump(t)
			case "fill":
				var n, size int
				d.ScanArgs(t, "rows", &n)
				d.ScanArgs(t, "size", &size)
				r.seed(t, n, size)
				return ""
			case "vacuum":
				var indexes func(*heap.DeadSet) error
				var out strings.Builder
				if d.HasArg("indexes") {
					indexes = func(dead *heap.DeadSet) error {
						for tid := range dead.All() {
							fmt.Fprintf(&out, "indexes lose %v\n", tid)
						}
						return nil
					}
				}
				stats, err := r.vacuum(indexes)
				require.NoError(t, err)
				return out.String() + fmt.Sprintf("%d removed, %d recently dead, %d live\n", stats.Removed, stats.RecentlyDead, stats.Live)
			case "poke": // poke item=N byte=N xor=N: changes a byte of an item of the first page behind the heap's back
				var item, at, bits int
				d.ScanArgs(t, "item", &item)
				d.ScanArgs(t, "byte", &at)
				d.ScanArgs(t, "xor", &bits)
				r.poke(t, page.OffsetNumber(item), at, byte(bits))
				return r.problems(t)
			case "damage": // flips the bit of the first page in the map
				r.flipBit(t)
				return r.problems(t)
			case "flush":
				require.NoError(t, r.Log.Flush(ctx, r.Log.InsertLSN()))
				return ""
			}
			for _, line := range strings.Split(strings.TrimSpace(d.Input), "\n") {
				fields := strings.Fields(line)
				p := players[fields[0]]
				if p == nil {
					p = &player{r: r, name: fields[0], session: r.Xact.NewSession(int32(len(players) + 1))}
					players[p.name] = p
					order = append(order, p.name)
				}
				p.start(&out, fields)
				report(&out, players, order)
			}
			return out.String()
		})
		r.check(t)
	})
}

// report prints what came to an end with a step.
func report(out *strings.Builder, players map[string]*player, order []string) {
	for _, name := range order {
		p := players[name]
		for p.pending {
			select {
			case result := <-p.done:
				p.pending = false
				if result != "" {
					fmt.Fprintf(out, "%s: %s\n", name, result)
				}
				continue
			default:
			}
			if _, waits := p.r.Locks.Waiting(p.owner.Load()); waits {
				break
			}
			runtime.Gosched()
		}
	}
}

// dump shows the line pointers of the first page.
func (r *rig) dump(t testing.TB) string {
	b, err := r.Pool.Pin(page.Tag{RelFile: r.rel.File()})
	require.NoError(t, err)
	defer b.Unpin()
	b.RLock()
	defer b.RUnlock()
	var out strings.Builder
	p := b.Page()
	for off := page.OffsetNumber(1); off <= page.OffsetNumber(p.NumItems()); off++ {
		id := p.ItemID(off)
		switch id.Flags() {
		case page.ItemUnused:
			fmt.Fprintf(&out, "%d unused\n", off)
		case page.ItemDead:
			fmt.Fprintf(&out, "%d dead\n", off)
		case page.ItemRedirect:
			fmt.Fprintf(&out, "%d redirects to %d\n", off, id.Offset())
		default:
			item, _ := p.Item(off)
			fmt.Fprintf(&out, "%d %s\n", off, heap.Describe(item))
		}
	}
	return out.String()
}

func (r *rig) vacuum(indexes func(*heap.DeadSet) error) (heap.VacuumStats, error) {
	return r.heap.Vacuum(ctx, r.rel, heap.VacuumOptions{Horizon: r.Xact.Horizon(), Indexes: indexes})
}

// flipBit changes the bit of the first page in the visibility map behind the heap's back.
func (r *rig) flipBit(t testing.TB) {
	r.edit(t, page.VisibilityFork, func(e *page.Editor) error {
		const first = page.HeaderSize + 8
		return e.Write(first, []byte{e.Page()[first] ^ 1})
	})
}

// poke changes bits in a byte of an item of the first page.
func (r *rig) poke(t testing.TB, off page.OffsetNumber, at int, bits byte) {
	r.edit(t, page.MainFork, func(e *page.Editor) error {
		at += e.Page().ItemID(off).Offset()
		return e.Write(at, []byte{e.Page()[at] ^ bits})
	})
}

// edit changes the first page of a fork.
func (r *rig) edit(t testing.TB, fork page.ForkNumber, f func(e *page.Editor) error) {
	b, err := r.Pool.Pin(page.Tag{RelFile: page.RelFile{Rel: r.rel.Rel, Fork: fork}})
	require.NoError(t, err)
	defer b.Unpin()
	b.Lock()
	defer b.Unlock()
	s := r.GX.Start(genericxlog.Relation{Rel: r.rel.Rel, Fork: fork})
	defer s.Abort()
	e, err := s.RegisterBuffer(b, 0)
	require.NoError(t, err)
	require.NoError(t, f(e))
	_, err = s.Finish()
	require.NoError(t, err)
}

// problems runs the heap's own check and returns what it found, one a line.
func (r *rig) problems(t testing.TB) string {
	t.Helper()
	var out strings.Builder
	require.NoError(t, r.heap.Check(context.Background(), r.rel, nil, func(p string) { fmt.Fprintln(&out, p) }))
	return out.String()
}

// check fails if the heap's own check finds something.
func (r *rig) check(t testing.TB) {
	t.Helper()
	require.Empty(t, r.problems(t))
}
