package server

import (
	"crypto/rand"
	"crypto/subtle"
	"sync"
)

// cancelKeys finds the session that a cancel request means: a process number and a secret known to its client.
type cancelKeys struct {
	mu struct {
		sync.Mutex
		entries map[int32]cancelEntry
	}
}

type cancelEntry struct {
	secret []byte
	cancel func()
}

func (k *cancelKeys) add(pid int32, cancel func()) (secret []byte, err error) {
	secret = make([]byte, 4)
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.mu.entries == nil {
		k.mu.entries = map[int32]cancelEntry{}
	}
	k.mu.entries[pid] = cancelEntry{secret: secret, cancel: cancel}
	return secret, nil
}

func (k *cancelKeys) remove(pid int32) {
	k.mu.Lock()
	delete(k.mu.entries, pid)
	k.mu.Unlock()
}

// cancel stops the running statement of pid where the secret is right; otherwise it does nothing, silently, as the
// protocol asks.
func (k *cancelKeys) cancel(pid int32, secret []byte) {
	k.mu.Lock()
	e, ok := k.mu.entries[pid]
	k.mu.Unlock()
	if ok && subtle.ConstantTimeCompare(e.secret, secret) == 1 {
		e.cancel()
	}
}
