package scram

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"sync"

	xdg "github.com/xdg-go/scram"
)

// ErrDenied means that the exchange ended without proof of the password. It does not say whether the role exists.
var ErrDenied = errors.New("password authentication failed")

// A Conversation is the server's half of one SCRAM exchange: Step is called with the client's first and final
// message, each time giving the answer to send.
type Conversation struct {
	conv *xdg.ServerConversation
	mock bool
}

// NewConversation starts an exchange against a stored verifier. An empty or malformed verifier (no such role, or a
// role without a password) leads to a mock exchange that always fails at its end, so that an outsider cannot tell
// the cases apart; its salt depends on user and stays the same from one attempt to the next.
func NewConversation(user, verifier string) (*Conversation, error) {
	creds, err := Parse(verifier)
	mock := err != nil
	if mock {
		creds = mockCredentials(user)
	}
	server, err := xdg.SHA256.NewServer(func(string) (xdg.StoredCredentials, error) { return creds, nil })
	if err != nil {
		return nil, err
	}
	return &Conversation{conv: server.NewConversation(), mock: mock}, nil
}

// Step answers one client message. After the final one it fails with ErrDenied unless the proof was right.
func (c *Conversation) Step(message string) (answer string, err error) {
	answer, err = c.conv.Step(message)
	if err != nil {
		return "", errors.Join(ErrDenied, err)
	}
	if c.conv.Done() && (c.mock || !c.conv.Valid()) {
		return "", ErrDenied
	}
	return answer, nil
}

// Done tells whether the exchange is over; it then succeeded.
func (c *Conversation) Done() bool { return c.conv.Done() && c.conv.Valid() && !c.mock }

var mockKey = sync.OnceValue(func() []byte {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		panic(err) // no randomness, no authentication
	}
	return key
})

func mockCredentials(user string) xdg.StoredCredentials {
	mac := hmac.New(sha256.New, mockKey())
	mac.Write([]byte(user))
	sum := mac.Sum(nil)
	return xdg.StoredCredentials{
		KeyFactors: xdg.KeyFactors{Salt: string(sum[:saltBytes]), Iters: Iterations},
		StoredKey:  sum, ServerKey: sum,
	}
}
