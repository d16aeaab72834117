package maintain_test

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
)

// fakeMethod is an access method in memory: for each relation the keys by place. It stands for an index that does what it is told,
// until it is told to fail.
type fakeMethod struct {
	entries map[page.RelFileNumber]map[page.TID][]datum.Datum
	failing string // the next call of this name fails
	calls   []string
}

func newFake() *fakeMethod {
	return &fakeMethod{entries: map[page.RelFileNumber]map[page.TID][]datum.Datum{}}
}

func (f *fakeMethod) call(name string, idx am.Index) error {
	f.calls = append(f.calls, name+" "+idx.Name)
	if f.failing != name {
		return nil
	}
	f.failing = ""
	return &am.PluginError{Plugin: "fake", Method: name, Index: idx.Name, Err: errors.New("the process has died")}
}

func (f *fakeMethod) of(idx am.Index) map[page.TID][]datum.Datum {
	m := f.entries[idx.Rel.Rel]
	if m == nil {
		m = map[page.TID][]datum.Datum{}
		f.entries[idx.Rel.Rel] = m
	}
	return m
}

func (f *fakeMethod) pages(idx am.Index) page.BlockNumber {
	return page.BlockNumber(1 + len(f.of(idx))/100)
}

func (f *fakeMethod) Describe() am.Description {
	class := func(name string, t datum.OID, def bool) am.OpClass {
		return am.OpClass{Name: name, Type: t, Operators: []string{"="}, Default: def}
	}
	return am.Description{
		Name: "fake", Version: "1.0", Caps: am.Caps{Unique: true, MultiColumn: true},
		OpClasses: []am.OpClass{class("int8_ops", datum.Int8, true), class("text_ops", datum.Text, true), class("other_ops", datum.Bool, false)},
	}
}

func (f *fakeMethod) ValidateOptions(_ context.Context, _ []am.Column, options map[string]string) (map[string]string, error) {
	for name := range options {
		if name != "length" {
			return nil, pgerr.New(pgerr.InvalidParameterValue, "unrecognized parameter %q", name)
		}
	}
	return map[string]string{"length": options["length"]}, nil
}

func (f *fakeMethod) Build(_ context.Context, idx am.Index, rows func(func([]am.Row) error) error) (am.BuildStats, error) {
	if err := f.call("Build", idx); err != nil {
		return am.BuildStats{}, err
	}
	err := rows(func(batch []am.Row) error {
		for _, r := range batch {
			f.of(idx)[r.TID] = slices.Clone(r.Values)
		}
		return nil
	})
	return am.BuildStats{Rows: int64(len(f.of(idx))), Pages: f.pages(idx)}, err
}

func (f *fakeMethod) BuildEmpty(_ context.Context, idx am.Index) ([]page.Page, error) {
	if err := f.call("BuildEmpty", idx); err != nil {
		return nil, err
	}
	e := page.NewEditor(page.New())
	err := e.Init(0, 0)
	return []page.Page{e.Page()}, err
}

func (f *fakeMethod) Insert(_ context.Context, idx am.Index, _ uint64, rows []am.Row) ([]am.Conflict, error) {
	for _, r := range rows {
		f.of(idx)[r.TID] = slices.Clone(r.Values)
	}
	return nil, nil
}

func (f *fakeMethod) Scan(context.Context, am.Index, []am.ScanKey, am.ScanOptions) (am.Cursor, error) {
	return nil, errors.New("nobody scans here")
}

func (f *fakeMethod) BulkDelete(_ context.Context, idx am.Index, dead am.DeadSet) (am.BulkDeleteStats, error) {
	if err := f.call("BulkDelete", idx); err != nil {
		return am.BulkDeleteStats{}, err
	}
	before := len(f.of(idx))
	for tid := range f.of(idx) {
		if dead.Contains(tid) {
			delete(f.of(idx), tid)
		}
	}
	return am.BulkDeleteStats{Removed: int64(before - len(f.of(idx))), Remaining: int64(len(f.of(idx)))}, nil
}

func (f *fakeMethod) Cleanup(_ context.Context, idx am.Index) (am.CleanupStats, error) {
	if err := f.call("Cleanup", idx); err != nil {
		return am.CleanupStats{}, err
	}
	return am.CleanupStats{Pages: f.pages(idx), Rows: int64(len(f.of(idx)))}, nil
}

func (f *fakeMethod) Check(_ context.Context, idx am.Index, report func(string)) error {
	if err := f.call("Check", idx); err != nil {
		return err
	}
	for tid, key := range f.of(idx) {
		if key == nil {
			report(fmt.Sprintf("entry %v has no key", tid))
		}
	}
	return nil
}

// fakeRegistry has the one method, unless it is down.
type fakeRegistry struct {
	method *fakeMethod
	down   bool
}

func (r *fakeRegistry) Lookup(name string) (am.Method, error) {
	switch {
	case name != "fake.bin":
		return nil, pgerr.New(pgerr.UndefinedObject, "access method %q does not exist", name).Because(am.ErrUnknown)
	case r.down:
		return nil, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "access method %q is not available", name).
			WithHint("Look at quire_plugins.").Because(am.ErrUnavailable)
	}
	return r.method, nil
}

func (r *fakeRegistry) List() []am.Info { return nil }
