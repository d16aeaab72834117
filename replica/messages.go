package replica

import (
	"encoding/binary"
	"time"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
)

// pgEpoch is where PostgreSQL's clock starts; timestamps on the wire are microseconds since then.
var pgEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func toMicros(t time.Time) int64    { return t.Sub(pgEpoch).Microseconds() }
func fromMicros(us int64) time.Time { return pgEpoch.Add(time.Duration(us) * time.Microsecond) }

// appendData encodes WAL data.
//
//	0     1           9         17      25
//	+-----+-----------+---------+-------+-------+
//	| 'w' | start LSN | WAL end | clock | bytes |
//	+-----+-----------+---------+-------+-------+
func appendData(dst []byte, start, end page.LSN, now time.Time) []byte {
	dst = append(dst, 'w')
	dst = binary.BigEndian.AppendUint64(dst, uint64(start))
	dst = binary.BigEndian.AppendUint64(dst, uint64(end))
	return binary.BigEndian.AppendUint64(dst, uint64(toMicros(now)))
}

// appendKeepalive encodes a keepalive.
//
//	0     1         9       17
//	+-----+---------+-------+-----------------+
//	| 'k' | WAL end | clock | reply requested |
//	+-----+---------+-------+-----------------+
func appendKeepalive(dst []byte, end page.LSN, now time.Time, reply bool) []byte {
	dst = append(dst, 'k')
	dst = binary.BigEndian.AppendUint64(dst, uint64(end))
	dst = binary.BigEndian.AppendUint64(dst, uint64(toMicros(now)))
	if reply {
		return append(dst, 1)
	}
	return append(dst, 0)
}

// A status is a standby's word on how far it is: ends of ranges, so everything below is written, durable, applied.
type status struct {
	write, flush, apply page.LSN
	at                  time.Time
	reply               bool
}

// appendStatus encodes a status update.
//
//	0     1       9       17      25      33
//	+-----+-------+-------+-------+-------+-----------------+
//	| 'r' | write | flush | apply | clock | reply requested |
//	+-----+-------+-------+-------+-------+-----------------+
func appendStatus(dst []byte, s status) []byte {
	dst = append(dst, 'r')
	for _, l := range []page.LSN{s.write, s.flush, s.apply} {
		dst = binary.BigEndian.AppendUint64(dst, uint64(l))
	}
	dst = binary.BigEndian.AppendUint64(dst, uint64(toMicros(s.at)))
	if s.reply {
		return append(dst, 1)
	}
	return append(dst, 0)
}

func decodeStatus(b []byte) (status, error) {
	if len(b) != 34 || b[0] != 'r' {
		return status{}, pgerr.New(pgerr.ProtocolViolation, "malformed standby status message of %d bytes", len(b))
	}
	u := func(at int) uint64 { return binary.BigEndian.Uint64(b[at:]) }
	return status{write: page.LSN(u(1)), flush: page.LSN(u(9)), apply: page.LSN(u(17)), at: fromMicros(int64(u(25))), reply: b[33] != 0}, nil
}

// A fromPrimary is a message of the stream as the standby sees it; data is nil in a keepalive.
type fromPrimary struct {
	start page.LSN // of data
	end   page.LSN // of the primary's durable log
	reply bool
	data  []byte
}

func decodeFromPrimary(b []byte) (fromPrimary, error) {
	switch {
	case len(b) >= 25 && b[0] == 'w':
		return fromPrimary{start: page.LSN(binary.BigEndian.Uint64(b[1:])), end: page.LSN(binary.BigEndian.Uint64(b[9:])), data: b[25:]}, nil
	case len(b) == 18 && b[0] == 'k':
		return fromPrimary{end: page.LSN(binary.BigEndian.Uint64(b[1:])), reply: b[17] != 0}, nil
	}
	return fromPrimary{}, pgerr.New(pgerr.ProtocolViolation, "malformed replication message of %d bytes from the primary", len(b))
}
