package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCheckpointerStep(t *testing.T) {
	start := time.Unix(1000, 0)
	c := checkpointer{timeout: time.Minute, volume: 1000}
	c.done(start, 100, 150)
	require.Equal(t, NotDue, c.Step(start.Add(time.Hour), 150), "nothing happened since")
	require.Equal(t, NotDue, c.Step(start.Add(59*time.Second), 160))
	require.Equal(t, DueTime, c.Step(start.Add(time.Minute), 160))
	require.Equal(t, NotDue, c.Step(start, 1099))
	require.Equal(t, DueVolume, c.Step(start, 1100), "counted from the redo position")
	c.done(start.Add(time.Minute), 1100, 1150)
	require.Equal(t, NotDue, c.Step(start.Add(time.Minute), 1160))
}
