package amtest_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/quiredb/quire/plugins/sdk/amtest"
	"github.com/quiredb/quire/plugins/sdk/amtest/sample"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSample(t *testing.T) {
	amtest.Run(t, amtest.Config{Method: sample.New("sample"), Rows: 1500})
}

func TestSorted(t *testing.T) {
	amtest.Run(t, amtest.Config{Method: sample.NewSorted("sorted"), Rows: 600})
}
