package crashtest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/engine"
)

// One history has one outcome, with and without an index, in a pool that is always full, and with a checkpoint behind each
// statement.
func TestSameAnswersUnderAllSettings(t *testing.T) {
	n := int64(3)
	if full() {
		n = 40
	}
	for _, seed := range seeds(t, n) {
		steps := makeHistory(seed, 150)
		for _, way := range []struct {
			name   string
			adjust func(*engine.Options)
			run    func(*run)
		}{
			{name: "large pool", adjust: func(o *engine.Options) { o.Frames = 2048 }},
			{name: "no index", run: func(r *run) { r.noIndexes = true }},
			{name: "32 frames", adjust: func(o *engine.Options) { o.Frames, o.ArenaFrames = 32, func(string) int { return 16 } }},
			{name: "checkpoints", run: func(r *run) {
				r.after = func(step) error { return r.node.engine.Checkpoint(ctx, engine.CheckpointOnline) }
			}},
		} {
			fs, err := newDirectory()
			require.NoError(t, err)
			opts := options()
			if way.adjust != nil {
				way.adjust(&opts)
			}
			x, err := openNode(fs, opts, sessions)
			require.NoError(t, err)
			r := newRun(x)
			if way.run != nil {
				way.run(r)
			}
			require.NoError(t, r.play(steps), "QUIRE_SEED=%d, %s", seed, way.name)
			found, err := x.read()
			require.NoError(t, err)
			require.NoError(t, differ(r.now, found), "QUIRE_SEED=%d, %s", seed, way.name)
			require.NoError(t, x.checkStructure(found), "QUIRE_SEED=%d, %s", seed, way.name)
			require.NoError(t, x.shutdown(), "QUIRE_SEED=%d, %s", seed, way.name)
			require.NoError(t, x.verifyFiles(), "QUIRE_SEED=%d, %s", seed, way.name)
		}
	}
}
