// Command bloom serves bloom filter indexes to a Quire host.
package main

import (
	"github.com/quiredb/quire/plugins/bloom"
	"github.com/quiredb/quire/plugins/sdk"
)

func main() { sdk.Serve(bloom.Method{}) }
