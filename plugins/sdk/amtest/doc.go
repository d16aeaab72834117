// Package amtest is the conformance suite for access methods. An author's test is one line:
//
//	func TestConformance(t *testing.T) { amtest.Run(t, amtest.Config{Method: myindex.New()}) }
//
// The suite plays the host: pages in memory, requests over a lane in the same process, encoded and decoded as on the
// way between two. It builds, inserts, searches and vacuums random rows and compares every answer with what it knows;
// it lets pages move on under the method, kills calls at every request, offers rows twice, and replays everything that was
// logged. Of ordered and unique methods it asks what they promise beyond that.
//
// Always true:
//
//	T1. The store changes a page only in Finish and BulkWrite, by the editor's own code, and each change is applied,
//	    undone and applied again before it counts.
//	T2. A failure names the seed; Config.Seed plays it again.
package amtest
