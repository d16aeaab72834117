package main

import (
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
