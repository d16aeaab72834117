package wire

import (
	"fmt"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// RowState is what the host says of a row.
type RowState uint8

// What a row can be in the eyes of the call's transaction: gone, there, or dependent on a transaction that has not ended.
const (
	RowDead RowState = iota
	RowLive
	RowRunning
)

// RowFate is the host's verdict on a row.
type RowFate struct {
	State RowState
	XID   uint64 // of a running row: the transaction to wait for, never 0
}

// rowPlaces unpacks the places of rows of a call: none, or one for each of want addresses.
func rowPlaces(m []uint32, want int) ([]int, error) {
	if len(m) == 0 {
		return nil, nil
	}
	if len(m) != want {
		return nil, fmt.Errorf("%w: places of %d rows for %d addresses", ErrProtocol, len(m), want)
	}
	rows := make([]int, want)
	for i, row := range m {
		rows[i] = int(row)
	}
	return rows, nil
}

// RowFatesToProto asks for verdicts on rows of the table.
func RowFatesToProto(tids []page.TID, rows []int) *pb.RowFates {
	m := &pb.RowFates{Tids: AppendTIDs(make([]byte, 0, len(tids)*tidSize), tids)}
	if len(rows) > 0 {
		m.Rows = make([]uint32, len(rows))
	}
	for i, row := range rows {
		m.Rows[i] = uint32(row)
	}
	return m
}

// RowFatesFromProto unpacks such a question.
func RowFatesFromProto(m *pb.RowFates) (tids []page.TID, rows []int, err error) {
	if m == nil {
		return nil, nil, nil
	}
	if tids, err = DecodeTIDs(m.GetTids(), MaxRowFates); err != nil {
		return nil, nil, err
	}
	rows, err = rowPlaces(m.GetRows(), len(tids))
	return tids, rows, err
}

// FatesToProto packs verdicts.
func FatesToProto(fates []RowFate) *pb.RowFatesReply {
	m := &pb.RowFatesReply{States: make([]byte, len(fates))}
	for i, f := range fates {
		m.States[i] = byte(f.State)
		if f.State == RowRunning {
			m.Xids = append(m.Xids, f.XID)
		}
	}
	return m
}

// FatesFromProto unpacks verdicts on want rows.
func FatesFromProto(m *pb.RowFatesReply, want int) ([]RowFate, error) {
	if len(m.GetStates()) != want {
		return nil, fmt.Errorf("%w: %d verdicts on %d rows", ErrProtocol, len(m.GetStates()), want)
	}
	fates, xids := make([]RowFate, want), m.GetXids()
	for i, s := range m.GetStates() {
		fates[i].State = RowState(s)
		switch {
		case fates[i].State > RowRunning:
			return nil, fmt.Errorf("%w: unknown verdict %d on a row", ErrProtocol, s)
		case fates[i].State < RowRunning:
		case len(xids) == 0 || xids[0] == 0:
			return nil, fmt.Errorf("%w: running row without a transaction", ErrProtocol)
		default:
			fates[i].XID, xids = xids[0], xids[1:]
		}
	}
	if len(xids) != 0 {
		return nil, fmt.Errorf("%w: %d transactions more than running rows", ErrProtocol, len(xids))
	}
	return fates, nil
}
