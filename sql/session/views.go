package session

import (
	"context"
	"time"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/expr"
	"github.com/quiredb/quire/sql/plan"
)

// view is a system view: columns, and how its rows are made.
type view struct {
	oid     uint32
	name    string
	columns []plan.TableColumn
	rows    func(s *Session) ([][]datum.Datum, error)
}

// viewRows is the estimate of a view's size, PostgreSQL's for a function.
const viewRows = 100

// table shows the view to the planner.
func (v *view) table(*Session) *plan.Table {
	t := &plan.Table{OID: v.oid, Schema: "pg_catalog", Name: v.name, Columns: v.columns, Tuples: viewRows}
	for _, c := range v.columns {
		t.Row = append(t.Row, c.Type)
	}
	t.View = &plan.View{Name: v.name, Rows: func(_ context.Context, ec *expr.EvalCtx) ([][]datum.Datum, error) { return v.rows(of(ec)) }}
	return t
}

func col(name string, t datum.OID) plan.TableColumn {
	return plan.TableColumn{Name: name, Type: datum.Type{OID: t, Mod: -1}}
}

// firstViewOID numbers the views from below the first OID of an object.
const firstViewOID = 12000

// makeViews lists the system views.
func (db *DB) makeViews() map[string]*view {
	list := []*view{
		activityView(), db.replicationView(), settingsView(), classView(), methodView(), indexView(), databaseView(), rolesView(),
	}
	out := make(map[string]*view, len(list))
	for i, v := range list {
		v.oid = firstViewOID + uint32(i)
		out[v.name] = v
	}
	return out
}

func text(s string) datum.Datum {
	return datum.NewText(s)
}

// textOrNull is NULL for an empty text.
func textOrNull(s string) datum.Datum {
	if s == "" {
		return datum.NewNull()
	}
	return datum.NewText(s)
}

func stamp(t time.Time) datum.Datum {
	if t.IsZero() {
		return datum.NewNull()
	}
	return datum.NewInt(datum.TimestampFromTime(t))
}

// activityView is pg_stat_activity.
func activityView() *view {
	return &view{
		name: "pg_stat_activity",
		columns: []plan.TableColumn{
			col("datid", datum.OIDType), col("datname", datum.Name), col("pid", datum.Int4), col("leader_pid", datum.Int4),
			col("usesysid", datum.OIDType), col("usename", datum.Name), col("application_name", datum.Text),
			col("client_addr", datum.Text), col("client_hostname", datum.Text), col("client_port", datum.Int4),
			col("backend_start", datum.Timestamptz), col("xact_start", datum.Timestamptz), col("query_start", datum.Timestamptz),
			col("state_change", datum.Timestamptz), col("wait_event_type", datum.Text), col("wait_event", datum.Text),
			col("state", datum.Text), col("backend_xid", datum.Int8), col("backend_xmin", datum.Int8), col("query_id", datum.Int8),
			col("query", datum.Text), col("backend_type", datum.Text),
		},
		rows: func(s *Session) ([][]datum.Datum, error) {
			cat, err := s.catalog()
			if err != nil {
				return nil, err
			}
			var rows [][]datum.Datum
			for _, other := range s.db.sessionList() {
				user := datum.NewNull()
				if r := cat.Role(other.params.User); r != nil {
					user = datum.NewInt(int64(r.OID))
				}
				rows = append(rows, other.activityRow(user))
			}
			return rows, nil
		},
	}
}

// sessionList is the sessions in the order of their numbers.
func (db *DB) sessionList() []*Session {
	db.mu.Lock()
	defer db.mu.Unlock()
	out := make([]*Session, 0, len(db.mu.sessions))
	for _, s := range db.mu.sessions {
		out = append(out, s)
	}
	sortSessions(out)
	return out
}

func (s *Session) activityRow(user datum.Datum) []datum.Datum {
	a := &s.activity
	a.mu.Lock()
	defer a.mu.Unlock()
	null := datum.NewNull()
	return []datum.Datum{
		datum.NewInt(databaseOID), text(DatabaseName), datum.NewInt(int64(s.params.PID)), null,
		user, text(s.params.User), text(a.application),
		textOrNull(s.params.RemoteAddr), null, null,
		stamp(a.started), stamp(a.xactAt), stamp(a.queryStart),
		stamp(a.change), null, null,
		text(a.state), null, null, null,
		text(a.query), text("client backend"),
	}
}

// ReplicationRow is one row of pg_stat_replication.
type ReplicationRow struct {
	PID                               int32
	User, ApplicationName, ClientAddr string
	Started, ReplyTime                time.Time
	State                             string
	Sent, Write, Flush, Replay        uint64        // 0 if not known
	WriteLag, FlushLag, ReplayLag     time.Duration // negative if not known
}

// replicationView is pg_stat_replication.
func (db *DB) replicationView() *view {
	return &view{
		name: "pg_stat_replication",
		columns: []plan.TableColumn{
			col("pid", datum.Int4), col("usesysid", datum.OIDType), col("usename", datum.Name), col("application_name", datum.Text),
			col("client_addr", datum.Text), col("client_hostname", datum.Text), col("client_port", datum.Int4),
			col("backend_start", datum.Timestamptz), col("backend_xmin", datum.Int8), col("state", datum.Text),
			col("sent_lsn", datum.PgLSN), col("write_lsn", datum.PgLSN), col("flush_lsn", datum.PgLSN), col("replay_lsn", datum.PgLSN),
			col("write_lag", datum.Interval), col("flush_lag", datum.Interval), col("replay_lag", datum.Interval),
			col("sync_priority", datum.Int4), col("sync_state", datum.Text), col("reply_time", datum.Timestamptz),
		},
		rows: func(s *Session) ([][]datum.Datum, error) {
			if db.cfg.Replication == nil {
				return nil, nil
			}
			cat, err := s.catalog()
			if err != nil {
				return nil, err
			}
			var rows [][]datum.Datum
			for _, r := range db.cfg.Replication() {
				user := datum.NewNull()
				if role := cat.Role(r.User); role != nil {
					user = datum.NewInt(int64(role.OID))
				}
				rows = append(rows, r.row(user))
			}
			return rows, nil
		},
	}
}

func (r *ReplicationRow) row(user datum.Datum) []datum.Datum {
	null := datum.NewNull()
	lsn := func(v uint64) datum.Datum {
		if v == 0 {
			return null
		}
		return datum.NewLSN(v)
	}
	lag := func(d time.Duration) datum.Datum {
		if d < 0 {
			return null
		}
		return datum.NewInterval(datum.IntervalValue{Micros: d.Microseconds()})
	}
	return []datum.Datum{
		datum.NewInt(int64(r.PID)), user, text(r.User), text(r.ApplicationName),
		textOrNull(r.ClientAddr), null, null,
		stamp(r.Started), null, text(r.State),
		lsn(r.Sent), lsn(r.Write), lsn(r.Flush), lsn(r.Replay),
		lag(r.WriteLag), lag(r.FlushLag), lag(r.ReplayLag),
		datum.NewInt(0), text("async"), stamp(r.ReplyTime),
	}
}
