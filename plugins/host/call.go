package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/pgerr"
	"github.com/quiredb/quire/plugins/wire"
	"github.com/quiredb/quire/plugins/wire/pb"
	"github.com/quiredb/quire/plugins/wire/shm"
)

// A call is one call of a plugin on a lane, from the host's side. It ends in exactly one way: the plugin's result or
// error, a failure of the lane, or the host giving it up; after that no request of the lane is served (H3).
type call struct {
	ctx      context.Context
	session  *session
	lane     *lane
	id       uint64
	method   pb.Method
	plugin   string
	idx      am.Index
	pages    CallPages // nil where the method touches no pages
	gates    *gates
	gate     *gate  // nil where the method changes no pages
	spills   spills // of a build
	rows     *cargo // of an insertion
	progress time.Duration
	hung     func(reason string) // the plugin made no progress and must go

	stopCancel func() bool // detaches ctx from the lane
	timer      *time.Timer
	timedOut   atomic.Bool
	hostErr    error // the first failure of the host's own in a page request
	lie        error // the first edit that was not acceptable
	over       bool
}

// errNoProgress is why a lane was broken when the plugin stood still.
var errNoProgress = errors.New("no progress")

// begin sends the call. The lane is cancelled when ctx ends or when the plugin makes no progress.
func (c *call) begin(m *pb.Call) error {
	m.Id, m.Method = c.id, c.method
	c.lane.indexes.describe(m, c.idx)
	if at, ok := c.ctx.Deadline(); ok {
		m.DeadlineMs = uint32(max(1, min(time.Until(at).Milliseconds(), 1<<31)))
	}
	c.stopCancel = context.AfterFunc(c.ctx, c.lane.cancel)
	c.timer = time.AfterFunc(c.progress, func() {
		c.timedOut.Store(true)
		c.lane.cancel()
	})
	if err := c.send(&pb.HostMessage{Kind: &pb.HostMessage_Call{Call: m}}); err != nil {
		return c.end(err)
	}
	return nil
}

// send hands a message to the lane. io.EOF from gRPC means that receiving tells why.
func (c *call) send(m *pb.HostMessage) error {
	if err := c.lane.stream.Send(m); err != nil {
		if _, recvErr := c.lane.stream.Recv(); recvErr != nil {
			return recvErr
		}
		return err
	}
	return nil
}

// next returns the plugin's next message that is not a page request; those it serves. After an error or the plugin's
// last word (a Result) the call is over.
func (c *call) next() (*pb.PluginMessage, error) {
	for {
		c.timer.Reset(c.progress)
		m, err := c.lane.stream.Recv()
		c.timer.Stop()
		if err != nil {
			return nil, c.end(err)
		}
		if m.GetCall() != c.id {
			return nil, c.end(protocolError("message of call %d in call %d", m.GetCall(), c.id))
		}
		switch k := m.GetKind().(type) {
		case *pb.PluginMessage_Page:
			reply := c.servePage(k.Page)
			if f := k.Page.GetFinish(); f.GetLast() && reply.GetError() == nil {
				return c.endedBy(f, reply)
			}
			c.timer.Reset(c.progress)
			if err := c.send(&pb.HostMessage{Kind: &pb.HostMessage_Page{Page: reply}}); err != nil {
				return nil, c.end(err)
			}
		case *pb.PluginMessage_Progress:
		case *pb.PluginMessage_Error:
			return nil, c.ended(fromPlugin(k.Error))
		case *pb.PluginMessage_Result:
			if c.hostErr != nil || c.lie != nil {
				return nil, c.ended(nil)
			}
			c.finish(true)
			return m, nil
		case nil:
			return nil, c.end(protocolError("empty message"))
		default:
			return m, nil
		}
	}
}

// endedBy ends the call with its last Finish, which has succeeded: whatever becomes of the plugin, this is its last word. It need not be
// woken to hear that.
func (c *call) endedBy(f *pb.Finish, reply *pb.PageReply) (*pb.PluginMessage, error) {
	err := c.lane.leave(&pb.HostMessage{Kind: &pb.HostMessage_Page{Page: reply}})
	c.finish(err == nil)
	if c.hostErr != nil || c.lie != nil {
		return nil, c.failure(nil)
	}
	return &pb.PluginMessage{Kind: &pb.PluginMessage_Result{Result: &pb.Result{Conflicts: f.GetConflicts()}}}, nil
}

// result waits for the plugin's result and refuses anything else.
func (c *call) result() (*pb.Result, error) {
	m, err := c.next()
	if err != nil {
		return nil, err
	}
	r := m.GetResult()
	if r == nil {
		return nil, c.unexpected(m)
	}
	return r, nil
}

// unexpected ends the call because of a message that has no place in it.
func (c *call) unexpected(m *pb.PluginMessage) error {
	return c.end(protocolError("%T in answer to %v", m.GetKind(), c.method))
}

// end gives the call up because of err, and returns what the caller is to be told. The plugin's side may still run.
func (c *call) end(err error) error {
	c.finish(false)
	return c.failure(err)
}

// ended takes the plugin's last word, which was err or, with nil, a result that cannot stand.
func (c *call) ended(err error) error {
	c.finish(true)
	return c.failure(err)
}

// abandon ends a call nobody wants to hear the end of.
func (c *call) abandon() {
	c.finish(false)
}

// finish lets go of lane, gate and pages, once. inStep says that the plugin has ended the call, too.
func (c *call) finish(inStep bool) {
	if c.over {
		return
	}
	c.over = true
	c.timer.Stop()
	detached := c.stopCancel()
	if inStep && detached && !c.timedOut.Load() {
		c.session.lanes.put(c.lane)
	} else {
		c.session.gaveUp(c.id, time.Now())
		c.session.lanes.breakLane(c.lane)
	}
	if c.gate != nil {
		c.gate.open(c.id)
		c.gates.release(c.idx.Rel.Rel)
	}
	if c.pages != nil {
		c.pages.Close()
	}
	c.spills.close()
}

// failure words what ended the call.
func (c *call) failure(err error) error {
	return pluginError(c.plugin, methodNames[c.method], c.idx.Name, c.explain(err))
}

// explain finds the cause behind a broken lane.
func (c *call) explain(err error) error {
	switch {
	case c.hostErr != nil:
		return c.hostErr
	case c.lie != nil:
		return c.lie
	case c.timedOut.Load():
		reason := fmt.Sprintf("no progress for %v in %s on index %s", c.progress, methodNames[c.method], c.idx.Name)
		c.hung(reason)
		return pgerr.New(pgerr.QueryCanceled, "plugin made no progress for %v and was killed", c.progress).
			Because(errNoProgress).WithHint("It is being restarted; repeat the statement.")
	case c.ctx.Err() != nil:
		return context.Cause(c.ctx)
	}
	st, ok := status.FromError(err)
	switch {
	case errors.Is(err, shm.ErrTooLong):
		st = status.New(codes.ResourceExhausted, err.Error())
	case errors.Is(err, io.EOF): // it ended the lane without a last word
		st = status.New(codes.Unavailable, "the lane ended before the call")
	case !ok || st.Code() == codes.OK:
		return err
	}
	switch st.Code() {
	case codes.ResourceExhausted:
		return pgerr.New(pgerr.ExternalRoutineException, "plugin sent a message beyond the limit of %d bytes: %s", wire.HardCap, wire.CleanText(st.Message())).
			WithHint("The access method has a bug: it must split what it sends.")
	case codes.Unimplemented:
		return pgerr.New(pgerr.FeatureNotSupported, "plugin does not implement this call")
	}
	select {
	case <-c.session.process.exited:
		return pgerr.New(pgerr.ExternalRoutineException, "plugin %s", c.session.process.exitReason()).
			WithHint("It is being restarted; repeat the statement.")
	case <-time.After(exitGrace):
		return pgerr.New(pgerr.ExternalRoutineException, "plugin broke the connection off: %s", wire.CleanText(st.Message())).
			WithHint("Repeat the statement. If it happens again, the access method has a bug.")
	}
}

// exitGrace is how long a broken lane waits for the process's end to be known.
const exitGrace = 500 * time.Millisecond

// methodNames are the names of package am.
var methodNames = map[pb.Method]string{
	pb.Method_VALIDATE_OPTIONS: "ValidateOptions", pb.Method_BUILD: "Build", pb.Method_BUILD_EMPTY: "BuildEmpty",
	pb.Method_INSERT: "Insert", pb.Method_SCAN: "Scan", pb.Method_BULK_DELETE: "BulkDelete",
	pb.Method_CLEANUP: "Cleanup", pb.Method_CHECK: "Check",
}
