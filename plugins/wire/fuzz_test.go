package wire

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// FuzzPluginMessage decodes whatever a plugin may send, all the way to page edits replayed on a page. Nothing panics, and
// a page that the editor accepts after a replay is one that Change can describe.
func FuzzPluginMessage(f *testing.F) {
	base := page.NewEditor(page.New())
	if err := base.Init(16, 0); err != nil {
		f.Fatal(err)
	}
	for i := range 5 {
		if err := base.InsertItem(page.OffsetNumber(i+1), []byte("item number one")); err != nil {
			f.Fatal(err)
		}
	}
	ed := page.NewEditor(base.Page())
	if err := ed.InsertItem(2, []byte("inserted")); err != nil {
		f.Fatal(err)
	}
	forward, _ := ed.ForwardEdits()
	for _, m := range []*pb.PluginMessage{
		{Kind: &pb.PluginMessage_Page{Page: &pb.PageRequest{Kind: &pb.PageRequest_Finish{Finish: FinishToProto(Finish{Annotation: "seed", Blocks: []BlockEdit{{Block: 1, Version: 2, Forward: forward}}, Last: true, Dead: []page.TID{{Block: 1, Offset: 2}}})}}}},
		{Kind: &pb.PluginMessage_Page{Page: &pb.PageRequest{Kind: &pb.PageRequest_Finish{Finish: FinishToProto(Finish{Blocks: []BlockEdit{{Block: 1, New: true, Image: base.Page()}}})}}}},
		{Kind: &pb.PluginMessage_Page{Page: &pb.PageRequest{Kind: &pb.PageRequest_Read{Read: RefsToProto([]PageRef{{Block: 1, Known: 4}})}}}},
		{Kind: &pb.PluginMessage_Page{Page: &pb.PageRequest{Kind: &pb.PageRequest_Bulk{Bulk: &pb.BulkWrite{Pages: base.Page()}}}}},
		{Kind: &pb.PluginMessage_Page{Page: &pb.PageRequest{Kind: &pb.PageRequest_Fates{Fates: &pb.RowFates{Tids: make([]byte, 12)}}}}},
		{Kind: &pb.PluginMessage_Page{Page: &pb.PageRequest{Kind: &pb.PageRequest_Spill{Spill: &pb.Spill{What: &pb.Spill_Write{Write: &pb.SpillWrite{Offset: 1, Data: []byte("x")}}}}}}},
		{Kind: &pb.PluginMessage_Result{Result: &pb.Result{Conflicts: AppendConflicts(nil, []Conflict{{Row: 1, TID: page.TID{Offset: 1}, XID: 5}})}}},
		{Kind: &pb.PluginMessage_Hits{Hits: &pb.Hits{Packed: AppendHit(nil, page.TID{Offset: 1}, true), Count: 1, Values: AppendValue(nil, OfInt4(3))}}},
		{Kind: &pb.PluginMessage_Hits{Hits: &pb.Hits{Packed: AppendHit(nil, page.TID{Block: 1, Offset: 1}, true), Count: 1, OrderBy: []float64{1}}}},
		{Kind: &pb.PluginMessage_Error{Error: &pb.Error{Code: 3, Message: "bad\x1b", Sqlstate: "22023"}}},
		{Kind: &pb.PluginMessage_Result{Result: &pb.Result{Pages: base.Page(), Options: map[string]string{"a": "b"}}}},
	} {
		b, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	basePage := append(page.Page(nil), base.Page()...)
	f.Fuzz(func(t *testing.T, b []byte) {
		var m pb.PluginMessage
		if proto.Unmarshal(b, &m) != nil {
			return
		}
		if h := m.GetHits(); h != nil {
			if hits, err := DecodeHits(nil, h.GetPacked(), int(h.GetCount()), h.GetOrderBy()); err == nil {
				_ = SetHitValues(hits, h.GetValues(), 1)
			}
		}
		if e := m.GetError(); e != nil {
			_ = ErrorFromProto(e).Error()
		}
		if r := m.GetResult(); r != nil {
			pages, _ := PagesFrom(r.GetPages(), MaxEmptyPages)
			for _, p := range pages {
				_ = p.Validate()
			}
		}
		if r := m.GetResult(); r != nil {
			_, _ = DecodeConflicts(r.GetConflicts(), 2)
		}
		switch k := m.GetPage().GetKind().(type) {
		case *pb.PageRequest_Read:
			_, _ = RefsFromProto(k.Read)
		case *pb.PageRequest_Bulk:
			_, _ = PagesFrom(k.Bulk.GetPages(), MaxBulkPages)
		case *pb.PageRequest_Fates:
			_, _, _ = RowFatesFromProto(k.Fates)
		case *pb.PageRequest_Finish:
			f, err := FinishFromProto(k.Finish)
			if err != nil {
				return
			}
			for _, e := range f.Blocks {
				replay(t, basePage, e)
			}
		}
	})
}

func replay(t *testing.T, base page.Page, e BlockEdit) {
	ed := page.NewEditor(base)
	if e.New {
		ed = page.NewEditor(page.New())
	}
	if e.Image != nil {
		ed.ReplaceImage(e.Image)
	} else if ed.Replay(e.Forward) != nil {
		return
	}
	if ed.Page().Validate() != nil {
		return
	}
	start := append(page.Page(nil), base...)
	if e.New {
		start = page.New()
	}
	c, changed := ed.Change(e.FullImage)
	if !changed {
		return
	}
	if err := c.Apply(start, 1); err != nil {
		t.Fatalf("a page that was accepted cannot be replayed: %v", err)
	}
}

// FuzzHostMessage decodes whatever a host may send to a plugin.
func FuzzHostMessage(f *testing.F) {
	dead, err := NewDeadSet(page.TID{Block: 1, Offset: 2}, page.TID{Block: 70000, Offset: 1}).MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	rows := AppendRow(nil, page.TID{Block: 1, Offset: 2}, []Value{OfInt4(1), nil})
	scan := &pb.Call{Method: pb.Method_SCAN, Index: IndexToProto(IndexInfo{Columns: make([]Column, 2)})}
	ScanToProto(scan, Scan{Keys: []ScanKey{{Arg: OfInt4(1)}, {Operator: AnyEqual, Args: []Value{OfInt4(1), OfInt4(2)}}}, Return: []int{1}, Limit: 5})
	for _, m := range []*pb.HostMessage{
		{Kind: &pb.HostMessage_Call{Call: &pb.Call{Method: pb.Method_INSERT, Rows: rows, RowCount: 1, Index: IndexToProto(IndexInfo{Columns: make([]Column, 2)})}}},
		{Kind: &pb.HostMessage_Call{Call: scan}},
		{Kind: &pb.HostMessage_Rows{Rows: &pb.Rows{Packed: rows, Count: 1}}},
		{Kind: &pb.HostMessage_Dead{Dead: &pb.DeadSetPart{Data: dead, Last: true}}},
		{Kind: &pb.HostMessage_Page{Page: &pb.PageReply{Kind: &pb.PageReply_Read{Read: ReadsToProto([]PageRead{{Version: 1, Page: page.New()}})}}}},
		{Kind: &pb.HostMessage_Page{Page: &pb.PageReply{Error: &pb.Error{Code: 1}}}},
		{Kind: &pb.HostMessage_Page{Page: &pb.PageReply{Kind: &pb.PageReply_Fates{Fates: FatesToProto([]RowFate{{State: RowRunning, XID: 4}, {State: RowLive}})}}}},
		{Kind: &pb.HostMessage_Flow{Flow: &pb.Flow{Call: 1, Stop: true}}},
	} {
		b, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var m pb.HostMessage
		if proto.Unmarshal(b, &m) != nil {
			return
		}
		if c := m.GetCall(); c != nil {
			ix, err := IndexFromProto(c.GetIndex())
			if err != nil {
				return
			}
			_, _ = DecodeRows(c.GetRows(), int(c.GetRowCount()), len(ix.Columns))
			_, _ = ScanFromProto(c, len(ix.Columns))
		}
		if r := m.GetPage().GetFates(); r != nil {
			_, _ = FatesFromProto(r, 2)
		}
		if r := m.GetRows(); r != nil {
			_, _ = DecodeRows(r.GetPacked(), int(r.GetCount()), 2)
		}
		if d := m.GetDead(); d != nil && len(d.GetData()) < 1<<16 {
			set := NewDeadSet()
			if set.UnmarshalBinary(d.GetData()) == nil {
				n := 0
				set.All(func(tid page.TID) bool { n++; return set.Contains(tid) && n < 1000 })
			}
		}
		if r := m.GetPage().GetRead(); r != nil {
			_, _ = ReadsFromProto(r, []PageRef{{Block: 1, Known: 5}})
		}
	})
}

// FuzzRows decodes packed rows by themselves, where the fuzzer gets deeper.
func FuzzRows(f *testing.F) {
	f.Add(AppendRow(nil, page.TID{Block: 1, Offset: 2}, []Value{OfInt4(1), nil}), uint16(1), uint8(2))
	f.Fuzz(func(t *testing.T, b []byte, count uint16, columns uint8) {
		rows, err := DecodeRows(b, int(count), int(columns))
		if err != nil {
			return
		}
		var again []byte
		for _, r := range rows {
			again = AppendRow(again, r.TID, r.Values)
		}
		back, err := DecodeRows(again, int(count), int(columns))
		if err != nil || len(back) != len(rows) {
			t.Fatalf("%d rows, then %d: %v", len(rows), len(back), err)
		}
	})
}
