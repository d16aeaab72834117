package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// ordered measures the B-tree: loading under it, building it, looking rows up by it, walking it, adding to it.
func ordered(ctx context.Context, s server, o options) ([]figure, error) {
	conn, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	if s.name() == "Quire" {
		if err := execute(ctx, conn, "create extension if not exists btree"); err != nil {
			return nil, err
		}
	}
	err = execute(ctx, conn, "drop table if exists o", "create table o (id int4 primary key, v int4 not null, filler text)", "checkpoint")
	if err != nil {
		return nil, err
	}
	var data strings.Builder
	for id := range o.rows {
		fmt.Fprintf(&data, "%d\t%d\t%s\n", id, mix(uint64(id), 1), strings.Repeat("x", 60))
	}
	begin := time.Now()
	if _, err := conn.PgConn().CopyFrom(ctx, strings.NewReader(data.String()), "copy o from stdin"); err != nil {
		return nil, err
	}
	perSecond := func() float64 { return float64(o.rows) / time.Since(begin).Seconds() }
	out := []figure{rate("COPY, primary key", "rows/s", perSecond())}
	begin = time.Now()
	if err := execute(ctx, conn, "create index o_v on o using btree (v)"); err != nil {
		return nil, err
	}
	out = append(out, rate("build of a B-tree", "rows/s", perSecond()))
	if err := execute(ctx, conn, "vacuum analyze o", "checkpoint", "set enable_seqscan = off", "set enable_sort = off"); err != nil {
		return nil, err
	}
	begin = time.Now()
	if err := execute(ctx, conn, "select id from o order by id"); err != nil {
		return nil, err
	}
	out = append(out, rate("walk in order", "rows/s", perSecond()))
	for _, clients := range []int{1, 8} {
		n, err := together(ctx, s, o, clients, func(conn *pgx.Conn, rng *rand.Rand, _ int) error {
			var v int32
			return conn.QueryRow(ctx, "select v from o where id = $1", rng.IntN(o.rows)).Scan(&v)
		})
		if err != nil {
			return nil, err
		}
		out = append(out, rate(fmt.Sprintf("lookup by key, %d client(s)", clients), "1/s", n))
	}
	for _, clients := range []int{1, 8} {
		n, err := together(ctx, s, o, clients, func(conn *pgx.Conn, _ *rand.Rand, n int) error {
			_, err := conn.Exec(ctx, "insert into o values ($1, $2, 'y')", o.rows*(10*clients)+n, n)
			return err
		})
		if err != nil {
			return nil, err
		}
		out = append(out, rate(fmt.Sprintf("insert with two B-trees, %d client(s)", clients), "rows/s", n))
	}
	return out, nil
}

// together has clients do the same thing for the length of a run, and returns how often it was done in a second. n is another number each time.
func together(ctx context.Context, s server, o options, clients int, do func(conn *pgx.Conn, rng *rand.Rand, n int) error) (float64, error) {
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		done  int
		first error
	)
	begin := time.Now()
	for c := range clients {
		conn, err := s.connect(ctx)
		if err != nil {
			return 0, err
		}
		defer conn.Close(ctx)
		if err := execute(ctx, conn, "set synchronous_commit = off"); err != nil {
			return 0, err
		}
		wg.Go(func() {
			rng, n := rand.New(rand.NewPCG(1, uint64(c))), 0
			var err error
			for ; err == nil && time.Since(begin) < o.duration; n++ {
				err = do(conn, rng, n*clients+c)
			}
			mu.Lock()
			defer mu.Unlock()
			done += n
			if first == nil {
				first = err
			}
		})
	}
	wg.Wait()
	return float64(done) / time.Since(begin).Seconds(), first
}
