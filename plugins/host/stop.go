package host

import (
	"time"

	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
)

// stopPatience is how long a plugin may take to end a scan whose reader has enough, before the lane is broken.
const stopPatience = time.Second

// stop ends a scan early. The reader does not wait: the plugin is told, and a goroutine takes what still comes until its last
// word, so that the lane can carry the next call. Page requests are refused meanwhile (H3).
func (c *call) stop() {
	if c.over {
		return
	}
	if !c.stopCancel() || c.send(flow(c.id, true)) != nil {
		c.abandon()
		return
	}
	c.over = true
	c.pages.Close()
	c.session.gaveUp(c.id, time.Now())
	late := time.AfterFunc(stopPatience, c.lane.cancel)
	go func() {
		inStep := c.outlive()
		if late.Stop() && inStep {
			c.session.ended(c.id)
			c.session.lanes.put(c.lane)
		} else {
			c.session.lanes.breakLane(c.lane)
		}
	}()
}

// outlive takes messages until the plugin has ended the call, and reports whether it has.
func (c *call) outlive() bool {
	refusal := &pb.HostMessage{Kind: &pb.HostMessage_Page{Page: &pb.PageReply{Error: &pb.Error{
		Code: pb.Code_ENOUGH, Message: wire.ErrEnough.Error(),
	}}}}
	for {
		m, err := c.lane.stream.Recv()
		if err != nil || m.GetCall() != c.id {
			return false
		}
		switch m.GetKind().(type) {
		case *pb.PluginMessage_Result, *pb.PluginMessage_Error:
			return true
		case *pb.PluginMessage_Page:
			if err := c.lane.stream.Send(refusal); err != nil {
				return false
			}
		}
	}
}

func flow(id uint64, stop bool) *pb.HostMessage {
	return &pb.HostMessage{Kind: &pb.HostMessage_Flow{Flow: &pb.Flow{Call: id, Stop: stop}}}
}
