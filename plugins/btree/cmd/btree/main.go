// Command btree serves B-tree indexes to a Quire host.
package main

import (
	"github.com/quiredb/quire/plugins/btree"
	"github.com/quiredb/quire/plugins/sdk"
)

func main() { sdk.Serve(btree.Method{}) }
