package sdk

import (
	"fmt"

	"github.com/rs/zerolog"

	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// A described is an index as the calls of one lane know it. They come one after the other, so nothing in it is locked.
type described struct {
	info     wire.IndexInfo
	log      zerolog.Logger
	prepared any // what Prepared made of it
}

// Prepared returns what prepare makes of an index's columns and options, and keeps it for the next call: as long as the index's description
// stays the same, prepare runs once for each lane, however many calls come. An error is not kept. Calls that run at the
// same time have values of their own, so a value may carry memory to work in.
func Prepared[T any](ix *Index, prepare func(ix *Index) (T, error)) (T, error) {
	if v, ok := ix.about.prepared.(T); ok {
		return v, nil
	}
	v, err := prepare(ix)
	if err == nil {
		ix.about.prepared = v
	}
	return v, err
}

// laneIndexes are the indexes whose description the host has given to a lane, by slot; nil where there is none.
type laneIndexes [wire.MaxIndexSlots]*described

// of finds the index of a call, and keeps what the call says of it.
func (l *laneIndexes) of(call *pb.Call, log zerolog.Logger) (*described, error) {
	slot := call.GetIndexSlot()
	if slot > wire.MaxIndexSlots {
		return nil, fmt.Errorf("%w: slot %d for an index, a lane has %d", wire.ErrProtocol, slot, wire.MaxIndexSlots)
	}
	if call.GetIndex() == nil {
		if slot == 0 || l[slot-1] == nil {
			return nil, fmt.Errorf("%w: call without an index", wire.ErrProtocol)
		}
		return l[slot-1], nil
	}
	info, err := wire.IndexFromProto(call.GetIndex())
	if err != nil {
		return nil, err
	}
	d := &described{info: info, log: log.With().Str("index", info.Name).Logger()}
	if slot > 0 {
		l[slot-1] = d
	}
	return d, nil
}
