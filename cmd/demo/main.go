// Command demo runs Quire's main job end to end with real processes and prints what it saw.
//
// A primary with a directory of plugins and a replica without any; 200 000 rows through COPY; a bloom index served by
// a process of its own; that process killed; the primary killed in the middle of acknowledged inserts; and at the end
// every page of every relation compared on both nodes. Any step that does not hold ends the program with exit code 1.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

type options struct {
	bin  string
	rows int
	keep bool
}

func main() {
	var o options
	flag.StringVar(&o.bin, "bin", "bin", "directory of the quire program and its plugins/ directory")
	flag.IntVar(&o.rows, "rows", 200_000, "rows to load through COPY")
	flag.BoolVar(&o.keep, "keep", false, "leave both nodes running and their directories in place")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	if err := run(ctx, o); err != nil {
		fmt.Fprintf(os.Stderr, "\ndemo: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	bin, err := filepath.Abs(o.bin)
	if err != nil {
		return err
	}
	// A unix socket's path may not exceed 107 bytes, so the directory is named shortly.
	dir, err := os.MkdirTemp("", "quire-demo-")
	if err != nil {
		return err
	}
	d := &demo{options: o, bin: bin, dir: dir, started: time.Now()}
	defer func() {
		if o.keep && err == nil {
			d.leave()
			return
		}
		d.stop()
		if err != nil {
			fmt.Printf("\nthe logs of both nodes are in %s\n", dir)
			return
		}
		_ = os.RemoveAll(dir)
	}()
	for _, step := range []struct {
		title string
		run   func(context.Context) error
	}{
		{"start a primary with plugins and a replica without", d.startNodes},
		{"load rows through COPY", d.load},
		{"create a bloom index in its own process", d.createIndex},
		{"ask with the index and without it", d.search},
		{"kill the plugin in the middle of inserts", d.killPlugin},
		{"kill the primary in the middle of acknowledged inserts", d.killPrimary},
		{"compare every page on both nodes", d.compare},
		{"search on the replica, which has no plugin", d.searchReplica},
	} {
		d.step(step.title)
		if err := step.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.title, err)
		}
	}
	d.finish()
	return nil
}
