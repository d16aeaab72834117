package host

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The plugin's list of calls may be older than a call that was given up meanwhile: it is no proof that the call is over.
func TestOverdueCallIsNotForgottenByAnOldAnswer(t *testing.T) {
	at := func(ms int) time.Time { return time.UnixMilli(int64(ms)) }
	const grace = 50 * time.Millisecond
	s := &session{}
	s.mu.cancelled = map[uint64]time.Time{7: at(100), 8: at(100)}

	_, late := s.overdue([]uint64{8}, at(90), at(110), grace)
	require.False(t, late)
	require.Len(t, s.mu.cancelled, 2, "call 7 began after the question")
	id, late := s.overdue([]uint64{7}, at(120), at(160), grace)
	require.True(t, late)
	require.EqualValues(t, 7, id)
	require.NotContains(t, s.mu.cancelled, uint64(8), "call 8 has ended")
}
