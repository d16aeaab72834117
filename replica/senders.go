package replica

import (
	"sync"
	"time"

	"github.com/tidwall/btree"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/pgerr"
)

// SenderState is where a Sender stands, in PostgreSQL's words.
type SenderState string

// The states of a Sender.
const (
	StateStartup   SenderState = "startup"
	StateBackup    SenderState = "backup"
	StateCatchup   SenderState = "catchup"
	StateStreaming SenderState = "streaming"
	StateStopping  SenderState = "stopping"
)

// SenderInfo is one row of pg_stat_replication. The LSNs are ends: everything below them is sent, written, durable or
// applied at the standby; 0 where the peer has not said.
type SenderInfo struct {
	PID                           int32
	User, ApplicationName, Addr   string
	Started                       time.Time
	State                         SenderState
	Sent, Write, Flush, Replay    page.LSN
	WriteLag, FlushLag, ReplayLag time.Duration // of the last position that the peer confirmed; 0 when caught up
	ReplyTime                     time.Time
}

// senders is the table of connected standbys.
type senders struct {
	limit int
	mu    struct {
		sync.Mutex
		byPID btree.Map[int32, *SenderInfo]
	}
}

// enter counts a sender in; it fails when max_wal_senders are there.
func (s *senders) enter(info SenderInfo) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.byPID.Len() >= s.limit {
		return pgerr.New(pgerr.TooManyConnections, "number of requested standby connections exceeds max_wal_senders (currently %d)", s.limit).
			WithHint("Raise max_wal_senders, or end a replication connection that is no longer needed.")
	}
	s.mu.byPID.Set(info.PID, &info)
	return nil
}

func (s *senders) leave(pid int32) {
	s.mu.Lock()
	s.mu.byPID.Delete(pid)
	s.mu.Unlock()
}

func (s *senders) update(pid int32, f func(*SenderInfo)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if info, ok := s.mu.byPID.Get(pid); ok {
		f(info)
	}
}

// list is a copy of the table in the order of process numbers.
func (s *senders) list() []SenderInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]SenderInfo, 0, s.mu.byPID.Len())
	s.mu.byPID.Scan(func(_ int32, info *SenderInfo) bool {
		out = append(out, *info)
		return true
	})
	return out
}

// oldestSent is the lowest position that a connected standby still has to be sent, or ^0 without any.
func (s *senders) oldestSent() page.LSN {
	s.mu.Lock()
	defer s.mu.Unlock()
	low := ^page.LSN(0)
	s.mu.byPID.Scan(func(_ int32, info *SenderInfo) bool {
		if info.Sent != 0 {
			low = min(low, info.Sent)
		}
		return true
	})
	return low
}
