package amtest_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/quiredb/quire/plugins/sdk/amtest"
	"github.com/quiredb/quire/plugins/sdk/amtest/sample"
	"github.com/quiredb/quire/plugins/wire/shm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSample(t *testing.T) {
	amtest.Run(t, amtest.Config{Method: sample.New("sample"), Rows: 1500})
}

func TestSorted(t *testing.T) {
	amtest.Run(t, amtest.Config{Method: sample.NewSorted("sorted"), Rows: 600})
}

func TestSortedOverSharedLanes(t *testing.T) {
	if !shm.Supported {
		t.Skip("LOUD: lanes in shared memory need Linux")
	}
	amtest.Run(t, amtest.Config{Method: sample.NewSorted("sorted"), Rows: 300, Shared: true})
}
