package session

import (
	"context"
	"maps"
	"slices"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/plan"
	"github.com/quiredb/quire/sql/sysview"
)

// viewRows is the estimate of a view's size.
const viewRows = 100

// viewTable shows a system view to the planner.
func viewTable(v *sysview.View) *plan.Table {
	t := &plan.Table{OID: v.OID, Schema: v.Schema, Name: v.Name, Tuples: viewRows}
	var row datum.RowType
	for _, c := range v.Columns {
		typ := datum.Type{OID: c.Type, Mod: -1}
		t.Columns = append(t.Columns, plan.TableColumn{Name: c.Name, Type: typ})
		row = append(row, typ)
	}
	t.Row = &datum.TableRow{RowType: row}
	t.View = &plan.View{Name: v.Name, Rows: func(ctx context.Context, ec *expr.EvalCtx) ([][]datum.Datum, error) {
		env, err := of(ec).viewEnv()
		if err != nil {
			return nil, err
		}
		rows, err := v.Rows(ctx, env)
		tableoid := datum.NewInt(int64(v.OID))
		for i := range rows {
			rows[i] = append(rows[i], tableoid)
		}
		return rows, err
	}}
	return t
}

// viewEnv is what the session's statements see in system views.
func (s *Session) viewEnv() (*sysview.Env, error) {
	cat, err := s.catalog()
	if err != nil {
		return nil, err
	}
	return &sysview.Env{
		Catalog: cat, Engine: s.db.eng, Settings: s.settings, AMs: s.db.ams, Builtins: s.db.builtins, PluginPID: s.db.cfg.PluginPID,
		Sessions: s.db.activities, Senders: s.db.cfg.Replication,
		LastValue: func(rel page.RelFileNumber) (int64, bool, error) {
			at, err := s.db.eng.Sequences.Read(rel)
			return at.Last, at.Called, err
		},
		Prepared: s.preparedRows(), Cursors: s.cursorRows(),
		User: s.user(), Superuser: s.superuser(), Database: DatabaseName, ParseType: plan.ParseType,
	}, nil
}

// preparedRows tells of the named prepared statements, by name.
func (s *Session) preparedRows() []sysview.Prepared {
	var out []sysview.Prepared
	for _, name := range slices.Sorted(maps.Keys(s.prepared)) {
		if p := s.prepared[name]; name != "" {
			out = append(out, sysview.Prepared{Name: name, Text: p.text, At: p.at, Types: p.params, FromSQL: p.fromSQL})
		}
	}
	return out
}

// cursorRows tells of the open cursors and the protocol's portals, by name. The unnamed portal is the statement that asks.
func (s *Session) cursorRows() []sysview.Cursor {
	var out []sysview.Cursor
	for _, name := range slices.Sorted(maps.Keys(s.portals)) {
		if c := s.portals[name]; name != "" {
			out = append(out, sysview.Cursor{Name: name, Text: c.text, At: c.at, Binary: len(c.formats) == 1 && c.formats[0] == 1})
		}
	}
	return out
}

// activities tells what every session does.
func (db *DB) activities() []sysview.Session {
	db.mu.Lock()
	sessions := make([]*Session, 0, len(db.mu.sessions))
	for _, s := range db.mu.sessions {
		sessions = append(sessions, s)
	}
	db.mu.Unlock()
	out := make([]sysview.Session, 0, len(sessions))
	for _, s := range sessions {
		out = append(out, s.describe())
	}
	return out
}

// describe is the session's row of pg_stat_activity. Other sessions call it.
func (s *Session) describe() sysview.Session {
	a := &s.activity
	a.mu.Lock()
	defer a.mu.Unlock()
	out := sysview.Session{
		PID: s.params.PID, User: s.params.User, ApplicationName: a.application, Addr: s.params.RemoteAddr,
		BackendStart: a.started, XactStart: a.xactAt, QueryStart: a.queryStart, StateChange: a.change, State: a.state, Query: a.query,
	}
	if a.state != "active" {
		out.WaitEventType, out.WaitEvent = "Client", "ClientRead"
	}
	return out
}
