package session_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Random transactions with nested savepoints of few names, failures among them, leave in the table what a stack of maps says.
func TestSavepointsAreAStackOfStates(t *testing.T) {
	r := newRig(t)
	s := r.session()
	run(s, "create access method tree type index handler tree")
	run(s, "create table t (k int, v int); create index t_k on t using tree (k)")
	rapid.Check(t, func(t *rapid.T) {
		run(s, "truncate t")
		state := map[int]int{}
		for range rapid.IntRange(1, 3).Draw(t, "transactions") {
			m := &model{state: maps.Clone(state)}
			run(s, "begin")
			for range rapid.IntRange(1, 30).Draw(t, "steps") {
				m.step(t, func(sql string) string { return run(s, sql) })
			}
			if rapid.Bool().Draw(t, "commit") {
				run(s, "commit")
				if !m.failed {
					state = m.state
				}
			} else {
				run(s, "rollback")
			}
			require.Equal(t, byte('I'), s.TxStatus())
			require.Equal(t, text(state), rows(run(s, "select k, v from t order by k")))
		}
	})
	require.Empty(t, r.engine.Locks.List())
}

// model is the transaction at hand as a stack of states.
type model struct {
	state  map[int]int
	saves  []save
	failed bool
}

type save struct {
	name  string
	state map[int]int
}

func (m *model) find(name string) int {
	for i := len(m.saves) - 1; i >= 0; i-- {
		if m.saves[i].name == name {
			return i
		}
	}
	return -1
}

func (m *model) step(t *rapid.T, run func(string) string) {
	k, v := rapid.IntRange(1, 5).Draw(t, "k"), rapid.IntRange(1, 99).Draw(t, "v")
	name := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "name")
	switch rapid.SampledFrom([]string{"put", "put", "delete", "savepoint", "savepoint", "release", "rollback", "fail", "look"}).Draw(t, "step") {
	case "put":
		sql := fmt.Sprintf("insert into t values (%d, %d)", k, v)
		if _, ok := m.state[k]; ok {
			sql = fmt.Sprintf("update t set v = %d where k = %d", v, k)
		}
		run(sql)
		if !m.failed {
			m.state[k] = v
		}
	case "delete":
		run(fmt.Sprintf("delete from t where k = %d", k))
		if !m.failed {
			delete(m.state, k)
		}
	case "savepoint":
		run("savepoint " + name)
		if !m.failed {
			m.saves = append(m.saves, save{name, maps.Clone(m.state)})
		}
	case "release":
		i := m.find(name)
		run("release " + name)
		if m.failed = m.failed || i < 0; !m.failed {
			m.saves = m.saves[:i]
		}
	case "rollback":
		i := m.find(name)
		run("rollback to " + name)
		if i < 0 {
			m.failed = true
			break
		}
		m.saves, m.failed = m.saves[:i+1], false
		m.state = maps.Clone(m.saves[i].state)
	case "fail":
		run("select 1/0")
		m.failed = true
	case "look":
		if !m.failed {
			require.Equal(t, text(m.state), rows(run("select k, v from t order by k")))
		}
	}
}

func text(state map[int]int) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(state)) {
		fmt.Fprintf(&b, "%d|%d\n", k, state[k])
	}
	return b.String()
}

// rows cuts the answer to a SELECT down to its rows.
func rows(answer string) string {
	_, answer, _ = strings.Cut(answer, "\n")
	return answer[:strings.LastIndex(answer, "SELECT")]
}
