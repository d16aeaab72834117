package wal

import (
	"errors"
	"fmt"
	"io"
)

// DumpOptions choose what Dump prints. The zero value prints everything.
type DumpOptions struct {
	// Describe returns what stands in the body, on one line; nil prints the header only.
	Describe func(*Record) string
	// Match tells which records to print; nil means all.
	Match func(*Record) bool
	// Most is the number of records to print; 0 means all.
	Most int
}

// Dump prints one line for each record that r returns from here on, and one for the end of the log.
func Dump(w io.Writer, r *Reader, opts DumpOptions) error {
	for printed := 0; opts.Most == 0 || printed < opts.Most; {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			_, err = fmt.Fprintf(w, "%v end of log: %s\n", r.Position(), r.EndReason())
			return err
		}
		if err != nil {
			return err
		}
		if opts.Match != nil && !opts.Match(rec) {
			continue
		}
		printed++
		if err := dumpRecord(w, rec, opts); err != nil {
			return err
		}
	}
	return nil
}

func dumpRecord(w io.Writer, rec *Record, opts DumpOptions) error {
	line := fmt.Sprintf("%v len=%d %v xid=%d prev=%v", rec.LSN, rec.EndLSN-rec.LSN, rec.Kind, rec.XID, rec.Prev)
	if rec.Kind.CarriesDurable() {
		line += fmt.Sprintf(" durable=%v", rec.Durable)
	}
	if opts.Describe != nil {
		if body := opts.Describe(rec); body != "" {
			line += ": " + body
		}
	}
	_, err := fmt.Fprintln(w, line)
	return err
}
