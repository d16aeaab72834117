package session

import (
	"slices"
	"strings"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/sql/plan"
	"github.com/quiredb/quire/sql/settings"
)

// OIDs of things that PostgreSQL has in its catalogs and that are fixed here.
const (
	databaseOID  = 5
	publicOID    = 2200
	catalogOID   = 11
	heapMethod   = 2
	bootstrapOID = 10
)

func sortSessions(list []*Session) {
	slices.SortFunc(list, func(a, b *Session) int { return int(a.params.PID) - int(b.params.PID) })
}

// settingsView is pg_settings.
func settingsView() *view {
	return &view{
		name: "pg_settings",
		columns: []plan.TableColumn{
			col("name", datum.Text), col("setting", datum.Text), col("unit", datum.Text), col("category", datum.Text),
			col("short_desc", datum.Text), col("context", datum.Text), col("vartype", datum.Text), col("source", datum.Text),
			col("min_val", datum.Text), col("max_val", datum.Text), col("boot_val", datum.Text),
		},
		rows: func(s *Session) ([][]datum.Datum, error) {
			var rows [][]datum.Datum
			for _, d := range settings.All() {
				rows = append(rows, []datum.Datum{
					text(d.Name), text(s.settings.Text(d.Name)), textOrNull(string(d.Unit)), text("Quire"),
					text(d.Help), text(string(d.Context)), text(string(d.Type)), text(string(s.settings.Source(d.Name))),
					bound(d, d.Min), bound(d, d.Max), text(d.Default),
				})
			}
			return rows, nil
		},
	}
}

func bound(d *settings.Definition, v float64) datum.Datum {
	if d.Type != settings.Int && d.Type != settings.Real {
		return datum.NewNull()
	}
	return text(string(datum.MustLookup(datum.Float8).AppendText(nil, datum.NewFloat(v))))
}

// classView is pg_class, as far as tools list relations with it.
func classView() *view {
	return &view{
		name: "pg_class",
		columns: []plan.TableColumn{
			col("oid", datum.OIDType), col("relname", datum.Name), col("relnamespace", datum.OIDType), col("relowner", datum.OIDType),
			col("relam", datum.OIDType), col("relfilenode", datum.OIDType), col("relpages", datum.Int4), col("reltuples", datum.Float4),
			col("relhasindex", datum.Bool), col("relpersistence", datum.Char), col("relkind", datum.Char), col("relnatts", datum.Int2),
		},
		rows: func(s *Session) ([][]datum.Datum, error) {
			cat, err := s.catalog()
			if err != nil {
				return nil, err
			}
			var rows [][]datum.Datum
			for _, r := range systemRelations {
				n, err := s.db.eng.Pool.Length(mainFile(r.rel))
				if err != nil {
					return nil, err
				}
				rows = append(rows, classRow(r.oid, r.name, catalogOID, bootstrapOID, heapMethod, r.rel, catalog.Stats{Pages: n, Tuples: -1}, false, false, 'r', 0))
			}
			for _, t := range cat.Tables() {
				rows = append(rows, classRow(t.OID, t.Name, publicOID, ownerOID(cat, t), heapMethod, t.Rel, t.Stats, len(cat.IndexesOf(t.OID)) > 0, t.Unlogged, 'r', len(t.Columns)))
			}
			for _, i := range cat.Indexes() {
				method := uint32(0)
				if m := cat.AccessMethod(i.AM); m != nil {
					method = m.OID
				}
				rows = append(rows, classRow(i.OID, i.Name, publicOID, ownerOID(cat, cat.TableByOID(i.Table)), method, i.Rel, i.Stats, false, i.Unlogged, 'i', len(i.Columns)))
			}
			views := make([]*view, 0, len(s.db.views))
			for _, v := range s.db.views {
				views = append(views, v)
			}
			slices.SortFunc(views, func(a, b *view) int { return strings.Compare(a.name, b.name) })
			for _, v := range views {
				rows = append(rows, classRow(v.oid, v.name, catalogOID, bootstrapOID, 0, 0, catalog.Stats{}, false, false, 'v', len(v.columns)))
			}
			return rows, nil
		},
	}
}

func ownerOID(cat *catalog.Catalog, t *catalog.Table) uint32 {
	if t != nil {
		if r := cat.Role(t.Owner); r != nil {
			return r.OID
		}
	}
	return bootstrapOID
}

func classRow(oid uint32, name string, namespace, owner, method uint32, rel page.RelFileNumber, st catalog.Stats, indexed, unlogged bool, kind byte, columns int) []datum.Datum {
	persistence := byte('p')
	if unlogged {
		persistence = 'u'
	}
	return []datum.Datum{
		datum.NewInt(int64(oid)), text(name), datum.NewInt(int64(namespace)), datum.NewInt(int64(owner)),
		datum.NewInt(int64(method)), datum.NewInt(int64(rel)), datum.NewInt(int64(st.Pages)), datum.NewFloat(float64(float32(st.Tuples))),
		datum.NewBool(indexed), datum.NewInt(int64(persistence)), datum.NewInt(int64(kind)), datum.NewInt(int64(columns)),
	}
}

// methodView is pg_am.
func methodView() *view {
	return &view{
		name: "pg_am",
		columns: []plan.TableColumn{
			col("oid", datum.OIDType), col("amname", datum.Name), col("amhandler", datum.Text), col("amtype", datum.Char),
			col("quire_sha256", datum.Text), col("quire_state", datum.Text), col("quire_reason", datum.Text), col("quire_version", datum.Text),
		},
		rows: func(s *Session) ([][]datum.Datum, error) {
			cat, err := s.catalog()
			if err != nil {
				return nil, err
			}
			rows := [][]datum.Datum{{
				datum.NewInt(heapMethod), text("heap"), text("heap_tableam_handler"), datum.NewInt('t'),
				datum.NewNull(), text("built in"), datum.NewNull(), datum.NewNull(),
			}}
			state := map[string][2]string{}
			for _, info := range s.db.ams.List() {
				state[info.Name] = [2]string{info.State, info.Reason}
			}
			for _, m := range cat.AccessMethods() {
				st, ok := state[m.Plugin]
				if !ok {
					st = [2]string{"missing", "there is no plugin of this name"}
				}
				rows = append(rows, []datum.Datum{
					datum.NewInt(int64(m.OID)), text(m.Name), text(m.Plugin), datum.NewInt('i'),
					textOrNull(m.SHA256), text(st[0]), textOrNull(st[1]), textOrNull(m.Description.Version),
				})
			}
			return rows, nil
		},
	}
}

// indexView is pg_indexes.
func indexView() *view {
	return &view{
		name: "pg_indexes",
		columns: []plan.TableColumn{
			col("schemaname", datum.Name), col("tablename", datum.Name), col("indexname", datum.Name), col("tablespace", datum.Name), col("indexdef", datum.Text),
		},
		rows: func(s *Session) ([][]datum.Datum, error) {
			cat, err := s.catalog()
			if err != nil {
				return nil, err
			}
			var rows [][]datum.Datum
			for _, i := range cat.Indexes() {
				t := cat.TableByOID(i.Table)
				rows = append(rows, []datum.Datum{text("public"), text(t.Name), text(i.Name), datum.NewNull(), text(indexDefinition(t, i))})
			}
			return rows, nil
		},
	}
}

// databaseView is pg_database.
func databaseView() *view {
	return &view{
		name: "pg_database",
		columns: []plan.TableColumn{
			col("oid", datum.OIDType), col("datname", datum.Name), col("datdba", datum.OIDType), col("encoding", datum.Int4),
			col("datcollate", datum.Text), col("datctype", datum.Text), col("datallowconn", datum.Bool),
		},
		rows: func(*Session) ([][]datum.Datum, error) {
			const utf8 = 6
			return [][]datum.Datum{{
				datum.NewInt(databaseOID), text(DatabaseName), datum.NewInt(bootstrapOID), datum.NewInt(utf8), text("C"), text("C"), datum.NewBool(true),
			}}, nil
		},
	}
}

// rolesView is pg_roles.
func rolesView() *view {
	return &view{
		name: "pg_roles",
		columns: []plan.TableColumn{
			col("oid", datum.OIDType), col("rolname", datum.Name), col("rolsuper", datum.Bool), col("rolcanlogin", datum.Bool),
			col("rolreplication", datum.Bool), col("rolpassword", datum.Text),
		},
		rows: func(s *Session) ([][]datum.Datum, error) {
			cat, err := s.catalog()
			if err != nil {
				return nil, err
			}
			var rows [][]datum.Datum
			for _, r := range cat.Roles() {
				rows = append(rows, []datum.Datum{
					datum.NewInt(int64(r.OID)), text(r.Name), datum.NewBool(r.Superuser), datum.NewBool(r.Login), datum.NewBool(r.Replication), text("********"),
				})
			}
			return rows, nil
		},
	}
}
