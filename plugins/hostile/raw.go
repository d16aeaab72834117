package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"

	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/plugins/sdk"
	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// A server misbehaves in ways the SDK does not allow: it sees the lanes themselves.
type server struct {
	pb.UnimplementedAccessMethodServer
	am       sdk.AccessMethod
	describe func() (*pb.Description, error)
}

func (s *server) Describe(context.Context, *pb.DescribeRequest) (*pb.Description, error) {
	if s.describe != nil {
		return s.describe()
	}
	return wire.DescriptionToProto(s.am.Describe()), nil
}

func (s *server) Health(context.Context, *pb.HealthRequest) (*pb.HealthReply, error) {
	return &pb.HealthReply{}, nil
}

func (s *server) Drain(context.Context, *pb.DrainRequest) (*pb.DrainReply, error) {
	return &pb.DrainReply{}, nil
}

// Lane hands the lane to the SDK, but for the calls that the acts take.
func (s *server) Lane(stream pb.AccessMethod_LaneServer) error {
	return sdk.NewServer(s.am).Lane(&watchedLane{BidiStreamingServer: stream})
}

// watchedLane takes calls whose label names an act away from the SDK.
type watchedLane struct {
	grpc.BidiStreamingServer[pb.HostMessage, pb.PluginMessage]
	labels [1 + wire.MaxIndexSlots]string // of the indexes that the lane keeps
}

// label is that of a call's index.
func (w *watchedLane) label(call *pb.Call) string {
	if call.GetIndex() != nil {
		w.labels[call.GetIndexSlot()] = call.GetIndex().GetOptions()["label"]
	}
	return w.labels[call.GetIndexSlot()]
}

func (w *watchedLane) Recv() (*pb.HostMessage, error) {
	for {
		m, err := w.BidiStreamingServer.Recv()
		if err != nil {
			return nil, err
		}
		act, ok := acts[w.label(m.GetCall())]
		if m.GetCall() == nil || !ok {
			return m, nil
		}
		if err := act(&actor{stream: w.BidiStreamingServer, call: m.GetCall()}); err != nil {
			return nil, err
		}
	}
}

// An actor says what it likes on a lane.
type actor struct {
	stream pb.AccessMethod_LaneServer
	call   *pb.Call
}

func (a *actor) say(ms ...*pb.PluginMessage) error {
	for _, m := range ms {
		m.Call = a.call.GetId()
		if err := a.stream.Send(m); err != nil {
			return err
		}
	}
	return nil
}

// ask makes a page request and returns the answer.
func (a *actor) ask(req *pb.PageRequest) (*pb.PageReply, error) {
	if err := a.say(&pb.PluginMessage{Kind: &pb.PluginMessage_Page{Page: req}}); err != nil {
		return nil, err
	}
	m, err := a.stream.Recv()
	return m.GetPage(), err
}

// stay keeps the lane open until the host ends it.
func (a *actor) stay() error {
	for {
		if _, err := a.stream.Recv(); err != nil {
			if err == io.EOF {
				return nil
			}
			return err
		}
	}
}

// report ends the call with what the host answered, as an error the test can read.
func (a *actor) report(reply *pb.PageReply, err error) error {
	if err != nil {
		return err
	}
	text := fmt.Sprintf("allowed: %T", reply.GetKind())
	if e := reply.GetError(); e != nil {
		text = fmt.Sprintf("%v: %s", e.GetCode(), e.GetMessage())
	}
	return a.say(&pb.PluginMessage{Kind: &pb.PluginMessage_Error{Error: &pb.Error{Code: pb.Code_INVALID_VALUE, Message: text}}})
}

func result() *pb.PluginMessage {
	return &pb.PluginMessage{Kind: &pb.PluginMessage_Result{Result: &pb.Result{}}}
}

func hits(packed []byte, count int) *pb.PluginMessage {
	return &pb.PluginMessage{Kind: &pb.PluginMessage_Hits{Hits: &pb.Hits{Packed: packed, Count: uint32(count)}}}
}

func finish(blocks ...*pb.BlockEdit) *pb.PageRequest {
	return &pb.PageRequest{Kind: &pb.PageRequest_Finish{Finish: &pb.Finish{Annotation: "hostile", Blocks: blocks}}}
}

func last(blocks ...*pb.BlockEdit) *pb.PageRequest {
	req := finish(blocks...)
	req.GetFinish().Last = true
	return req
}

// endWithFinish ends an Insert with a Finish that changes nothing.
func (a *actor) endWithFinish() error {
	v, err := a.version()
	if err == nil {
		_, err = a.ask(last(&pb.BlockEdit{Block: 0, Version: v}))
	}
	return err
}

// acts are the things to do on a lane, by label.
var acts = map[string]func(a *actor) error{
	"empty": func(a *actor) error { return a.say(&pb.PluginMessage{}, result()) },
	"wrong": func(a *actor) error { return a.say(hits(nil, 0), result()) },
	"huge": func(a *actor) error {
		return a.say(&pb.PluginMessage{Kind: &pb.PluginMessage_Problem{Problem: &pb.Problem{Text: string(make([]byte, 5<<20))}}})
	},
	"bye":       func(*actor) error { return io.EOF },
	"twice":     func(a *actor) error { return a.say(result(), result(), result()) },
	"hitcount":  func(a *actor) error { return a.say(hits(make([]byte, 7), 1<<30)) },
	"hitbytes":  func(a *actor) error { return a.say(hits(make([]byte, 8), 1)) },
	"offset0":   func(a *actor) error { return a.say(hits(make([]byte, 7), 1)) },
	"offsetbig": func(a *actor) error { return a.say(hits([]byte{0, 0, 0, 0, 0xff, 0xff, 0}, 1)) },
	"farblock":  func(a *actor) error { return a.say(hits([]byte{0xff, 0xff, 0xff, 0xff, 1, 0, 0}, 1)) },
	"nothing":   func(a *actor) error { return a.report(a.ask(&pb.PageRequest{})) },
	"beyond": func(a *actor) error {
		return a.report(a.ask(finish(&pb.BlockEdit{Block: 1 << 30, Version: 1})))
	},
	"stolen": func(a *actor) error { // a new block that nobody handed out
		return a.report(a.ask(finish(&pb.BlockEdit{Block: 1, NewPage: true, Forward: []byte{13, 0, 0}})))
	},
	"double": func(a *actor) error {
		e := &pb.BlockEdit{Block: 0, Version: 1}
		return a.report(a.ask(finish(e, e)))
	},
	"many": func(a *actor) error {
		var blocks []*pb.BlockEdit
		for i := range 33 {
			blocks = append(blocks, &pb.BlockEdit{Block: uint32(i)})
		}
		return a.report(a.ask(finish(blocks...)))
	},
	"garbage": func(a *actor) error {
		v, err := a.version()
		if err != nil {
			return err
		}
		return a.report(a.ask(finish(&pb.BlockEdit{Block: 0, Version: v, Forward: []byte{4, 0xff, 0xff, 0xff, 1}})))
	},
	"last": func(a *actor) error { return a.report(a.ask(last(&pb.BlockEdit{Block: 0, Version: 1}))) },
	"lastbad": func(a *actor) error {
		req := last()
		req.GetFinish().Conflicts = []byte{1}
		return a.report(a.ask(req))
	},
	"lastlie": func(a *actor) error { // after an edit that cannot be
		if _, err := a.ask(finish(&pb.BlockEdit{Block: 1 << 30, Version: 1})); err != nil {
			return err
		}
		return a.endWithFinish()
	},
	"lastmore": func(a *actor) error { // and goes on talking
		if err := a.endWithFinish(); err != nil {
			return err
		}
		return a.say(result())
	},
	"alive": func(a *actor) error {
		req := last()
		req.GetFinish().Dead = &pb.RowFates{Tids: []byte{1, 0, 0, 0, 1, 0}}
		return a.report(a.ask(req))
	},
	"annotate": func(a *actor) error {
		req := finish()
		req.GetFinish().Annotation = string(make([]byte, 100))
		return a.report(a.ask(req))
	},
	"readmany": func(a *actor) error {
		return a.report(a.ask(&pb.PageRequest{Kind: &pb.PageRequest_Read{Read: &pb.Read{Blocks: make([]uint32, 100000)}}}))
	},
	"readfar": func(a *actor) error {
		return a.report(a.ask(&pb.PageRequest{Kind: &pb.PageRequest_Read{Read: &pb.Read{Blocks: []uint32{1 << 31}}}}))
	},
	"extendmany": func(a *actor) error {
		return a.report(a.ask(&pb.PageRequest{Kind: &pb.PageRequest_Extend{Extend: &pb.Extend{Count: 1 << 31}}}))
	},
	"freefar": func(a *actor) error {
		return a.report(a.ask(&pb.PageRequest{Kind: &pb.PageRequest_Free{Free: &pb.FreePages{Blocks: []uint32{1 << 30}}}}))
	},
	"bulk": func(a *actor) error {
		return a.report(a.ask(&pb.PageRequest{Kind: &pb.PageRequest_Bulk{Bulk: &pb.BulkWrite{Pages: make([]byte, page.Size)}}}))
	},
	"write": func(a *actor) error { return a.report(a.ask(finish(&pb.BlockEdit{Block: 0, Version: 1}))) },
	"alone": func(a *actor) error {
		return a.report(a.ask(&pb.PageRequest{Kind: &pb.PageRequest_Alone{Alone: &pb.Alone{On: true}}}))
	},
	"badlive": func(a *actor) error {
		return a.report(a.ask(&pb.PageRequest{Kind: &pb.PageRequest_Fates{Fates: &pb.RowFates{Tids: make([]byte, 7)}}}))
	},
	"another": func(a *actor) error {
		a.call.Id += 5
		return a.say(result())
	},
	"drip": func(a *actor) error { // a sign of life now and then, and never a result
		for {
			if err := a.say(&pb.PluginMessage{Kind: &pb.PluginMessage_Progress{Progress: &pb.Progress{}}}); err != nil {
				return err
			}
			time.Sleep(time.Millisecond)
		}
	},
	"late": func(a *actor) error { // waits until the host has given up, then tries to change a page
		v, err := a.version()
		if err != nil {
			return err
		}
		<-a.stream.Context().Done()
		err = a.say(&pb.PluginMessage{Kind: &pb.PluginMessage_Page{Page: finish(&pb.BlockEdit{Block: 0, Version: v, Forward: []byte{10, 7}})}})
		return err
	},
	"requests": func(a *actor) error { // a million of them, and none of the answers taken
		for range 1 << 20 {
			if err := a.say(&pb.PluginMessage{Kind: &pb.PluginMessage_Page{Page: &pb.PageRequest{Kind: &pb.PageRequest_Read{Read: &pb.Read{Blocks: []uint32{0}}}}}}); err != nil {
				return err
			}
		}
		return a.stay()
	},
}

// version reads block 0 and returns its version.
func (a *actor) version() (uint64, error) {
	reply, err := a.ask(&pb.PageRequest{Kind: &pb.PageRequest_Read{Read: &pb.Read{Blocks: []uint32{0}}}})
	if err != nil || len(reply.GetRead().GetVersions()) != 1 {
		return 0, fmt.Errorf("read: %v %v", reply, err)
	}
	return reply.GetRead().GetVersions()[0], nil
}
