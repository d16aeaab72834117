package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// pgbenchRuns are the scripts and modes that pgbench is run with, as name and arguments.
var pgbenchRuns = []struct {
	name string
	args []string
}{
	{"TPC-B, simple", []string{"-M", "simple"}},
	{"TPC-B, extended", []string{"-M", "extended"}},
	{"TPC-B, prepared", []string{"-M", "prepared"}},
	{"-N, prepared", []string{"-M", "prepared", "-N"}},
	{"-S, simple", []string{"-M", "simple", "-S"}},
	{"-S, prepared", []string{"-M", "prepared", "-S"}},
}

var tps = regexp.MustCompile(`tps = ([0-9.]+)`)
var failed = regexp.MustCompile(`number of failed transactions: (\d+)`)

// pgbench initializes pgbench's tables afresh and runs its scripts with one client and with eight.
func pgbench(ctx context.Context, s server, o options) ([]figure, error) {
	if _, err := exec.LookPath("pgbench"); err != nil {
		return nil, nil // the program comes with PostgreSQL's clients; without it there are no rows
	}
	begin := time.Now()
	if _, err := runPgbench(ctx, s, "-i", "-q", "-s", strconv.Itoa(o.scale)); err != nil {
		return nil, err
	}
	out := []figure{cost(fmt.Sprintf("pgbench -i -s %d", o.scale), "s", time.Since(begin).Seconds())}
	seconds := strconv.Itoa(max(1, int(o.duration.Seconds())))
	for _, run := range pgbenchRuns {
		for _, clients := range []int{1, 8} {
			if err := quiet(ctx, s); err != nil {
				return nil, err
			}
			text, err := runPgbench(ctx, s, append([]string{"-n", "-c", strconv.Itoa(clients), "-j", strconv.Itoa(min(clients, 2)), "-T", seconds}, run.args...)...)
			if err != nil {
				return nil, err
			}
			n := tps.FindStringSubmatch(text)
			if n == nil {
				return nil, fmt.Errorf("pgbench printed no figure: %s", text)
			}
			if f := failed.FindStringSubmatch(text); f == nil || f[1] != "0" {
				return nil, fmt.Errorf("transactions failed: %s", text)
			}
			v, err := strconv.ParseFloat(n[1], 64)
			if err != nil {
				return nil, err
			}
			out = append(out, rate(fmt.Sprintf("pgbench %s, %d client(s)", run.name, clients), "tps", v))
		}
	}
	return out, nil
}

// quiet removes the dead rows of the run before, as pgbench does by itself without -n, and ends with a checkpoint.
func quiet(ctx context.Context, s server) error {
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return execute(ctx, conn, "vacuum pgbench_branches", "vacuum pgbench_tellers", "truncate pgbench_history", "checkpoint")
}

// runPgbench runs the program to its end and returns what it printed.
func runPgbench(ctx context.Context, s server, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "pgbench", append(args, s.conninfo())...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("pgbench %s: %w: %s", strings.Join(args, " "), err, out.String())
	}
	if strings.Contains(out.String(), "ERROR") {
		return "", errors.New(out.String())
	}
	return out.String(), nil
}
