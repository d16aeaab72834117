package crashtest

import (
	"fmt"
	"maps"
	"math/rand"
	"slices"
	"strings"
)

// sessions take part in a history.
const sessions = 3

// A step is one statement of a history.
type step struct {
	session int
	sql     string
	effect  effect // nil: none
	kind    kind
	level   int      // of rollbackTo and release
	async   bool     // its commit is not durable when it returns
	want    []string // of a query: the answer, sorted
}

type kind uint8

// The kinds of steps that the runner treats differently.
const (
	plain kind = iota
	begin
	commit
	rollback
	savepoint
	rollbackTo // a savepoint; step.level says how many stay, itself included
	release
	ask   // a query
	index // CREATE INDEX or DROP INDEX, which a run without indexes leaves out
	flush // a turn of the WAL writer, no statement
)

// A writer makes up a history. It keeps the model next to it, so it knows which statements are possible and what they do.
type writer struct {
	rng       *rand.Rand
	steps     []step
	committed state
	open      [sessions][]effect        // of the running transaction; nil outside
	saved     [sessions][]int           // how many effects there were when each savepoint was set
	touched   [sessions]map[string]bool // tables it holds locks on, or held before it went back to a savepoint
	async     [sessions]bool
	unflushed bool // an asynchronous commit may not be durable yet: other sessions do not see it before it is
	nextID    int
	nextTable int
	nextIndex int
}

// makeHistory makes a history of about n statements after a beginning that is always the same.
func makeHistory(seed int64, n int) []step {
	w := &writer{rng: rand.New(rand.NewSource(seed)), committed: state{}}
	w.beginning()
	for len(w.steps) < n {
		w.next()
	}
	for s := range sessions {
		if w.open[s] != nil {
			w.end(s, s != 1)
		}
		w.askAll(s)
	}
	return w.steps
}

// beginning uses each kind of statement once.
func (w *writer) beginning() {
	w.add(step{sql: "CREATE EXTENSION bloom"})
	w.add(step{sql: "SET enable_seqscan = off"}) // session 0 changes rows through the index wherever there is one
	w.add(step{session: 2, sql: "SET synchronous_commit = off"})
	w.async[2] = true
	w.createTable(0, false)
	w.createIndex(0, "t1")
	w.createTable(1, true)
	w.insert(0, "t1", 9, 400)
	w.createIndex(0, "t2")
	w.insert(1, "t2", 5, 700)
	w.insert(1, "t1", 6, 900)
	w.start(0)
	w.insert(0, "t1", 3, 100)
	w.start(1)
	w.change(1, "t1")
	w.savepoint(0)
	w.remove(0, "t1")
	w.insert(0, "t1", 2, 200)
	w.rollbackTo(0, 1)
	w.savepoint(0)
	w.grow(0, "t1")
	w.release(0, 2)
	w.end(1, false)
	w.add(step{session: 2, sql: "CHECKPOINT"})
	w.insert(2, "t1", 4, 30)
	w.end(0, true)
	w.remove(1, "t1")
	w.add(step{session: 1, sql: "VACUUM t1"})
	w.insert(1, "t1", 3, 300)
	w.grow(0, "t1")
	w.grow(0, "t1")
	w.add(step{session: 1, sql: "VACUUM t1"})
	w.askAll(2)
}

// next adds a statement or two of any kind that is possible now.
func (w *writer) next() {
	s := w.rng.Intn(sessions)
	name := w.pickTable(s)
	switch n := w.rng.Intn(100); {
	case name == "" || n < 3 && len(w.committed) < 4:
		w.createTable(s, w.rng.Intn(3) == 0)
	case n < 30:
		w.insert(s, name, 1+w.rng.Intn(30), []int{0, 20, 300, 1500, 3500}[w.rng.Intn(5)])
	case n < 42:
		w.change(s, name)
	case n < 54:
		w.remove(s, name)
	case n < 64:
		if w.open[s] == nil {
			w.start(s)
			break
		}
		switch saved := len(w.saved[s]); {
		case saved < 3 && w.rng.Intn(2) == 0:
			w.savepoint(s)
		case saved > 0 && w.rng.Intn(3) > 0:
			w.rollbackTo(s, 1+w.rng.Intn(saved))
		case saved > 0:
			w.release(s, 1+w.rng.Intn(saved))
		}
	case n < 74:
		if w.open[s] != nil {
			w.end(s, w.rng.Intn(3) > 0)
		}
	case n < 79:
		w.alone(s, []string{"VACUUM ", "VACUUM ", "ANALYZE ", "VACUUM ANALYZE "}[w.rng.Intn(4)]+name)
	case n < 82:
		w.alone(s, "CHECKPOINT")
	case n < 90:
		w.ask(s, name)
	case w.busy(name, s): // the rest needs the table for itself
	case n < 95:
		if w.view(s)[name].index == "" {
			w.createIndex(s, name)
		} else if n == 94 {
			w.dropIndex(s, name)
		}
	case n < 96:
		w.claimTable(s, name)
		w.act(s, name, step{sql: "TRUNCATE " + name}, func(st state) { clear(st[name].rows) })
	case n < 99:
		w.alone(s, "VACUUM FULL "+name)
	default:
		w.claimTable(s, name)
		w.act(s, name, step{sql: "DROP TABLE " + name}, func(st state) { delete(st, name) })
	}
}

// alone adds a statement that runs outside of blocks only.
func (w *writer) alone(s int, sql string) {
	if w.open[s] == nil {
		w.add(step{session: s, sql: sql})
	}
}

func (w *writer) add(st step) { w.steps = append(w.steps, st) }

// act adds a statement with an effect, in the session's transaction or in one of its own.
func (w *writer) act(s int, name string, st step, e effect) {
	st.session, st.effect, st.async = s, e, w.async[s]
	w.add(st)
	if w.open[s] == nil {
		e(w.committed)
		w.unflushed = w.unflushed || w.async[s]
		return
	}
	w.open[s] = append(w.open[s], e)
	w.touched[s][name] = true
}

func (w *writer) start(s int) {
	w.add(step{session: s, sql: "BEGIN", kind: begin})
	w.open[s], w.touched[s] = []effect{}, map[string]bool{}
}

func (w *writer) end(s int, keep bool) {
	if !keep {
		w.add(step{session: s, sql: "ROLLBACK", kind: rollback})
	} else {
		w.add(step{session: s, sql: "COMMIT", kind: commit, async: w.async[s]})
		for _, e := range w.open[s] {
			e(w.committed)
		}
		w.unflushed = w.unflushed || w.async[s]
	}
	w.open[s], w.touched[s], w.saved[s] = nil, nil, nil
}

func (w *writer) savepoint(s int) {
	w.saved[s] = append(w.saved[s], len(w.open[s]))
	w.add(step{session: s, sql: fmt.Sprintf("SAVEPOINT s%d", len(w.saved[s])), kind: savepoint})
}

// rollbackTo goes back to a savepoint, counted from 1, which stays.
func (w *writer) rollbackTo(s, level int) {
	w.open[s] = w.open[s][:w.saved[s][level-1]]
	w.saved[s] = w.saved[s][:level]
	w.add(step{session: s, sql: fmt.Sprintf("ROLLBACK TO s%d", level), kind: rollbackTo, level: level})
}

func (w *writer) release(s, level int) {
	w.saved[s] = w.saved[s][:level-1]
	w.add(step{session: s, sql: fmt.Sprintf("RELEASE s%d", level), kind: release, level: level})
}

// view is what a session sees: what is committed and what it did itself.
func (w *writer) view(s int) state {
	if len(w.open[s]) == 0 {
		return w.committed
	}
	v := w.committed.clone()
	for _, e := range w.open[s] {
		e(v)
	}
	return v
}

// busy reports whether a transaction of another session holds a lock on the table.
func (w *writer) busy(name string, s int) bool {
	for other := range sessions {
		if other != s && w.touched[other][name] {
			return true
		}
	}
	return false
}

// pickTable picks a table that the session sees and no other session's unfinished CREATE, DROP or TRUNCATE stands in front of.
func (w *writer) pickTable(s int) string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(w.view(s))) {
		if !w.exclusive(name, s) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return names[w.rng.Intn(len(names))]
}

// exclusive reports whether another session's transaction holds a lock that readers and writers wait for.
func (w *writer) exclusive(name string, s int) bool {
	for other := range sessions {
		if other != s && w.touched[other]["!"+name] {
			return true
		}
	}
	return false
}

// claimTable notes that the session's transaction keeps everybody else from the table.
func (w *writer) claimTable(s int, name string) {
	if w.open[s] != nil {
		w.touched[s]["!"+name] = true
	}
}

func (w *writer) createTable(s int, unlogged bool) {
	w.nextTable++
	name := fmt.Sprintf("t%d", w.nextTable)
	sql := "CREATE TABLE "
	if unlogged {
		sql = "CREATE UNLOGGED TABLE "
	}
	w.act(s, name, step{sql: sql + name + " (id int, k int, tag text, pad text)"}, func(st state) {
		st[name] = &table{unlogged: unlogged, rows: map[int]row{}}
	})
}

func (w *writer) createIndex(s int, name string) {
	w.nextIndex++
	idx := fmt.Sprintf("%s_i%d", name, w.nextIndex)
	w.claimTable(s, name)
	length := []int{16, 80, 400}[w.rng.Intn(3)]
	sql := fmt.Sprintf("CREATE INDEX %s ON %s USING bloom (k, tag) WITH (length = %d, col1 = 3)", idx, name, length)
	w.act(s, name, step{sql: sql, kind: index}, func(st state) { st[name].index = idx })
}

func (w *writer) dropIndex(s int, name string) {
	w.claimTable(s, name)
	w.act(s, name, step{sql: "DROP INDEX " + w.view(s)[name].index, kind: index}, func(st state) { st[name].index = "" })
}

var tags = []string{"", "red", "green", "blue", "grey"}

func (w *writer) insert(s int, name string, n, pad int) {
	var values []string
	var rows []row
	for range n {
		r := row{id: w.nextID*sessions + s, k: w.rng.Intn(6), tag: tags[w.rng.Intn(len(tags))], pad: pad}
		w.nextID++
		rows = append(rows, r)
		values = append(values, fmt.Sprintf("(%d, %d, %s, repeat('x', %d))", r.id, r.k, quoted(r.tag), r.pad))
	}
	w.act(s, name, step{sql: "INSERT INTO " + name + " VALUES " + strings.Join(values, ", ")}, func(st state) {
		for _, r := range rows {
			st[name].rows[r.id] = r
		}
	})
}

func quoted(tag string) string {
	if tag == "" {
		return "NULL"
	}
	return "'" + tag + "'"
}

// where returns a condition, in SQL and as a function, that rows of other sessions never meet.
func (w *writer) where(s int) (string, func(row) bool) {
	own := fmt.Sprintf(" WHERE id %% %d = %d AND ", sessions, s)
	mine := func(r row) bool { return r.id%sessions == s }
	switch w.rng.Intn(3) {
	case 0:
		k := w.rng.Intn(6)
		return own + fmt.Sprintf("k = %d", k), func(r row) bool { return mine(r) && r.k == k }
	case 1:
		tag := tags[1+w.rng.Intn(len(tags)-1)]
		return own + "tag = " + quoted(tag), func(r row) bool { return mine(r) && r.tag == tag }
	}
	m := 2 + w.rng.Intn(3)
	return own + fmt.Sprintf("id / %d %% %d = 0", sessions, m), func(r row) bool { return mine(r) && r.id/sessions%m == 0 }
}

// grow changes a column that no index has.
func (w *writer) grow(s int, name string) {
	cond, meets := w.where(s)
	w.update(s, name, "pad = pad || 'y'", cond, meets, func(r row) row { r.pad++; return r })
}

func (w *writer) change(s int, name string) {
	set, to := "k = k + 1", func(r row) row { r.k++; return r }
	switch w.rng.Intn(3) {
	case 0:
		tag := tags[w.rng.Intn(len(tags))]
		set, to = "tag = "+quoted(tag), func(r row) row { r.tag = tag; return r }
	case 1:
		pad := w.rng.Intn(1200)
		set, to = fmt.Sprintf("pad = repeat('y', %d)", pad), func(r row) row { r.pad = pad; return r }
	}
	cond, meets := w.where(s)
	w.update(s, name, set, cond, meets, to)
}

func (w *writer) update(s int, name, set, cond string, meets func(row) bool, to func(row) row) {
	w.act(s, name, step{sql: "UPDATE " + name + " SET " + set + cond}, func(st state) {
		for id, r := range st[name].rows {
			if meets(r) {
				st[name].rows[id] = to(r)
			}
		}
	})
}

func (w *writer) remove(s int, name string) {
	cond, meets := w.where(s)
	w.act(s, name, step{sql: "DELETE FROM " + name + cond}, func(st state) {
		maps.DeleteFunc(st[name].rows, func(_ int, r row) bool { return meets(r) })
	})
}

// ask adds a query that an index could answer.
func (w *writer) ask(s int, name string) {
	if w.unflushed && !w.async[s] {
		w.add(step{kind: flush})
		w.unflushed = false
	}
	var cond string
	var meets func(row) bool
	switch w.rng.Intn(3) {
	case 0:
		k := w.rng.Intn(6)
		cond, meets = fmt.Sprintf("k = %d", k), func(r row) bool { return r.k == k }
	case 1:
		tag := tags[1+w.rng.Intn(len(tags)-1)]
		cond, meets = "tag = "+quoted(tag), func(r row) bool { return r.tag == tag }
	default:
		k, tag := w.rng.Intn(6), tags[1+w.rng.Intn(len(tags)-1)]
		cond, meets = fmt.Sprintf("k = %d AND tag = %s", k, quoted(tag)), func(r row) bool { return r.k == k && r.tag == tag }
	}
	st := step{session: s, sql: "SELECT id, k, tag, length(pad) FROM " + name + " WHERE " + cond, kind: ask}
	for _, r := range w.view(s)[name].rows {
		if meets(r) {
			st.want = append(st.want, r.String())
		}
	}
	slices.Sort(st.want)
	w.add(st)
	if w.open[s] != nil {
		w.touched[s][name] = true
	}
}

func (w *writer) askAll(s int) {
	for _, name := range slices.Sorted(maps.Keys(w.view(s))) {
		if !w.exclusive(name, s) {
			w.ask(s, name)
		}
	}
}
