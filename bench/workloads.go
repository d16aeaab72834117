package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

type workload struct {
	name string
	run  func(ctx context.Context, s server, o options) ([]figure, error)
}

const createTable = "create table t (id int8, a int4, b int4, c int4, d int4, e int4, f int4)"
const createIndex = "create index t_bloom on t using bloom (a, b, c, d, e, f)"

var workloads = []workload{
	{"copy", copyRows},
	{"build", build},
	{"search", search},
	{"insert", inserts},
	{"ordered", ordered},
	{"recovery", recovery},
	{"pgbench", pgbench},
}

// row is a pure function of its number, the same on both sides.
func row(id int64) []any {
	out := []any{id}
	for col := range uint64(6) {
		out = append(out, mix(uint64(id), col))
	}
	return out
}

// mix is the finaliser of splitmix64 (Steele, Lea, Flood 2014).
func mix(id, col uint64) int32 {
	z := id*0x9e3779b97f4a7c15 + col*0xd1342543de82ef95
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return int32((z ^ z>>31) >> 33)
}

// text is the COPY text of rows [from, to).
func text(from, to int64) string {
	var b strings.Builder
	for id := from; id < to; id++ {
		r := row(id)
		fmt.Fprintf(&b, "%d\t%d\t%d\t%d\t%d\t%d\t%d\n", r...)
	}
	return b.String()
}

func execute(ctx context.Context, conn *pgx.Conn, statements ...string) error {
	for _, sql := range statements {
		if _, err := conn.PgConn().Exec(ctx, sql).ReadAll(); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}

// fresh makes an empty table and ends with a checkpoint.
func fresh(ctx context.Context, s server) (*pgx.Conn, error) {
	conn, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	err = execute(ctx, conn, "create extension if not exists bloom", "drop table if exists t", createTable, "checkpoint")
	if err != nil {
		conn.Close(ctx)
		return nil, err
	}
	return conn, nil
}

func load(ctx context.Context, conn *pgx.Conn, data string) (time.Duration, error) {
	begin := time.Now()
	_, err := conn.PgConn().CopyFrom(ctx, strings.NewReader(data), "copy t from stdin")
	return time.Since(begin), err
}

func lsn(ctx context.Context, conn *pgx.Conn) (float64, error) {
	var v string
	results, err := conn.PgConn().Exec(ctx, "select pg_current_wal_insert_lsn()").ReadAll()
	if err != nil {
		return 0, err
	}
	v = string(results[0].Rows[0][0])
	var hi, lo uint64
	_, err = fmt.Sscanf(v, "%X/%X", &hi, &lo)
	return float64(hi<<32 | lo), err
}

func copyRows(ctx context.Context, s server, o options) ([]figure, error) {
	var out []figure
	for _, indexed := range []bool{false, true} {
		conn, err := fresh(ctx, s)
		if err != nil {
			return nil, err
		}
		name := "COPY, no index"
		if indexed {
			name = "COPY, bloom index"
			if err := execute(ctx, conn, createIndex); err != nil {
				return nil, err
			}
		}
		data := text(1, int64(o.rows)+1)
		before, err := lsn(ctx, conn)
		if err != nil {
			return nil, err
		}
		took, err := load(ctx, conn, data)
		if err != nil {
			return nil, err
		}
		after, err := lsn(ctx, conn)
		if err != nil {
			return nil, err
		}
		out = append(out, rate(name, "rows/s", float64(o.rows)/took.Seconds()), cost(name+", WAL", "bytes/row", (after-before)/float64(o.rows)))
		conn.Close(ctx)
	}
	return out, nil
}

func build(ctx context.Context, s server, o options) ([]figure, error) {
	conn, err := fresh(ctx, s)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	if _, err := load(ctx, conn, text(1, int64(o.rows)+1)); err != nil {
		return nil, err
	}
	if err := execute(ctx, conn, "checkpoint"); err != nil {
		return nil, err
	}
	before, err := lsn(ctx, conn)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	if err := execute(ctx, conn, createIndex); err != nil {
		return nil, err
	}
	took := time.Since(begin)
	after, err := lsn(ctx, conn)
	if err != nil {
		return nil, err
	}
	return []figure{rate("build of the bloom index", "rows/s", float64(o.rows)/took.Seconds()), cost("build, WAL", "bytes/row", (after-before)/float64(o.rows))}, nil
}

// indexed makes the loaded table with its index.
func indexed(ctx context.Context, s server, o options) (*pgx.Conn, error) {
	conn, err := fresh(ctx, s)
	if err != nil {
		return nil, err
	}
	if _, err = load(ctx, conn, text(1, int64(o.rows)+1)); err == nil {
		err = execute(ctx, conn, createIndex, "vacuum analyze t", "checkpoint")
	}
	if err != nil {
		conn.Close(ctx)
		return nil, err
	}
	return conn, nil
}

func search(ctx context.Context, s server, o options) ([]figure, error) {
	conn, err := indexed(ctx, s, o)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	if err := execute(ctx, conn, "set enable_seqscan = off"); err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(1, 2))
	var times []float64
	for end := time.Now().Add(o.duration); time.Now().Before(end); {
		id := 1 + rng.Int64N(int64(o.rows))
		r := row(id)
		begin := time.Now()
		rows, err := conn.Query(ctx, "select id from t where a = $1 and b = $2", r[1], r[2])
		if err != nil {
			return nil, err
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			return nil, err
		}
		times = append(times, float64(time.Since(begin).Microseconds())/1000)
		if !slices.Contains(ids, id) {
			return nil, fmt.Errorf("row %d was not found", id)
		}
	}
	slices.Sort(times)
	return []figure{
		cost("search by two columns, median", "ms", times[len(times)/2]),
		cost("search by two columns, p99", "ms", times[len(times)*99/100]),
	}, nil
}

func inserts(ctx context.Context, s server, o options) ([]figure, error) {
	var out []figure
	for _, mode := range []string{"on", "off"} {
		for _, clients := range []int{1, 8} {
			conn, err := indexed(ctx, s, o)
			if err != nil {
				return nil, err
			}
			conn.Close(ctx)
			n, med, err := insertRun(ctx, s, o, clients, mode)
			if err != nil {
				return nil, err
			}
			name := fmt.Sprintf("insert, %d client(s), sync %s", clients, mode)
			out = append(out, rate(name, "rows/s", n), cost(name+", median", "ms", med))
		}
	}
	return out, nil
}

func insertRun(ctx context.Context, s server, o options, clients int, sync_ string) (perSecond, medianMS float64, err error) {
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		times []float64
		first error
	)
	begin := time.Now()
	end := begin.Add(o.duration)
	for c := range clients {
		conn, err := s.connect(ctx)
		if err != nil {
			return 0, 0, err
		}
		defer conn.Close(ctx)
		if err := execute(ctx, conn, "set synchronous_commit = "+sync_); err != nil {
			return 0, 0, err
		}
		wg.Go(func() {
			var mine []float64
			id := int64(o.rows) + int64(c)<<40
			for time.Now().Before(end) {
				id++
				t := time.Now()
				if _, err := conn.Exec(ctx, "insert into t values ($1,$2,$3,$4,$5,$6,$7)", row(id)...); err != nil {
					mu.Lock()
					first = err
					mu.Unlock()
					return
				}
				mine = append(mine, float64(time.Since(t).Microseconds())/1000)
			}
			mu.Lock()
			times = append(times, mine...)
			mu.Unlock()
		})
	}
	wg.Wait()
	if first != nil || len(times) == 0 {
		return 0, 0, fmt.Errorf("insert: %w", first)
	}
	took := time.Since(begin).Seconds()
	slices.Sort(times)
	return float64(len(times)) / took, times[len(times)/2], nil
}

// recovery loads rows into the indexed table without a checkpoint, kills the server and times its way back.
func recovery(ctx context.Context, s server, o options) ([]figure, error) {
	conn, err := fresh(ctx, s)
	if err != nil {
		return nil, err
	}
	if err := execute(ctx, conn, createIndex, "checkpoint"); err != nil {
		return nil, err
	}
	before, err := lsn(ctx, conn)
	if err != nil {
		return nil, err
	}
	data := text(1, int64(o.rows)+1)
	for range 3 {
		if _, err := load(ctx, conn, data); err != nil {
			return nil, err
		}
	}
	after, err := lsn(ctx, conn)
	if err != nil {
		return nil, err
	}
	if err := s.kill(); err != nil {
		return nil, err
	}
	begin := time.Now()
	if err := s.start(ctx); err != nil {
		return nil, err
	}
	took := time.Since(begin)
	if conn, err = s.connect(ctx); err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	var n int
	if err := conn.QueryRow(ctx, "select count(*) from t").Scan(&n); err != nil {
		return nil, err
	}
	if n != 3*o.rows {
		return nil, fmt.Errorf("%d rows after recovery instead of %d", n, 3*o.rows)
	}
	return []figure{
		rate("recovery, rows replayed", "rows/s", float64(n)/took.Seconds()),
		cost("recovery, kill to first answer", "s", took.Seconds()),
		cost("recovery, WAL to replay", "MiB", (after-before)/(1<<20)),
	}, nil
}
