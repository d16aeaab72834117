package main

import (
	"fmt"
	"path/filepath"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/engine"
	"github.com/quiredb/quire/engine/control"
	"github.com/quiredb/quire/redo"
)

func newDump() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dump",
		Short: "Print what is on disk as text",
		Example: `  quire dump control -D /tmp/q1
  quire dump wal -D /tmp/q1 --from 0/1000028 --limit 20
  quire dump page -D /tmp/q1 16384 0
  quire dump plugins --plugin-dir bin/plugins`,
	}
	cmd.AddCommand(newDumpWAL(), newDumpPage(), newDumpControl(), newDumpPlugins())
	return cmd
}

func newDumpWAL() *cobra.Command {
	var dir, from string
	var limit int
	var xid uint64
	cmd := &cobra.Command{
		Use:     "wal -D DIR",
		Short:   "Print the records of the write-ahead log",
		Example: "  quire dump wal -D /tmp/q1 --limit 20",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := readControl(dir)
			if err != nil {
				return err
			}
			start := f.Redo
			if from != "" {
				if start, err = page.ParseLSN(from); err != nil {
					return fmt.Errorf("--from: %w", err)
				}
			}
			r := wal.NewReader(vfs.OS(), filepath.Join(dir, engine.WALDir), f.SystemID, f.Timeline, start, 0, wal.WithSegmentBytes(f.SegmentBytes))
			defer r.Close()
			opts := wal.DumpOptions{Describe: redo.Describe, Most: limit}
			if xid != 0 {
				opts.Match = func(rec *wal.Record) bool { return rec.XID == xid }
			}
			return wal.Dump(cmd.OutOrStdout(), r, opts)
		},
	}
	dirFlag(cmd, &dir)
	cmd.Flags().StringVar(&from, "from", "", "LSN of the first record (default where recovery would begin)")
	cmd.Flags().IntVar(&limit, "limit", 0, "most records to print; 0 for all")
	cmd.Flags().Uint64Var(&xid, "xid", 0, "only records of this transaction")
	return cmd
}

func newDumpPage() *cobra.Command {
	var dir string
	var initFork, mapFork bool
	cmd := &cobra.Command{
		Use:     "page -D DIR RELATION BLOCK",
		Short:   "Print one page of a relation's file",
		Long:    "Print one page as it is on disk. RELATION is the relation's file number. Pages that a running host has in memory may be newer.",
		Example: "  quire dump page -D /tmp/q1 1 0",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := readControl(dir); err != nil {
				return err
			}
			rel, err1 := strconv.ParseUint(args[0], 10, 32)
			blk, err2 := strconv.ParseUint(args[1], 10, 32)
			if err1 != nil || err2 != nil {
				return fmt.Errorf("RELATION and BLOCK are numbers, got %q and %q", args[0], args[1])
			}
			tag := page.Tag{RelFile: page.RelFile{Rel: page.RelFileNumber(rel)}, Block: page.BlockNumber(blk)}
			if initFork {
				tag.Fork = page.InitFork
			}
			if mapFork {
				tag.Fork = page.VisibilityFork
			}
			return dumpPage(cmd.OutOrStdout(), dir, tag)
		},
	}
	dirFlag(cmd, &dir)
	cmd.Flags().BoolVar(&initFork, "init", false, "the init fork of an unlogged relation")
	cmd.Flags().BoolVar(&mapFork, "vm", false, "the visibility map of a table")
	cmd.MarkFlagsMutuallyExclusive("init", "vm")
	return cmd
}

func newDumpControl() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:     "control -D DIR",
		Short:   "Print the control file",
		Example: "  quire dump control -D /tmp/q1",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := readControl(dir)
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, line := range [][2]any{
				{"format", control.Format}, {"system identifier", f.SystemID}, {"timeline", f.Timeline}, {"state", f.State},
				{"last update", f.Time.UTC().Format(time.RFC3339Nano)}, {"sequence", f.Sequence},
				{"latest checkpoint", f.Checkpoint}, {"redo begins at", f.Redo}, {"minimum recovery point", f.MinRecoveryPoint},
				{"next transaction id", f.NextXID}, {"next object id", f.NextOID}, {"WAL segment bytes", f.SegmentBytes},
			} {
				fmt.Fprintf(w, "%v:\t%v\n", line[0], line[1])
			}
			return w.Flush()
		},
	}
	dirFlag(cmd, &dir)
	return cmd
}

func newDumpPlugins() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:     "plugins --plugin-dir DIR",
		Short:   "Print the plugins of a directory and their checksums",
		Example: "  quire dump plugins --plugin-dir bin/plugins",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dir == "" {
				return fmt.Errorf("no plugin directory given; use --plugin-dir DIR")
			}
			return dumpPlugins(cmd.OutOrStdout(), dir)
		},
	}
	cmd.Flags().StringVar(&dir, "plugin-dir", "", "directory of access method plugins")
	return cmd
}

// readControl reads the control file of a directory that may be in use.
func readControl(dir string) (*control.File, error) {
	if err := needDir(dir); err != nil {
		return nil, err
	}
	f, _, err := control.Read(vfs.OS(), dir)
	return f, err
}
