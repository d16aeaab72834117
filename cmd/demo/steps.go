package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

type demo struct {
	options
	bin, dir         string
	started          time.Time
	primary, replica *node
	nextID           atomic.Int64
	ledger           *ledger
	steps            int
}

func (d *demo) step(title string) {
	d.steps++
	fmt.Printf("\n%d. %s\n", d.steps, title)
}

func say(format string, args ...any) { fmt.Printf("   "+format+"\n", args...) }

func (d *demo) startNodes(ctx context.Context) error {
	ports := [2]int{}
	for i := range ports {
		var err error
		if ports[i], err = freePort(); err != nil {
			return err
		}
	}
	quire := filepath.Join(d.bin, "quire")
	data := func(name string) string { return filepath.Join(d.dir, name) }
	if out, err := exec.CommandContext(ctx, quire, "init", "-D", data("primary")).CombinedOutput(); err != nil {
		return fmt.Errorf("quire init: %w: %s", err, out)
	}
	d.primary = &node{
		name: "primary", bin: quire, sock: d.dir, port: ports[0], log: data("primary.log"),
		args: []string{"serve", "-D", data("primary"), "--port", fmt.Sprint(ports[0]), "--socket-dir", d.dir, "--plugin-dir", filepath.Join(d.bin, "plugins")},
	}
	d.replica = &node{
		name: "replica", bin: quire, sock: d.dir, port: ports[1], log: data("replica.log"),
		args: []string{"standby", "-D", data("replica"), "--port", fmt.Sprint(ports[1]), "--socket-dir", d.dir,
			"--primary", fmt.Sprintf("host=%s port=%d", d.dir, ports[0])},
	}
	for _, n := range []*node{d.primary, d.replica} {
		begin := time.Now()
		if err := n.start(ctx); err != nil {
			return err
		}
		say("%s answers on port %d after %v: quire %s", n.name, n.port, since(begin), strings.Join(n.args, " "))
	}
	return nil
}

func (d *demo) load(ctx context.Context) error {
	conn, err := d.primary.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "create table t (id int8, a int4, b int4, c int4, d int4, e int4, f int4)"); err != nil {
		return err
	}
	begin := time.Now()
	next := int64(0)
	n, err := conn.CopyFrom(ctx, pgx.Identifier{"t"}, []string{"id", "a", "b", "c", "d", "e", "f"},
		pgx.CopyFromFunc(func() ([]any, error) {
			if next == int64(d.rows) {
				return nil, nil
			}
			next++
			return row(next), nil
		}))
	if err != nil {
		return err
	}
	d.nextID.Store(n)
	took := time.Since(begin)
	say("%d rows in %v, %.0f rows/s", n, since(begin), float64(n)/took.Seconds())
	_, err = conn.Exec(ctx, "vacuum analyze t")
	return err
}

func (d *demo) createIndex(ctx context.Context) error {
	conn, err := d.primary.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	begin := time.Now()
	for _, sql := range []string{
		"create extension bloom",
		"create index t_bloom on t using bloom (a, b, c, d, e, f) with (length = 80, col1 = 2, col2 = 2, col3 = 4)",
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	var size int64
	if err := conn.QueryRow(ctx, "select pg_relation_size('t_bloom')").Scan(&size); err != nil {
		return err
	}
	pid, err := d.primary.pluginPID("bloom")
	if err != nil {
		return err
	}
	say("built in %v, %d bytes, by process %d (the host is %d)", since(begin), size, pid, d.primary.cmd.Process.Pid)
	return nil
}

// sample is a question that few rows answer.
func (d *demo) sample(i int) string {
	r := row(int64(1 + i*7919%d.rows))
	return fmt.Sprintf("select id, a, b, c, d, e, f from t where a = %v and b = %v", r[1], r[2])
}

func (d *demo) search(ctx context.Context) error {
	conn, err := d.primary.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	plan, err := text(ctx, conn, "explain (analyze, timing off, summary off) "+d.sample(1))
	if err != nil {
		return err
	}
	if !strings.Contains(plan, "Bitmap Index Scan on t_bloom") {
		return fmt.Errorf("the plan does not use the index:\n%s", plan)
	}
	for line := range strings.Lines(plan) {
		say("| %s", strings.TrimRight(line, "\n"))
	}
	const questions = 50
	with, err := d.answers(ctx, conn, questions)
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "set enable_bitmapscan = off"); err != nil {
		return err
	}
	without, err := d.answers(ctx, conn, questions)
	if err != nil {
		return err
	}
	if with.text != without.text {
		return fmt.Errorf("answers differ:\nwith the index\n%swithout it\n%s", with.text, without.text)
	}
	say("%d questions: the same %d rows, %v each with the index, %v without", questions, with.rows, with.each, without.each)
	return nil
}

type answers struct {
	text string
	rows int
	each time.Duration
}

func (d *demo) answers(ctx context.Context, conn *pgx.Conn, n int) (answers, error) {
	var a answers
	begin := time.Now()
	for i := range n {
		out, err := text(ctx, conn, d.sample(i)+" order by id")
		if err != nil {
			return a, err
		}
		a.rows += strings.Count(out, "\n")
		a.text += out
	}
	a.each = (time.Since(begin) / time.Duration(n)).Round(time.Microsecond)
	return a, nil
}

func (d *demo) killPlugin(ctx context.Context) error {
	old, err := d.primary.pluginPID("bloom")
	if err != nil {
		return err
	}
	d.ledger = newLedger()
	stop := make(chan struct{})
	wg, err := insert(ctx, d.primary, 4, &d.nextID, stop, d.ledger)
	if err != nil {
		return err
	}
	end := func() { close(stop); wg.Wait() }
	if err := d.waitAcknowledged(ctx, 500); err != nil {
		end()
		return err
	}
	begin := time.Now()
	if err := syscall.Kill(old, syscall.SIGKILL); err != nil {
		end()
		return err
	}
	before, _, _ := d.ledger.counts()
	if err := d.waitAcknowledged(ctx, before+500); err != nil {
		end()
		return err
	}
	back := since(begin)
	end()
	fresh, err := d.primary.pluginPID("bloom")
	if err != nil {
		return err
	}
	acknowledged, refused, unknown := d.ledger.counts()
	if unknown > 0 {
		return fmt.Errorf("%d inserts lost their connection; a plugin's death must not cost a session", unknown)
	}
	say("killed process %d; 500 further inserts were acknowledged %v later, served by process %d", old, back, fresh)
	say("%d inserts acknowledged, %d refused meanwhile", acknowledged, refused)
	if d.ledger.firstRefusal != nil {
		say("the refusal: %v", d.ledger.firstRefusal)
	}
	conn, err := d.primary.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return d.checkRows(ctx, conn)
}

func (d *demo) waitAcknowledged(ctx context.Context, want int) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		if n, _, _ := d.ledger.counts(); n >= want {
			return nil
		}
		select {
		case <-ctx.Done():
			n, refused, unknown := d.ledger.counts()
			return fmt.Errorf("%d of %d inserts acknowledged within 30 s (%d refused, %d unknown, first: %v)", n, want, refused, unknown, d.ledger.firstRefusal)
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// checkRows holds the ledger against the table, and the index against the table.
func (d *demo) checkRows(ctx context.Context, conn *pgx.Conn) error {
	visible, err := visibleAbove(ctx, conn, int64(d.rows))
	if err != nil {
		return err
	}
	if err := d.ledger.check(visible); err != nil {
		return err
	}
	checked := 0
	for id := range visible {
		if checked == 200 {
			break
		}
		checked++
		r := row(id)
		out, err := text(ctx, conn, fmt.Sprintf("select id from t where a = %v and b = %v and c = %v and id = %d", r[1], r[2], r[3], id))
		if err != nil {
			return err
		}
		if strings.TrimSpace(out) != fmt.Sprint(id) {
			return fmt.Errorf("row %d is in the table and not found through the index", id)
		}
	}
	acknowledged, refused, unknown := d.ledger.counts()
	say("%d rows visible: every one of %d acknowledged, none of %d refused, %d of %d without an answer; %d of them found through the index",
		len(visible), acknowledged, refused, len(visible)-acknowledged, unknown, checked)
	return nil
}

func (d *demo) killPrimary(ctx context.Context) error {
	stop := make(chan struct{})
	wg, err := insert(ctx, d.primary, 8, &d.nextID, stop, d.ledger)
	if err != nil {
		return err
	}
	before, _, _ := d.ledger.counts()
	waitErr := d.waitAcknowledged(ctx, before+3000)
	killErr := d.primary.kill()
	close(stop)
	wg.Wait()
	if waitErr != nil {
		return waitErr
	}
	if killErr != nil {
		return killErr
	}
	acknowledged, _, unknown := d.ledger.counts()
	say("killed process %d after %d more acknowledged inserts; %d had no answer yet", d.primary.cmd.Process.Pid, acknowledged-before, unknown)
	begin := time.Now()
	if err := d.primary.start(ctx); err != nil {
		return err
	}
	say("recovered and answering after %v", since(begin))
	conn, err := d.primary.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return d.checkRows(ctx, conn)
}

func (d *demo) compare(ctx context.Context) error {
	p, err := d.primary.connect(ctx)
	if err != nil {
		return err
	}
	defer p.Close(ctx)
	r, err := d.replica.connect(ctx)
	if err != nil {
		return err
	}
	defer r.Close(ctx)
	begin := time.Now()
	lsn, err := caughtUp(ctx, p, r)
	if err != nil {
		return err
	}
	say("replica has replayed up to %s, %v after it was asked", lsn, since(begin))
	const digests = "select oid, relname, pg_relation_size(oid::regclass) / 8192, quire_relation_digest(oid::regclass) from pg_class where relkind in ('r', 'i') order by oid"
	begin = time.Now()
	onPrimary, err := text(ctx, p, digests)
	if err != nil {
		return err
	}
	onReplica, err := text(ctx, r, digests)
	if err != nil {
		return err
	}
	if onPrimary != onReplica {
		return fmt.Errorf("pages differ:\nprimary\n%sreplica\n%s", onPrimary, onReplica)
	}
	pages, relations := 0, 0
	for line := range strings.Lines(onPrimary) {
		var oid, n int
		var name, sum string
		if _, err := fmt.Sscan(line, &oid, &name, &n, &sum); err != nil {
			return fmt.Errorf("read digest line %q: %w", line, err)
		}
		say("| %-24s %6d pages  %.16s…", name, n, sum)
		pages += n
		relations++
	}
	say("%d relations, %d pages: equal byte for byte on both nodes (%v)", relations, pages, since(begin))
	return nil
}

// caughtUp waits until r has replayed what p has logged so far.
func caughtUp(ctx context.Context, p, r *pgx.Conn) (string, error) {
	lsn, err := text(ctx, p, "select pg_current_wal_flush_lsn()")
	if err != nil {
		return "", err
	}
	lsn = strings.TrimSpace(lsn)
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	for {
		out, err := text(ctx, r, fmt.Sprintf("select pg_last_wal_replay_lsn() >= '%s'::pg_lsn", lsn))
		if err != nil {
			return "", err
		}
		if strings.HasPrefix(out, "t") {
			return lsn, nil
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("the replica did not reach %s within 60 s", lsn)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (d *demo) searchReplica(ctx context.Context) error {
	conn, err := d.replica.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	plan, err := text(ctx, conn, "explain (costs off) "+d.sample(1))
	if err != nil {
		return err
	}
	for line := range strings.Lines(plan) {
		say("| %s", strings.TrimRight(line, "\n"))
	}
	a, err := d.answers(ctx, conn, 10)
	if err != nil {
		return err
	}
	if a.rows < 10 {
		return fmt.Errorf("10 questions found %d rows; each must find at least one", a.rows)
	}
	if err := d.checkVisibleOnReplica(ctx, conn); err != nil {
		return err
	}
	say("10 questions: %d rows, %v each; every acknowledged row is here too", a.rows, a.each)
	_, err = conn.Exec(ctx, "insert into t (id) values (0)")
	if err == nil {
		return fmt.Errorf("the replica took a write")
	}
	say("a write is refused: %v", err)
	return nil
}

func (d *demo) checkVisibleOnReplica(ctx context.Context, conn *pgx.Conn) error {
	visible, err := visibleAbove(ctx, conn, int64(d.rows))
	if err != nil {
		return err
	}
	return d.ledger.check(visible)
}

// text runs a query by the simple protocol and gives its rows as lines, columns apart by a blank.
func text(ctx context.Context, conn *pgx.Conn, sql string) (string, error) {
	results, err := conn.PgConn().Exec(ctx, sql).ReadAll()
	if err != nil {
		return "", fmt.Errorf("%s: %w", sql, err)
	}
	var b strings.Builder
	for _, res := range results {
		for _, r := range res.Rows {
			for i, v := range r {
				if i > 0 {
					b.WriteByte(' ')
				}
				b.Write(v)
			}
			b.WriteByte('\n')
		}
	}
	return b.String(), nil
}

func since(t time.Time) time.Duration { return time.Since(t).Round(time.Millisecond) }

func (d *demo) finish() {
	fmt.Printf("\nall of it held, in %v\n", since(d.started))
}

func (d *demo) leave() {
	fmt.Println("\nboth nodes are up:")
	for _, n := range []*node{d.primary, d.replica} {
		say("%s: psql -h %s -p %d postgres   (process %d, log %s)", n.name, n.sock, n.port, n.cmd.Process.Pid, n.log)
	}
	say("stop them with: kill %d %d; then rm -r %s", d.replica.cmd.Process.Pid, d.primary.cmd.Process.Pid, d.dir)
}

func (d *demo) stop() {
	for _, n := range []*node{d.replica, d.primary} {
		if n != nil {
			n.stop()
		}
	}
	if d.primary != nil && !d.keep {
		fmt.Printf("   look yourself: make demo KEEP=1, then psql -h DIR -p PORT postgres as it prints\n")
	}
	_ = os.Stdout.Sync()
}
