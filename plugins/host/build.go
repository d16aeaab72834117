package host

import (
	"errors"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// A builder feeds the rows of a build to the plugin. Rows are pulled: the heap scan waits in yield until the plugin has
// asked for more, and the plugin's page requests are served there.
type builder struct {
	call *call
	enc  *rowEncoder
	rows int64
}

// errBuilt stops the heap scan when the plugin has returned before it took all rows.
var errBuilt = errors.New("plugin ended the build")

func (b *builder) run(rows func(yield func([]am.Row) error) error) error {
	err := rows(b.yield)
	switch {
	case errors.Is(err, errBuilt):
		return b.call.failure(protocolError("it ended the build after %d rows without taking the others", b.rows))
	case err != nil:
		return b.call.failure(err)
	}
	return b.last()
}

// yield sends one batch, in as many messages as it takes.
func (b *builder) yield(rows []am.Row) error {
	chunks, err := b.enc.chunks(rows, wire.MaxRowBatch)
	if err != nil {
		return err
	}
	for _, ch := range chunks {
		if err := b.wanted(); err != nil {
			return err
		}
		m := &pb.Rows{Packed: ch.packed, Count: uint32(ch.count)}
		if err := b.call.send(&pb.HostMessage{Kind: &pb.HostMessage_Rows{Rows: m}}); err != nil {
			return b.call.end(err)
		}
		b.rows += int64(ch.count)
		b.call.spills.given += int64(len(ch.packed))
	}
	return nil
}

// wanted waits until the plugin asks for rows.
func (b *builder) wanted() error {
	m, err := b.call.next()
	switch {
	case err != nil:
		return err
	case m.GetResult() != nil:
		return errBuilt
	case m.GetWantRows() == nil:
		return b.call.unexpected(m)
	}
	return nil
}

// last answers every further wish with the end of rows, until the result comes.
func (b *builder) last() error {
	for {
		m, err := b.call.next()
		switch {
		case err != nil:
			return err
		case m.GetResult() != nil:
			return nil
		case m.GetWantRows() == nil:
			return b.call.unexpected(m)
		}
		if err := b.call.send(&pb.HostMessage{Kind: &pb.HostMessage_Rows{Rows: &pb.Rows{Last: true}}}); err != nil {
			return b.call.end(err)
		}
	}
}
