// Package host is the host's half of the plugin boundary: it finds access methods in a directory, keeps their
// processes running, and makes an am.Method of each.
//
// Always true:
//
//	H1. What runs is what was verified: the file is hashed through an open descriptor and that descriptor is executed.
//	H2. Nothing waits for a plugin without an end: every start, call, drain and probe has a deadline of its own, and
//	    behind the last of them stands SIGKILL to the plugin's process group.
//	H3. Once a call is over for its caller, no request of its lane is served any more: what a plugin does
//	    afterwards changes nothing.
//	H4. A call reaches the pages of its own index and no other; a scan, a check or a validation changes none.
//	H5. Every byte from a plugin is decoded by a checked decoder, and every row address is compared with the length of
//	    the table before anyone sees it.
//	H6. A plugin's failure is an *am.PluginError that names plugin, call and index. The host goes on.
//	H7. The environment of a plugin holds the handshake and nothing of the host's; its standard input is empty; it
//	    dies with the host.
//	H8. What the host answers from a span is what the plugin said of exactly these keys, and the page it said it of has, at a moment
//	    between the search's begin and its answer, the version that it read.
//
// Locks, outer to inner; none is held while a plugin is called:
//
//	Registry.mu → process.mu
//	spans.mu → indexSpans.mu
//	combiner.mu, gate.mu, lanePool.mu and tail.mu are leaves.
package host
