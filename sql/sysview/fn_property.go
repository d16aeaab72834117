package sysview

import (
	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/datum"
)

// properties are the functions that tell what an access method, an index or a column of one can do. A property that nobody knows is NULL.
func (r registrar) properties() {
	yes := func(known, b bool) (datum.Datum, error) {
		if !known {
			return datum.NewNull(), nil
		}
		return datum.NewBool(b), nil
	}
	r.add("pg_indexam_has_property", func(e *Env, a []datum.Datum) (datum.Datum, error) {
		for _, m := range e.Catalog.AccessMethods() {
			if m.OID == uint32(a[0].I) {
				c := m.Description.Caps
				v, known := map[string]bool{"can_order": c.Ordered, "can_unique": c.Unique, "can_multi_col": c.MultiColumn,
					"can_exclude": false, "can_include": false}[a[1].S]
				return yes(known, v)
			}
		}
		return datum.NewNull(), nil
	}, datum.Bool, datum.OIDType, datum.Text)
	// ofIndex finds an index with its access method.
	ofIndex := func(e *Env, oid int64) (*catalog.Index, *catalog.AccessMethod) {
		x := e.Catalog.IndexByOID(uint32(oid))
		if x == nil {
			return nil, nil
		}
		return x, e.Catalog.AccessMethod(x.AM)
	}
	r.add("pg_index_has_property", func(e *Env, a []datum.Datum) (datum.Datum, error) {
		_, m := ofIndex(e, a[0].I)
		if m == nil {
			return datum.NewNull(), nil
		}
		c := m.Description.Caps
		v, known := map[string]bool{"clusterable": false, "index_scan": !c.BitmapOnly, "bitmap_scan": true, "backward_scan": c.Backward}[a[1].S]
		return yes(known, v)
	}, datum.Bool, datum.Regclass, datum.Text)
	r.add("pg_index_column_has_property", func(e *Env, a []datum.Datum) (datum.Datum, error) {
		x, m := ofIndex(e, a[0].I)
		if m == nil || a[1].I < 1 || a[1].I > int64(len(x.Columns)) {
			return datum.NewNull(), nil
		}
		c, col := m.Description.Caps, x.Columns[a[1].I-1]
		class := m.Description.OpClassFor(col.OpClass, col.Type)
		v, known := map[string]bool{"asc": c.Ordered && !col.Desc, "desc": c.Ordered && col.Desc, "nulls_first": c.Ordered && col.NullsFirst,
			"nulls_last": c.Ordered && !col.NullsFirst, "orderable": c.Ordered, "distance_orderable": c.OrderBy,
			"returnable": c.ReturnKeys && class != nil && !class.NoReturn, "search_array": c.AnyEqual, "search_nulls": c.SearchNulls}[a[2].S]
		return yes(known, v)
	}, datum.Bool, datum.Regclass, datum.Int4, datum.Text)
}
