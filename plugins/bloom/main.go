package main

import "github.com/quiredb/quire/plugins/sdk"

func main() { sdk.Serve(Bloom{}) }
