package sequence_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/core/sequence"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/core/xact/xacttest"
)

var ctx = context.Background()

const rel page.RelFileNumber = 20000

type rig struct {
	*xacttest.Rig
	seqs *sequence.Store
}

func newRig(t testing.TB, at sequence.Standing) *rig {
	r := &rig{Rig: xacttest.New(t, xacttest.Options{})}
	r.restart()
	r.CreateRelation(t, rel)
	r.in(t, func(x *xact.Txn) { require.NoError(t, r.seqs.Create(x, rel, at)) })
	return r
}

// restart forgets what is in memory alone.
func (r *rig) restart() {
	r.seqs = sequence.NewStore(sequence.Config{GX: r.GX, Pool: r.Pool})
}

func (r *rig) in(t testing.TB, f func(x *xact.Txn)) {
	x := r.Xact.Begin(xact.ReadCommitted)
	f(x)
	_, err := x.Commit(ctx, xact.CommitOptions{})
	require.NoError(t, err)
}

func (r *rig) take(t testing.TB, rule sequence.Rule, n int64) (first, last int64, err error) {
	r.in(t, func(x *xact.Txn) { first, last, err = r.seqs.Take(x, rel, "s", rule, n) })
	return first, last, err
}

func TestOneRecordCoversThirtyTwoMore(t *testing.T) {
	r := newRig(t, sequence.Standing{Last: 1})
	rule := sequence.Rule{Increment: 1, Min: 1, Max: 1000}
	for want := int64(1); want <= 40; want++ {
		before := r.Log.InsertLSN()
		got, _, err := r.take(t, rule, 1)
		require.NoError(t, err)
		require.Equal(t, want, got)
		if want != 1 && want != 34 {
			require.Equal(t, before, r.Log.InsertLSN(), "value %d was covered already", want)
		}
	}
	at, err := r.seqs.Read(rel)
	require.NoError(t, err)
	require.Equal(t, sequence.Standing{Last: 40, Called: true, Ahead: 26}, at)
	r.restart()
	got, _, err := r.take(t, rule, 1)
	require.NoError(t, err)
	require.Equal(t, int64(67), got, "what the log covers is not given again")
}

func TestACommitWaitsForTheRecordThatCoversItsValue(t *testing.T) {
	r := newRig(t, sequence.Standing{Last: 1})
	rule := sequence.Rule{Increment: 1, Min: 1, Max: 1000}
	a, b := r.Xact.Begin(xact.ReadCommitted), r.Xact.Begin(xact.ReadCommitted)
	_, _, err := r.seqs.Take(a, rel, "s", rule, 1)
	require.NoError(t, err)
	end := r.Log.InsertLSN()
	require.Less(t, r.Log.FlushedLSN(), end, "taking a value does not wait for the disk")
	_, _, err = r.seqs.Take(b, rel, "s", rule, 1)
	require.NoError(t, err)
	_, err = b.Commit(ctx, xact.CommitOptions{})
	require.NoError(t, err)
	require.GreaterOrEqual(t, r.Log.FlushedLSN(), end)
	require.NoError(t, a.Abort())
	got, _, err := r.take(t, rule, 1)
	require.NoError(t, err)
	require.Equal(t, int64(3), got, "a rollback gives nothing back")
}

func TestEnds(t *testing.T) {
	r := newRig(t, sequence.Standing{Last: 9})
	up := sequence.Rule{Increment: 2, Min: 1, Max: 12}
	for _, want := range []int64{9, 11} {
		got, _, err := r.take(t, up, 1)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, _, err := r.take(t, up, 1)
	require.True(t, pgerr.Is(err, pgerr.SequenceGeneratorLimitExceeded), "%v", err)
	require.EqualError(t, err, `nextval: reached maximum value of sequence "s" (12)`)
	up.Cycle = true
	first, last, err := r.take(t, up, 10)
	require.NoError(t, err)
	require.Equal(t, []int64{1, 11}, []int64{first, last}, "a run ends where the sequence begins anew")

	down := sequence.Rule{Increment: -5, Min: -1 << 63, Max: -1}
	r.in(t, func(x *xact.Txn) {
		require.NoError(t, r.seqs.Set(x, rel, sequence.Standing{Last: -1<<63 + 3, Called: true}))
	})
	_, _, err = r.take(t, down, 1)
	require.EqualError(t, err, `nextval: reached minimum value of sequence "s" (-9223372036854775808)`)
}

// However takes, settings and restarts follow each other, values follow the rule, and none comes twice between settings.
func TestValuesAreTakenOnce(t *testing.T) {
	r := newRig(t, sequence.Standing{Last: 1})
	rapid.Check(t, func(rt *rapid.T) {
		rule := sequence.Rule{Increment: rapid.SampledFrom([]int64{1, 3, -2}).Draw(rt, "increment"), Min: -1 << 40, Max: 1 << 40}
		r.in(t, func(x *xact.Txn) { require.NoError(t, r.seqs.Set(x, rel, sequence.Standing{Last: 0})) })
		next, exact := int64(0), true
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			if rapid.IntRange(0, 9).Draw(rt, "what") == 0 {
				r.restart()
				exact = false
				continue
			}
			n := rapid.Int64Range(1, 50).Draw(rt, "n")
			first, last, err := r.take(t, rule, n)
			require.NoError(rt, err)
			if exact {
				require.Equal(rt, next, first)
			} else {
				gap := (first - next) / rule.Increment
				require.True(rt, gap >= 0 && gap <= 32 && (first-next)%rule.Increment == 0, "%d after %d", first, next)
			}
			require.Equal(rt, first+(n-1)*rule.Increment, last)
			next, exact = last+rule.Increment, true
		}
	})
}

func TestRacingSessionsNeverShareAValue(t *testing.T) {
	r := newRig(t, sequence.Standing{Last: 1})
	rule := sequence.Rule{Increment: 1, Min: 1, Max: 1 << 40}
	var mu sync.Mutex
	seen := map[int64]bool{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 100 {
				x := r.Xact.Begin(xact.ReadCommitted)
				v, _, err := r.seqs.Take(x, rel, "s", rule, 1)
				if err == nil && i%2 == 0 {
					err = x.Abort()
				} else if err == nil {
					_, err = x.Commit(ctx, xact.CommitOptions{Async: true})
				}
				mu.Lock()
				if err != nil || seen[v] {
					t.Errorf("value %d: seen %v, %v", v, seen[v], err)
				}
				seen[v] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	require.Len(t, seen, 800)
}
