package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
	"github.com/quiredb/quire/plugins/sdk/amtest/sample"
)

// method misbehaves in an author's ways: what a bug in an access method could do through the SDK.
type method struct{ sample.Sample }

// misbehave does what the label asks for if this is the method it names.
func misbehave(ctx context.Context, ix *sdk.Index, in string) error {
	what, where, limited := strings.Cut(ix.Options()["label"], "@")
	if limited && where != in {
		return nil
	}
	switch what {
	case "crash":
		fmt.Fprintln(os.Stderr, "about to exit")
		os.Exit(7)
	case "kill":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "panic":
		panic("as you wish")
	case "stop":
		stopSelf()
	case "hang":
		select {}
	case "wait":
		<-ctx.Done()
		return ctx.Err()
	case "print":
		fmt.Println("a stray print")
		log := sdk.Log()
		log.Warn().Str("colour", "red").Msg("a structured line")
	case "invalid":
		e := sdk.Errorf(sdk.ErrInvalidValue, "this value is not to my liking")
		e.Detail, e.Hint = "It is too square.", "Try a rounder one."
		return e
	case "sqlstate":
		e := sdk.Errorf(sdk.ErrInvalidValue, "I would like to be something else")
		e.SQLState = "57P01"
		return e
	case "conflict":
		return fmt.Errorf("cannot get on: %w", sdk.ErrConflict)
	case "corrupt":
		return fmt.Errorf("%w: page 3 contradicts page 4", sdk.ErrCorruptIndex)
	case "environment":
		env := os.Environ()
		for i := range env {
			env[i], _, _ = strings.Cut(env[i], "=")
		}
		slices.Sort(env)
		return sdk.Errorf(sdk.ErrInvalidValue, "%s", strings.Join(env, " "))
	case "descriptors":
		var open []string
		for _, fd := range []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"} {
			if to, err := os.Readlink("/proc/self/fd/" + fd); err == nil {
				open = append(open, fd+"="+to)
			}
		}
		return sdk.Errorf(sdk.ErrInvalidValue, "%s", strings.Join(open, " "))
	case "fork":
		cmd := exec.Command("/proc/self/exe", "linger")
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			return err
		}
		return sdk.Errorf(sdk.ErrInvalidValue, "grandchild %d", cmd.Process.Pid)
	}
	return nil
}

func ignoreTerm() { signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP) }

func (m method) ValidateOptions(ctx context.Context, _ []sdk.Column, options sdk.Options) (sdk.Options, error) {
	switch options["label"] {
	case "smuggle":
		options["unheard_of"] = "1"
	case "reject":
		return nil, sdk.Errorf(sdk.ErrInvalidOption, "label %q is taken", options["label"])
	case "hang@ValidateOptions":
		select {}
	}
	return options, nil
}

func (m method) Build(ctx context.Context, ix *sdk.Index, rows *sdk.RowReader) (sdk.BuildStats, error) {
	if err := misbehave(ctx, ix, "Build"); err != nil {
		return sdk.BuildStats{}, err
	}
	switch ix.Options()["label"] {
	case "crash-late@Build":
		if _, err := m.Sample.Build(ctx, ix, rows); err != nil {
			return sdk.BuildStats{}, err
		}
		os.Exit(7)
	case "early@Build":
		_, err := rows.Next()
		return sdk.BuildStats{}, err
	}
	return m.Sample.Build(ctx, ix, rows)
}

func (m method) BuildEmpty(ctx context.Context, ix *sdk.Index) ([]page.Page, error) {
	if err := misbehave(ctx, ix, "BuildEmpty"); err != nil {
		return nil, err
	}
	pages, err := m.Sample.BuildEmpty(ctx, ix)
	if ix.Options()["label"] == "badpage@BuildEmpty" {
		pages[0][14], pages[0][15] = 0xff, 0xff // lower far beyond the page
	}
	return pages, err
}

func (m method) Insert(ctx context.Context, ix *sdk.Index, rows []sdk.Row) ([]sdk.Conflict, error) {
	if err := misbehave(ctx, ix, "Insert"); err != nil {
		return nil, err
	}
	switch ix.Options()["label"] {
	case "badimage@Insert":
		return nil, ix.Update(ctx, func(x *sdk.XLog) error {
			ed, err := x.RegisterBuffer(0, 0)
			if err != nil {
				return err
			}
			raw := ed.Raw()
			raw[14], raw[15], raw[16], raw[17] = 0xf0, 0x1f, 0x20, 0x00 // lower beyond upper
			return nil
		})
	case "badimage-hidden@Insert": // as above, and claims that all went well
		_ = ix.Update(ctx, func(x *sdk.XLog) error {
			ed, err := x.RegisterBuffer(0, 0)
			if err == nil {
				raw := ed.Raw()
				raw[14], raw[15], raw[16], raw[17] = 0xf0, 0x1f, 0x20, 0x00
			}
			return err
		})
		return nil, nil
	case "crash-late@Insert":
		if _, err := m.Sample.Insert(ctx, ix, rows); err != nil {
			return nil, err
		}
		os.Exit(7)
	case "alone-crash@Insert": // keeps others out, and dies
		err := ix.Update(ctx, func() func(*sdk.XLog) error {
			attempts := 0
			return func(*sdk.XLog) error {
				if attempts++; attempts > 4 { // alone by now
					os.Exit(7)
				}
				return sdk.ErrConflict
			}
		}())
		return nil, err
	}
	return m.Sample.Insert(ctx, ix, rows)
}

func (m method) Scan(ctx context.Context, ix *sdk.Index, scan sdk.Scan, hits *sdk.HitWriter) error {
	if err := misbehave(ctx, ix, "Scan"); err != nil {
		return err
	}
	switch ix.Options()["label"] {
	case "endless@Scan":
		for {
			if err := hits.Add(page.TID{Block: 0, Offset: 1}, true); err != nil {
				return err
			}
		}
	case "deaf@Scan": // goes on for ever whatever it is told
		_ = hits.Add(page.TID{Block: 0, Offset: 1}, true)
		for {
			_ = hits.Flush()
		}
	case "beyond@Scan":
		return hits.Add(page.TID{Block: 1 << 20, Offset: 1}, false)
	case "crash-late@Scan":
		if err := m.Sample.Scan(ctx, ix, scan, hits); err != nil {
			return err
		}
		if err := hits.Flush(); err != nil {
			return err
		}
		os.Exit(7)
	}
	return m.Sample.Scan(ctx, ix, scan, hits)
}

func (m method) BulkDelete(ctx context.Context, ix *sdk.Index, dead *sdk.DeadSet) (sdk.BulkDeleteStats, error) {
	if err := misbehave(ctx, ix, "BulkDelete"); err != nil {
		return sdk.BulkDeleteStats{}, err
	}
	return m.Sample.BulkDelete(ctx, ix, dead)
}

func (m method) Cleanup(ctx context.Context, ix *sdk.Index) (sdk.CleanupStats, error) {
	if err := misbehave(ctx, ix, "Cleanup"); err != nil {
		return sdk.CleanupStats{}, err
	}
	return m.Sample.Cleanup(ctx, ix)
}

func (m method) Check(ctx context.Context, ix *sdk.Index, report func(string)) error {
	if err := misbehave(ctx, ix, "Check"); err != nil {
		return err
	}
	if ix.Options()["label"] == "loud@Check" {
		report("first\nsecond \x1b[31mred")
		return nil
	}
	return m.Sample.Check(ctx, ix, report)
}
