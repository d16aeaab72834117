package sdk

import (
	"io"

	"github.com/quiredb/quire/plugins/wire"
)

// A RowReader yields the rows of the table to Build, a batch at a time; the next batch is on its way while the caller
// works on the current one. All rows of one batch stay valid until Build returns.
type RowReader struct {
	ask   func() func() ([]wire.Row, error) // begins a request; the function yields rows, none at the end
	ahead func() ([]wire.Row, error)
	done  error
	count float64
}

// NewRowReader returns a reader over batches that next yields, io.EOF at the end. It is for tests of an author's own
// Build.
func NewRowReader(next func() ([]Row, error)) *RowReader {
	return &RowReader{ask: func() func() ([]wire.Row, error) {
		return func() ([]wire.Row, error) {
			rows, err := next()
			if err == io.EOF {
				return nil, nil
			}
			return rows, err
		}
	}}
}

// Next returns the next batch, never an empty one, and io.EOF after the last.
func (r *RowReader) Next() ([]Row, error) {
	if r.done != nil {
		return nil, r.done
	}
	if r.ahead == nil {
		r.ahead = r.ask()
	}
	rows, err := r.ahead()
	switch {
	case err != nil:
		r.done = err
	case len(rows) == 0:
		r.done = io.EOF
	default:
		r.ahead = r.ask()
		r.count += float64(len(rows))
		return rows, nil
	}
	return nil, r.done
}

// Count is the number of rows returned so far.
func (r *RowReader) Count() float64 { return r.count }
