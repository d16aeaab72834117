package main

import (
	"context"

	"github.com/quiredb/quire/core/catalog"
	"github.com/quiredb/quire/core/xact"
	"github.com/quiredb/quire/sql/server"
	"github.com/quiredb/quire/sql/sysview"
)

// readCatalog gives the catalog as it is now.
func (n *node) readCatalog() (*catalog.Catalog, error) {
	t := n.engine.Xact.Begin(xact.ReadCommitted)
	defer func() { _ = t.Abort() }() // it has written nothing
	return n.engine.Catalog.Read(t.Snapshot())
}

// role is what authentication asks.
func (n *node) role(_ context.Context, name string) (server.Role, bool, error) {
	c, err := n.readCatalog()
	if err != nil {
		return server.Role{}, false, err
	}
	r := c.Role(name)
	if r == nil {
		return server.Role{}, false, nil
	}
	return server.Role{Name: r.Name, Superuser: r.Superuser, Login: r.Login, Replication: r.Replication, Verifier: r.Verifier}, true, nil
}

// pinAll tells the registry which checksums the catalog knows.
func (n *node) pinAll() error {
	c, err := n.readCatalog()
	if err != nil {
		return err
	}
	for _, m := range c.AccessMethods() {
		n.plugins.Pin(m.Plugin, m.SHA256)
	}
	return nil
}

// pin is what CREATE ACCESS METHOD stores of a plugin: its name and the checksum of its file.
func (n *node) pin(handler string) (plugin, sha256 string, err error) {
	f, err := n.plugins.Inspect(handler)
	if err != nil {
		return "", "", err
	}
	n.plugins.Pin(handler, f.SHA256)
	return handler, f.SHA256, nil
}

// replicationRows are the rows of pg_stat_replication.
func (n *node) replicationRows() []sysview.Sender {
	if n.primary == nil {
		return nil
	}
	var rows []sysview.Sender
	for _, s := range n.primary.Senders() {
		rows = append(rows, sysview.Sender{
			PID: s.PID, User: s.User, ApplicationName: s.ApplicationName, Addr: s.Addr,
			Started: s.Started, ReplyTime: s.ReplyTime, State: string(s.State),
			Sent: s.Sent, Write: s.Write, Flush: s.Flush, Replay: s.Replay,
			WriteLag: s.WriteLag, FlushLag: s.FlushLag, ReplayLag: s.ReplayLag,
		})
	}
	return rows
}
