package replica

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestStatusRoundTrip(t *testing.T) {
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	s := status{write: 3, flush: 2, apply: 1, at: at, reply: true}
	got, err := decodeStatus(appendStatus(nil, s))
	require.NoError(t, err)
	require.True(t, got.at.Equal(at))
	got.at = at
	require.Equal(t, s, got)
}

func TestStreamMessagesRoundTrip(t *testing.T) {
	now := time.Now()
	m, err := decodeFromPrimary(append(appendData(nil, 5, 9, now), "abcd"...))
	require.NoError(t, err)
	require.Equal(t, fromPrimary{start: 5, end: 9, data: []byte("abcd")}, m)
	m, err = decodeFromPrimary(appendKeepalive(nil, 9, now, true))
	require.NoError(t, err)
	require.Equal(t, fromPrimary{end: 9, reply: true}, m)
}

func FuzzStreamMessages(f *testing.F) {
	f.Add([]byte{})
	f.Add(appendKeepalive(nil, 1, pgEpoch, false))
	f.Add(append(appendData(nil, 1, 2, pgEpoch), 7))
	f.Add(appendStatus(nil, status{write: 1}))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = decodeFromPrimary(b)
		if s, err := decodeStatus(b); err == nil && len(b) != 34 {
			t.Fatalf("accepted a status of %d bytes: %v", len(b), s)
		}
	})
}

func TestLagIsTheTimeFromSendingToConfirmation(t *testing.T) {
	var l lagTracker
	t0 := time.Now()
	l.sent(100, t0)
	l.sent(200, t0.Add(time.Second))
	w, f, r := l.confirmed(200, 100, 0, t0.Add(2*time.Second))
	require.Equal(t, []time.Duration{time.Second, 2 * time.Second, 0}, []time.Duration{w, f, r})
	l.confirmed(200, 200, 200, t0.Add(3*time.Second))
	require.Empty(t, l.samples)
}

func TestLagTrackerIsBounded(t *testing.T) {
	var l lagTracker
	for i := range 10 * maxLagSamples {
		l.sent(1, time.Unix(int64(i), 0))
	}
	require.LessOrEqual(t, len(l.samples), maxLagSamples)
}
