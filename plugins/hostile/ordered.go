package main

import (
	"encoding/binary"
	"slices"

	"github.com/quiredb/quire/core/ordkey"
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

func init() {
	for label, act := range orderedActs {
		acts[label] = act
	}
}

func conflicts(cs ...wire.Conflict) *pb.PluginMessage {
	return &pb.PluginMessage{Kind: &pb.PluginMessage_Result{Result: &pb.Result{Conflicts: wire.AppendConflicts(nil, cs)}}}
}

// lastHits are hits that come with the result, each at a row that is there, with one value each.
func lastHits(values ...wire.Value) *pb.PluginMessage {
	h := &pb.Hits{Count: uint32(len(values))}
	for i, v := range values {
		h.Packed = wire.AppendHit(h.Packed, page.TID{Block: 0, Offset: page.OffsetNumber(i + 1)}, false)
		h.Values = wire.AppendValue(h.Values, v)
	}
	return &pb.PluginMessage{Kind: &pb.PluginMessage_Result{Result: &pb.Result{Hits: h}}}
}

// foundOnly answers all lookups of a call but some, each with one row.
func foundOnly(a *actor, but int, tid page.TID) *pb.PluginMessage {
	r := &pb.Result{}
	for range len(a.call.GetLookups()) - but {
		r.Found = append(r.Found, &pb.Found{Hits: &pb.Hits{Packed: wire.AppendHit(nil, tid, false), Count: 1}})
	}
	return &pb.PluginMessage{Kind: &pb.PluginMessage_Result{Result: r}}
}

// foundWith answers all lookups of a call with no row, and with a span those that want one, or all.
func foundWith(a *actor, all bool, s *pb.Span) *pb.PluginMessage {
	r := &pb.Result{}
	for _, l := range a.call.GetLookups() {
		f := &pb.Found{}
		if all || l.GetSpan() {
			f.Span = s
		}
		r.Found = append(r.Found, f)
	}
	return &pb.PluginMessage{Kind: &pb.PluginMessage_Result{Result: r}}
}

// key is that of a row with an integer and an empty text.
func key(i int32) []byte {
	k, err := ordkey.Append(nil, wire.TypeInt4, wire.OfInt4(i), false, false)
	if err == nil {
		k, err = ordkey.Append(k, wire.TypeText, wire.OfText(""), false, false)
	}
	if err != nil {
		panic(err)
	}
	return k
}

// span has one row for each key, in whatever order they are.
func span(keys ...[]byte) *pb.Span {
	s := &pb.Span{Version: 1, Endless: true, Count: uint32(len(keys))}
	end := 0
	for i, k := range keys {
		end += len(k)
		s.Packed = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(s.Packed, uint16(end)), uint16(i+1))
	}
	s.Packed = append(s.Packed, slices.Concat(keys...)...)
	for range keys {
		s.Packed = there.AppendBinary(s.Packed)
	}
	return s
}

func (a *actor) spill(m *pb.Spill) (*pb.PageReply, error) {
	return a.ask(&pb.PageRequest{Kind: &pb.PageRequest_Spill{Spill: m}})
}

var there = page.TID{Block: 1, Offset: 1}

// orderedActs lie about order, equality and keys, and misuse temporary files.
var orderedActs = map[string]func(a *actor) error{
	"conflictrow":   func(a *actor) error { return a.say(conflicts(wire.Conflict{Row: 1 << 20, TID: there})) },
	"conflictagain": func(a *actor) error { return a.say(conflicts(wire.Conflict{TID: there}, wire.Conflict{TID: there})) },
	"conflictfar":   func(a *actor) error { return a.say(conflicts(wire.Conflict{TID: page.TID{Block: 1 << 30, Offset: 1}})) },
	"conflictzero":  func(a *actor) error { return a.say(conflicts(wire.Conflict{})) },
	"conflictbytes": func(a *actor) error {
		m := conflicts(wire.Conflict{TID: there})
		m.GetResult().Conflicts = m.GetResult().Conflicts[1:]
		return a.say(m)
	},
	"conflictxid": func(a *actor) error { return a.say(conflicts(wire.Conflict{TID: there, XID: 1 << 60})) },

	"novalues":   func(a *actor) error { return a.say(hits(wire.AppendHit(nil, there, false), 1), result()) },
	"badvalue":   func(a *actor) error { return a.say(lastHits(wire.Value{1, 2, 3})) },
	"disorder":   func(a *actor) error { return a.say(lastHits(wire.OfInt4(1), wire.OfInt4(3), wire.OfInt4(2))) },
	"nulldisord": func(a *actor) error { return a.say(lastHits(nil, wire.OfInt4(3))) },
	"extravalue": func(a *actor) error {
		m := lastHits(wire.OfInt4(1))
		m.GetResult().Hits.Values = wire.AppendValue(m.GetResult().Hits.Values, wire.OfInt4(1))
		return a.say(m)
	},
	"unasked": func(a *actor) error { // far more messages of hits than it may send
		for range 2000 {
			if err := a.say(hits(wire.AppendHit(nil, there, true), 1)); err != nil {
				return err
			}
		}
		return a.say(result())
	},

	"nofound":  func(a *actor) error { return a.say(result()) },
	"foundfew": func(a *actor) error { return a.say(foundOnly(a, 1, there)) },
	"foundbig": func(a *actor) error { return a.say(foundOnly(a, -1000, there)) },
	"foundfar": func(a *actor) error { return a.say(foundOnly(a, 0, page.TID{Block: 1 << 30, Offset: 1})) },
	"foundagain": func(a *actor) error {
		if len(a.call.GetLookups()) == 0 {
			return a.say(hits(wire.AppendHit(nil, there, false), 1), result())
		}
		m := foundOnly(a, 0, there)
		for _, f := range m.GetResult().Found {
			f.Again = true
		}
		return a.say(m)
	},

	"spanunasked": func(a *actor) error { return a.say(foundWith(a, true, span(key(1), key(2)))) },
	"spanshort": func(a *actor) error {
		return a.say(foundWith(a, false, &pb.Span{Version: 1, Endless: true, Count: 1 << 30}))
	},
	"spanends": func(a *actor) error {
		s := span(key(1), key(2))
		s.Packed[0] = 0xff
		return a.say(foundWith(a, false, s))
	},
	"spanorder": func(a *actor) error { return a.say(foundWith(a, false, span(key(2), key(1)))) },
	"spanbounds": func(a *actor) error {
		s := span(key(1), key(3))
		s.Endless, s.High = false, key(2)
		return a.say(foundWith(a, false, s))
	},
	"spanturned": func(a *actor) error {
		s := span()
		s.Endless, s.Low, s.High = false, key(2), key(1)
		return a.say(foundWith(a, false, s))
	},
	"spankeys": func(a *actor) error { return a.say(foundWith(a, false, span([]byte("a"), []byte("b")))) },
	"spanmore": func(a *actor) error { return a.say(foundWith(a, false, span(append(key(1), 7)))) },
	"spanfar": func(a *actor) error {
		s := span(key(1))
		s.Packed[len(s.Packed)-3] = 0xff
		return a.say(foundWith(a, false, s))
	},
	"spanoffset": func(a *actor) error {
		s := span(key(1))
		s.Packed[len(s.Packed)-1] = 0xff
		return a.say(foundWith(a, false, s))
	},
	"spanblock": func(a *actor) error {
		s := span(key(1))
		s.Block = 1 << 30
		return a.say(foundWith(a, false, s))
	},
	"spanversion": func(a *actor) error { return a.say(foundWith(a, false, span(key(1)))) }, // of a page as it never was
	"spanlie": func(a *actor) error { // well formed, of the page as it is, and not what it says
		reply, err := a.ask(&pb.PageRequest{Kind: &pb.PageRequest_Read{Read: &pb.Read{Blocks: []uint32{0}}}})
		if err != nil {
			return err
		}
		s := span(key(1), key(2))
		s.Version = reply.GetRead().GetVersions()[0]
		return a.say(foundWith(a, false, s))
	},

	"spill":      func(a *actor) error { return a.report(a.spill(&pb.Spill{What: &pb.Spill_Open{Open: true}})) },
	"spillnone":  func(a *actor) error { return a.report(a.spill(&pb.Spill{})) },
	"spillother": func(a *actor) error { return a.report(a.spill(&pb.Spill{File: 7, What: &pb.Spill_Close{Close: true}})) },
	"spilllong": func(a *actor) error {
		return a.report(a.spill(&pb.Spill{File: 1, What: &pb.Spill_Read{Read: &pb.SpillRead{Length: 1 << 31}}}))
	},
	"spillmany": func(a *actor) error {
		for {
			reply, err := a.spill(&pb.Spill{What: &pb.Spill_Open{Open: true}})
			if err != nil || reply.GetError() != nil {
				return a.report(reply, err)
			}
		}
	},
	"spillgap": func(a *actor) error { // a hole counts as well
		reply, err := a.spill(&pb.Spill{What: &pb.Spill_Open{Open: true}})
		if err != nil {
			return err
		}
		return a.report(a.spill(&pb.Spill{File: reply.GetSpill().GetFile(), What: &pb.Spill_Write{
			Write: &pb.SpillWrite{Offset: 1 << 40, Data: []byte("x")},
		}}))
	},
}
