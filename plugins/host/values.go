package host

import (
	"fmt"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/plugins/wire"
)

// A rowEncoder packs rows in the form of package wire, values in PostgreSQL's binary formats.
type rowEncoder struct {
	types  []*datum.TypeInfo
	values []wire.Value
	buf    []byte // values' bytes; never nil, because an empty value in it would be nil too, and so NULL
}

func newRowEncoder(columns []am.Column) (*rowEncoder, error) {
	e := &rowEncoder{types: make([]*datum.TypeInfo, len(columns)), values: make([]wire.Value, len(columns)), buf: make([]byte, 0, 64)}
	for i, c := range columns {
		if e.types[i] = datum.Lookup(c.Type); e.types[i] == nil {
			return nil, pgerr.New(pgerr.FeatureNotSupported, "column %q has type %d, which an index cannot hold", c.Name, c.Type)
		}
	}
	return e, nil
}

// append packs one row.
func (e *rowEncoder) append(dst []byte, tid page.TID, row []datum.Datum) ([]byte, error) {
	if len(row) != len(e.types) {
		return dst, fmt.Errorf("row %v has %d values for %d index columns", tid, len(row), len(e.types))
	}
	e.buf = e.buf[:0]
	for i, d := range row {
		if d.Null {
			e.values[i] = nil
			continue
		}
		start := len(e.buf)
		e.buf = e.types[i].AppendBinary(e.buf, d)
		e.values[i] = e.buf[start:len(e.buf):len(e.buf)]
	}
	before := len(dst)
	dst = wire.AppendRow(dst, tid, e.values)
	if size := len(dst) - before; size > wire.MaxRowBatch {
		return dst[:before], pgerr.New(pgerr.ProgramLimitExceeded, "index row size %d exceeds the maximum %d", size, wire.MaxRowBatch).
			WithHint("Values this long cannot be indexed. Consider an index on a hash of the value.")
	}
	return dst, nil
}

// A chunk is a run of packed rows that fits into one message.
type chunk struct {
	packed []byte
	count  int
}

// chunks packs rows into runs of at most size bytes; a longer row is a run of its own.
func (e *rowEncoder) chunks(rows []am.Row, size int) ([]chunk, error) {
	var out []chunk
	for len(rows) > 0 {
		c, err := e.chunk(rows, size)
		if err != nil {
			return nil, err
		}
		out, rows = append(out, c), rows[c.count:]
	}
	return out, nil
}

// chunk packs rows from the first on, as many as fit into size bytes, but one at least.
func (e *rowEncoder) chunk(rows []am.Row, size int) (chunk, error) {
	var c chunk
	for i := range rows {
		packed, err := e.append(c.packed, rows[i].TID, rows[i].Values)
		if err != nil {
			return chunk{}, err
		}
		if len(packed) > size && c.count > 0 {
			break
		}
		c.packed, c.count = packed, c.count+1
	}
	return c, nil
}

// encodeKeys packs the conditions of a scan.
func encodeKeys(columns []am.Column, keys []am.ScanKey) ([]wire.ScanKey, error) {
	out, size := make([]wire.ScanKey, len(keys)), 0
	for i, k := range keys {
		if k.Column < 0 || k.Column >= len(columns) {
			return nil, fmt.Errorf("condition on column %d of an index of %d columns", k.Column, len(columns))
		}
		out[i] = wire.ScanKey{Column: k.Column, Operator: k.Strategy}
		if k.Strategy == am.IsNull || k.Strategy == am.IsNotNull {
			continue
		}
		t := datum.Lookup(columns[k.Column].Type)
		if t == nil {
			return nil, fmt.Errorf("condition on a column of the unknown type %d", columns[k.Column].Type)
		}
		if k.Strategy == am.AnyEqual {
			for _, arg := range k.Args {
				v := t.AppendBinary(wire.Value{}, arg)
				out[i].Args = append(out[i].Args, v)
				size += len(v) + 4
			}
		} else if !k.Arg.Null {
			out[i].Arg = t.AppendBinary(wire.Value{}, k.Arg)
			size += len(out[i].Arg)
		}
	}
	if size > wire.MaxScanKeys {
		return nil, pgerr.New(pgerr.ProgramLimitExceeded, "search values of %d bytes, the limit for an index is %d", size, wire.MaxScanKeys).
			WithHint("Use a shorter list.")
	}
	return out, nil
}
