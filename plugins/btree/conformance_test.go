package btree

import (
	"testing"

	"github.com/quiredb/quire/plugins/sdk/amtest"
)

func TestConformance(t *testing.T) {
	amtest.Run(t, amtest.Config{Method: Method{}, Rows: 1500})
}
