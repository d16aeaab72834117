package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/rs/zerolog"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/vfs"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/engine"
	"github.com/quiredb/quire/engine/control"
	"github.com/quiredb/quire/plugins/host"
	"github.com/quiredb/quire/sql/maintain"
)

// verifyFrames are the buffers, 8 KiB each, of a directory that is opened for being checked.
const verifyFrames = 4096

// structure is the second pass of verify: what the pages mean. The directory is opened, and recovered if need be, in an overlay, so
// that the catalog is the one that the next start would have, and nothing on disk changes.
type structure struct {
	ctx            context.Context
	dir, pluginDir string
	told           []engine.Problem // by the first pass

	engine  *engine.Engine
	plugins *host.Registry // nil without a plugin directory
	catalog *catalog.Catalog

	problems, notes          []string
	names                    map[page.RelFileNumber]string // of the relations that the catalog knows
	missing                  map[page.RelFileNumber]bool   // of those, the ones without a file
	tables, indexes, checked int
	rows                     uint64
}

// problem notes one. What the first pass has told is not told again by those who ran into it.
func (v *structure) problem(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	for _, p := range v.told {
		if strings.Contains(text, p.Text) {
			return
		}
	}
	v.problems = append(v.problems, text)
}

func (v *structure) note(format string, args ...any) {
	v.notes = append(v.notes, fmt.Sprintf(format, args...))
}

// run opens the directory and looks. A directory that cannot be opened is a problem, not an error.
func (v *structure) run(state control.State) (err error) {
	v.engine, err = engine.Open(v.ctx, vfs.NewOverlay(vfs.OS()), v.dir, engine.Options{
		Frames: verifyFrames, NoBackground: true, Log: zerolog.Nop(),
		Standby: state == control.InStandby || state == control.StandbyShutDown,
	})
	if errors.Is(err, engine.ErrInUse) || v.ctx.Err() != nil {
		return err
	}
	if err != nil {
		v.problem("the directory cannot be opened, so rows and indexes were not looked at: %v", err)
		return nil
	}
	defer v.engine.Kill() // what it has changed goes with the overlay
	if v.engine.IsStandby() {
		ok, err := v.engine.Consistent()
		if err != nil {
			v.problem("%v", err)
		}
		if !ok {
			v.note("rows and indexes were not looked at: the standby has not received the log up to %v yet, where its files agree", v.engine.Control().MinRecoveryPoint)
			return nil
		}
	}
	if v.pluginDir != "" {
		if err := v.openPlugins(); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, v.plugins.Close()) }()
	}
	return v.look()
}

func (v *structure) openPlugins() (err error) {
	e := v.engine
	v.plugins, err = host.Open(host.Config{Dir: v.pluginDir, Pages: host.NewPoolStore(e.Pool, e.GX, host.HeapFates(e.Heap)), Log: zerolog.Nop()})
	return err
}

// look checks everything that the catalog names.
func (v *structure) look() error {
	e := v.engine
	if err := v.heap("the catalog", func() error {
		return e.Heap.Check(v.ctx, catalog.Relation(), nil, v.found)
	}); err != nil {
		return err
	}
	t := e.Xact.Begin(xact.ReadCommitted)
	defer func() { _ = t.Abort() }() // it only read
	var err error
	if v.catalog, err = e.Catalog.Current(t); err != nil {
		v.problem("the catalog cannot be read, so rows and indexes were not looked at: %v", err)
		return nil
	}
	v.nameAll()
	if err := v.files(); err != nil {
		return err
	}
	for _, table := range v.catalog.Tables() {
		if err := v.table(table); err != nil {
			return err
		}
	}
	return v.allIndexes()
}

func (v *structure) found(problem string) { v.problem("%s", problem) }

// nameAll makes the names of relations for messages.
func (v *structure) nameAll() {
	v.names[catalog.Rel], v.names[xact.StatusRel] = "the catalog", "the commit status"
	for _, o := range v.catalog.FileOwners() {
		v.names[o.Rel] = fmt.Sprintf("%s %s", o.Kind, o.Name)
	}
}

// files compares objects with files.
func (v *structure) files() error {
	v.missing = map[page.RelFileNumber]bool{}
	for _, o := range v.catalog.FileOwners() {
		there, err := v.engine.Storage.Exists(page.RelFile{Rel: o.Rel})
		if err != nil {
			return err
		}
		if !there {
			v.missing[o.Rel] = true
			v.problem("%s %s: its file base/%d is missing; restore it from a replica or a backup, or drop the %s", o.Kind, o.Name, o.Rel, o.Kind)
		}
	}
	orphans := v.engine.Recovery().Orphans
	if v.engine.IsStandby() {
		return nil // a file may belong to a transaction that runs on the primary
	}
	for _, rel := range orphans {
		if v.engine.Recovery().Needed {
			v.note("file base/%d belongs to no object: a crash left it, and the next start removes it", rel)
			continue
		}
		v.problem("file base/%d belongs to no object; the next start removes it, so save it first if you know what it is", rel)
	}
	return nil
}

// heap runs a check of rows. That it cannot go on is a problem too.
func (v *structure) heap(name string, check func() error) error {
	if err := check(); err != nil {
		if v.ctx.Err() != nil {
			return err
		}
		v.problem("%s could not be checked to its end: %v", name, err)
	}
	return nil
}

// table checks the rows of a table.
func (v *structure) table(t *catalog.Table) error {
	if v.missing[t.Rel] {
		return nil
	}
	v.tables++
	columns := t.RowCheck()
	row := func(row []byte) error {
		v.rows++
		return columns(row)
	}
	return v.heap("table "+t.Name, func() error {
		return v.engine.Heap.Check(v.ctx, t.Heap(), row, v.found)
	})
}

// allIndexes checks every index, or says which were not.
func (v *structure) allIndexes() error {
	var unseen []string
	for _, i := range v.catalog.Indexes() {
		v.indexes++
		if v.catalog.TableByOID(i.Table) == nil || v.catalog.AccessMethod(i.AM) == nil {
			v.problem("index %s: its table (OID %d) or its access method %q is not in the catalog; drop the index", i.Name, i.Table, i.AM)
			continue
		}
		if v.missing[i.Rel] {
			continue
		}
		if v.plugins == nil {
			unseen = append(unseen, fmt.Sprintf("%s (%s)", i.Name, i.AM))
			continue
		}
		if err := v.index(i); err != nil {
			return err
		}
	}
	if len(unseen) > 0 {
		v.note("not looked at for want of their access methods: the structure of the indexes %s; give --plugin-dir to have it checked",
			strings.Join(unseen, ", "))
	}
	return nil
}

// index has an access method check one of its indexes, and compares its entries with the rows.
func (v *structure) index(i *catalog.Index) error {
	about := v.catalog.AccessMethod(i.AM)
	v.plugins.Pin(about.Plugin, about.SHA256)
	deps := &maintain.Deps{Engine: v.engine, AMs: v.plugins, Log: zerolog.Nop()}
	before := len(v.problems)
	err := deps.CheckIndex(v.ctx, v.catalog, i, v.found)
	var cmp maintain.Comparison
	if err == nil && len(v.problems) == before && !v.missing[v.catalog.TableByOID(i.Table).Rel] {
		cmp, err = deps.CompareEntries(v.ctx, v.catalog, i, nil, v.found)
		if err == nil && !cmp.Compared {
			v.note("index %s: the access method %s does not deliver all entries, so they were not compared with the rows", i.Name, i.AM)
		}
	}
	if err == nil {
		v.checked++
		return nil
	}
	if v.ctx.Err() != nil {
		return err
	}
	text := oneLine(err)
	if errors.Is(err, am.ErrUnavailable) || errors.Is(err, am.ErrUnknown) {
		text += "; correct the plugin directory " + v.pluginDir
	}
	v.problem("index %s could not be checked: %s", i.Name, text)
	return nil
}
