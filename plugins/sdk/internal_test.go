package sdk

import (
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

func TestPageCacheForgetsTheLeastRecent(t *testing.T) {
	c := newPageCache(3)
	for blk := range page.BlockNumber(3) {
		c.put(1, blk, page.New(), 10)
	}
	_, ok := c.get(1, 0)
	require.True(t, ok)
	c.put(2, 0, page.New(), 10) // block 1 of index 1 was used longest ago
	_, ok = c.get(1, 1)
	require.False(t, ok)
	_, ok = c.get(1, 0)
	require.True(t, ok)

	newer := page.New()
	c.put(1, 0, newer, 11)
	c.put(1, 0, page.New(), 5) // a reader that was slow
	got, _ := c.get(1, 0)
	require.EqualValues(t, 11, got.version)
	c.drop(1, 0)
	c.drop(1, 0)
	_, ok = c.get(1, 0)
	require.False(t, ok)
	c.put(1, 7, page.New(), 0) // never written: nothing to compare
	_, ok = c.get(1, 7)
	require.False(t, ok)
}

func TestLaneKeepsIndexes(t *testing.T) {
	var l laneIndexes
	call := func(name string, slot uint32) *pb.Call {
		c := &pb.Call{IndexSlot: slot}
		if name != "" {
			c.Index = &pb.Index{Name: name}
		}
		return c
	}
	for _, step := range []struct {
		name string
		slot uint32
		want string // none: the lane is cut
	}{
		{"", 0, ""}, {"", 1, ""}, {"once", 0, "once"}, {"", 0, ""},
		{"a", 1, "a"}, {"b", wire.MaxIndexSlots, "b"}, {"", 1, "a"}, {"", wire.MaxIndexSlots, "b"}, {"c", 1, "c"}, {"", 1, "c"},
		{"", wire.MaxIndexSlots + 1, ""}, {"d", 1 << 31, ""},
	} {
		d, err := l.of(call(step.name, step.slot), zerolog.Nop())
		if step.want == "" {
			require.ErrorIs(t, err, wire.ErrProtocol)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, step.want, d.info.Name)
	}
}

func TestCallTableDrains(t *testing.T) {
	c := newCallTable()
	require.NoError(t, c.enter(2))
	require.NoError(t, c.enter(1))
	active, done := c.snapshot()
	require.Equal(t, []uint64{1, 2}, active)
	require.Zero(t, done)
	drained := c.drain()
	require.ErrorIs(t, c.enter(3), wire.ErrDraining)
	c.leave(1)
	select {
	case <-drained:
		t.Fatal("a call still runs")
	default:
	}
	c.leave(2)
	<-drained
	<-c.drain()
	_, done = c.snapshot()
	require.EqualValues(t, 2, done)
}

// nothing is an access method that only describes itself.
type nothing struct{ AccessMethod }

func (nothing) Describe() Description {
	return Description{
		Name: "nothing", Version: "0.1", Summary: "does nothing",
		Options: []OptionDef{
			{Name: "length", Type: wire.OptionInt, Default: "80", Min: 1, Max: 4096, Help: "bits of a signature"},
			{Name: "col", Type: wire.OptionInt, Min: 1, Max: 4095, PerColumn: true},
			{Name: "mode", Type: wire.OptionEnum, Values: []string{"fast", "small"}},
		},
		Classes: []OpClass{{Name: "int4_ops", Type: wire.TypeInt4, Operators: []string{"=", "<"}, Default: true}},
		Caps:    Capabilities{BitmapOnly: true, MaxColumns: 32}, Cost: Cost{PageFraction: 1},
	}
}

func TestStartedByHand(t *testing.T) {
	run := func(args ...string) (code int, out, errs string) {
		var o, e strings.Builder
		code = byHand(nothing{}, append([]string{"/x/nothing"}, args...), &o, &e)
		return code, o.String(), e.String()
	}
	code, out, _ := run()
	require.Zero(t, code)
	require.Contains(t, out, `"nothing", an index access method for Quire: does nothing`)
	require.Contains(t, out, "install -m 0755 nothing PLUGIN_DIR/")
	code, out, _ = run("--version")
	require.Zero(t, code)
	require.Equal(t, "nothing 0.1 (quire-sdk-go/1, protocol 1)\n", out)
	code, out, _ = run("--describe")
	require.Zero(t, code)
	for _, line := range []string{
		"length int 1..4096, default 80: bits of a signature", "col1, col2, ... int 1..4095", "mode enum fast|small",
		"int4_ops: type 23, operators = < (default)", "bitmap only, up to 32 columns", "page fraction 1",
	} {
		require.Contains(t, out, line)
	}
	code, _, errs := run("--nonsense")
	require.Equal(t, 2, code)
	require.Contains(t, errs, "Usage: nothing [--describe | --version]")
	code, _, errs = run("--help")
	require.Zero(t, code)
	require.Contains(t, errs, "Usage")
}
