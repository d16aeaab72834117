package heap

import (
	"github.com/quiredb/quire/core/page"
	"github.com/quiredb/quire/core/xact"
)

// fate is what a vacuum thinks of a row version.
type fate uint8

const (
	fateLive   fate = iota
	fateRecent      // deleted, and perhaps still seen
	fateDead        // seen by nobody (H3)
)

// A clerk decides fates for one horizon. It remembers the last transactions it looked up, if they have ended.
type clerk struct {
	xact    *xact.Manager
	horizon page.LSN
	known   [2]ending // of the last inserter and the last deleter
}

type ending struct {
	xid   xact.XID
	state xact.State
	lsn   page.LSN
}

func newClerk(m *xact.Manager, horizon page.LSN) *clerk { return &clerk{xact: m, horizon: horizon} }

// fate judges a version. For a dead one it also returns the LSN of the commit that removed it, 0 if it never came to be.
func (c *clerk) fate(v header) (fate, page.LSN, error) {
	in, err := c.ending(0, v.xmin)
	switch {
	case err != nil:
		return fateLive, 0, err
	case in.state == xact.Aborted:
		return fateDead, 0, nil
	case v.xmax == xact.InvalidXID:
		return fateLive, 0, nil
	}
	out, err := c.ending(1, v.xmax)
	switch {
	case err != nil:
		return fateLive, 0, err
	case out.state == xact.Aborted:
		return fateLive, 0, nil
	case out.state == xact.Committed && out.lsn <= c.horizon:
		return fateDead, out.lsn, nil
	}
	return fateRecent, 0, nil
}

// settled reports whether all snapshots from the horizon on see a version of which fate says that it lives.
func (c *clerk) settled(v header) (bool, error) {
	in, err := c.ending(0, v.xmin)
	return in.state == xact.Committed && in.lsn <= c.horizon, err
}

func (c *clerk) ending(which int, xid xact.XID) (ending, error) {
	if k := c.known[which]; k.xid == xid {
		return k, nil
	}
	state, lsn, err := c.xact.Status(xid)
	e := ending{xid, state, lsn}
	if err == nil && state != xact.InProgress {
		c.known[which] = e
	}
	return e, err
}
