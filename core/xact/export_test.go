package xact

// ReferToTop is the first half of a commit with many subtransactions.
func ReferToTop(m *Manager, top XID, subs []XID) error { return m.referToTop(top, subs) }
