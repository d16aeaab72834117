// Command bench measures Quire and, where its programs are found, PostgreSQL 15 with the same work in one run.
//
// Both servers run on this machine over a unix socket, driven by the same client program; workloads alternate between
// them, each figure is the median of several repetitions, and the last column is the ratio (above 1: Quire is faster).
// PostgreSQL runs contrib/bloom in process, Quire its bloom in a plugin process.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/mattn/go-isatty"
)

type options struct {
	bin      string
	pgbin    string
	rows     int
	reps     int
	scale    int
	duration time.Duration
	only     string
}

func main() {
	var o options
	flag.StringVar(&o.bin, "bin", "bin", "directory of the quire program and its plugins/ directory")
	flag.StringVar(&o.pgbin, "pgbin", "", "directory of PostgreSQL's programs; default: asked of pg_config")
	flag.IntVar(&o.rows, "rows", 200_000, "rows in the table")
	flag.IntVar(&o.scale, "scale", 10, "scale of pgbench's tables: 100,000 accounts each")
	flag.IntVar(&o.reps, "reps", 3, "repetitions of each workload")
	flag.DurationVar(&o.duration, "duration", 3*time.Second, "length of a timed run")
	flag.StringVar(&o.only, "only", "", "run only the workloads whose name contains this")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "quire-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	quire, err := newQuire(o, dir)
	if err != nil {
		return err
	}
	servers := []server{quire}
	pg, err := newPostgres(o, dir)
	if err != nil {
		fmt.Printf("PostgreSQL 15 is left out: %v\n", err)
	} else {
		servers = append(servers, pg)
	}
	for _, s := range servers {
		if err := s.start(ctx); err != nil {
			return fmt.Errorf("start %s: %w", s.name(), err)
		}
		defer s.stop()
	}
	t := &table{servers: servers}
	fmt.Printf("%d rows, %d repetitions, runs of %v, %d CPUs, load %s\n\n", o.rows, o.reps, o.duration, runtime.NumCPU(), loadAverage())
	t.header()
	for _, w := range workloads {
		if !strings.Contains(w.name, o.only) {
			continue
		}
		for _, s := range servers {
			for rep := range o.reps {
				progress("%s on %s, %d of %d", w.name, s.name(), rep+1, o.reps)
				figures, err := w.run(ctx, s, o)
				if err != nil {
					return fmt.Errorf("%s on %s: %w", w.name, s.name(), err)
				}
				t.add(s, figures)
			}
		}
		progress("")
		t.flush()
	}
	return nil
}

// progress shows one line on a terminal, and nothing elsewhere.
func progress(format string, args ...any) {
	if isatty.IsTerminal(os.Stderr.Fd()) {
		fmt.Fprintf(os.Stderr, "\r%-70s\r%s", "", fmt.Sprintf(format, args...))
	}
}

func loadAverage() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(b))[:3], " ")
}
