package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// A ledger remembers what the server said of each row: acknowledged rows must be there, refused ones must not, and
// those whose answer never came may be either.
type ledger struct {
	mu           sync.Mutex
	acknowledged map[int64]bool
	unknown      map[int64]bool
	refused      map[int64]bool
	firstRefusal error
}

func newLedger() *ledger {
	return &ledger{acknowledged: map[int64]bool{}, unknown: map[int64]bool{}, refused: map[int64]bool{}}
}

func (l *ledger) note(id int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var pe *pgconn.PgError
	switch {
	case err == nil:
		l.acknowledged[id] = true
	case errors.As(err, &pe) && pe.Severity == "ERROR" && pe.Code != "40003": // 40003: whether it stands is not known
		l.refused[id] = true
		if l.firstRefusal == nil {
			l.firstRefusal = err
		}
	default:
		l.unknown[id] = true
	}
}

func (l *ledger) counts() (acknowledged, refused, unknown int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acknowledged), len(l.refused), len(l.unknown)
}

// check compares with the rows that are visible: acknowledged ⊆ visible ⊆ acknowledged ∪ unknown.
func (l *ledger) check(visible map[int64]bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id := range l.acknowledged {
		if !visible[id] {
			return fmt.Errorf("row %d was acknowledged and is not there", id)
		}
	}
	for id := range visible {
		if !l.acknowledged[id] && !l.unknown[id] {
			return fmt.Errorf("row %d is there and was never acknowledged (refused: %t)", id, l.refused[id])
		}
	}
	return nil
}

// insert lets clients write single rows, each its own transaction, until stop; ids come from next. A client whose
// connection breaks ends.
func insert(ctx context.Context, n *node, clients int, next *atomic.Int64, stop <-chan struct{}, l *ledger) (*sync.WaitGroup, error) {
	var wg sync.WaitGroup
	for range clients {
		conn, err := n.connect(ctx)
		if err != nil {
			return nil, err
		}
		wg.Go(func() {
			defer conn.Close(context.WithoutCancel(ctx))
			for {
				select {
				case <-stop:
					return
				case <-ctx.Done():
					return
				default:
				}
				id := next.Add(1)
				r := row(id)
				_, err := conn.Exec(ctx, "insert into t values ($1, $2, $3, $4, $5, $6, $7)", r...)
				l.note(id, err)
				if conn.IsClosed() {
					return
				}
			}
		})
	}
	return &wg, nil
}

// row is a pure function of its number, so that anyone can say what must be there: id, then six columns of values
// spread over the whole range.
func row(id int64) []any {
	out := []any{id}
	for col := range uint64(6) {
		out = append(out, mix(uint64(id), col))
	}
	return out
}

// mix is the finaliser of splitmix64 (Steele, Lea, Flood 2014).
func mix(id, col uint64) int32 {
	z := id*0x9e3779b97f4a7c15 + col*0xd1342543de82ef95
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return int32((z ^ z>>31) >> 33)
}

// visibleAbove reads the ids beyond the loaded ones, without any index.
func visibleAbove(ctx context.Context, conn *pgx.Conn, above int64) (map[int64]bool, error) {
	rows, err := conn.Query(ctx, "select id from t where id > $1", above)
	if err != nil {
		return nil, err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, err
	}
	seen := make(map[int64]bool, len(ids))
	for _, id := range ids {
		if seen[id] {
			return nil, fmt.Errorf("row %d is there twice", id)
		}
		seen[id] = true
	}
	return seen, nil
}
