package redo

import (
	"fmt"
	"strings"
	"time"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/wal"
	"github.com/quiredb/quire/core/walrec"
	"github.com/quiredb/quire/genericxlog"
)

// Describe returns the body of a record on one line, for the log dump: blocks with their edits, then the payload. A record
// that cannot be read is described by the reason.
func Describe(rec *wal.Record) string {
	b, err := genericxlog.DecodeBody(rec.Body, rec.LSN)
	if err != nil {
		return "bad body: " + err.Error()
	}
	var out strings.Builder
	out.WriteString(b.Describe())
	rm, err := Manager(rec.Kind)
	if err != nil {
		return out.String() + "; " + err.Error()
	}
	if rm.Desc == nil {
		return out.String()
	}
	if out.Len() > 0 {
		out.WriteString("; ")
	}
	if err := rm.Desc(&out, b.Payload); err != nil {
		out.WriteString("bad payload: " + err.Error())
	}
	return out.String()
}

// CheckPayload returns whether the payload of a record can be read.
func CheckPayload(kind wal.Kind, payload []byte) error {
	rm, err := Manager(kind)
	if err != nil || rm.Desc == nil {
		return err
	}
	return rm.Desc(new(strings.Builder), payload)
}

func descRelCreate(out *strings.Builder, payload []byte) error {
	r, err := walrec.DecodeRelCreate(payload)
	if err != nil {
		return err
	}
	kind := ""
	if r.Unlogged {
		kind = "unlogged "
	}
	fmt.Fprintf(out, "create %srelation %d (%s)", kind, r.Rel, r.AM)
	if r.VisibilityMap {
		out.WriteString(" with visibility map")
	}
	return nil
}

func descRelTruncate(out *strings.Builder, payload []byte) error {
	r, err := walrec.DecodeRelTruncate(payload)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "truncate %v to %d blocks", r.File, r.Blocks)
	return nil
}

func descRelDrop(out *strings.Builder, payload []byte) error {
	r, err := walrec.DecodeRelDrop(payload)
	if err != nil {
		return err
	}
	out.WriteString("drop" + relations(r.Rels))
	return nil
}

func descCommit(out *strings.Builder, payload []byte) error {
	c, err := walrec.DecodeCommit(payload)
	if err != nil {
		return err
	}
	out.WriteString("at " + stamp(c.Time))
	if c.CatalogChanged {
		out.WriteString(", catalog changed")
	}
	if len(c.DroppedRels) > 0 {
		out.WriteString(", drop" + relations(c.DroppedRels))
	}
	if len(c.Subs) > 0 {
		fmt.Fprintf(out, ", with %d subtransactions", len(c.Subs))
	}
	return nil
}

func descAbort(out *strings.Builder, payload []byte) error {
	a, err := walrec.DecodeAbort(payload)
	if err == nil && len(a.DroppedRels) > 0 {
		out.WriteString("drop" + relations(a.DroppedRels))
	}
	if err == nil && len(a.Subs) > 0 {
		fmt.Fprintf(out, " with %d subtransactions", len(a.Subs))
	}
	return err
}

func descCheckpoint(out *strings.Builder, payload []byte) error {
	c, err := walrec.DecodeCheckpoint(payload)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "redo %v, timeline %d, next xid %d, next oid %d", c.RedoLSN, c.Timeline, c.NextXID, c.NextOID)
	for _, x := range c.Active {
		fmt.Fprintf(out, ", running %d", x.XID)
		if len(x.Created) > 0 {
			out.WriteString(" with" + relations(x.Created))
		}
	}
	return nil
}

func descEndOfRecovery(out *strings.Builder, payload []byte) error {
	e, err := walrec.DecodeEndOfRecovery(payload)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "timeline %d after %d at %s", e.Timeline, e.Previous, stamp(e.Time))
	return nil
}

func descParameter(out *strings.Builder, payload []byte) error {
	p, err := walrec.DecodeParameter(payload)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s = %q", p.Name, p.Value)
	return nil
}

func relations(rels []page.RelFileNumber) string {
	var s strings.Builder
	for _, r := range rels {
		fmt.Fprintf(&s, " %d", r)
	}
	return s.String()
}

func stamp(micros int64) string {
	return time.UnixMicro(micros).UTC().Format("2006-01-02 15:04:05.000000Z")
}
