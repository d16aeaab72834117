package scram

import (
	"testing"

	"github.com/stretchr/testify/require"
	xdg "github.com/xdg-go/scram"
)

func login(t *testing.T, verifier, password string) error {
	t.Helper()
	client, err := xdg.SHA256.NewClient("", password, "")
	require.NoError(t, err)
	cc := client.NewConversation()
	sc, err := NewConversation("ann", verifier)
	require.NoError(t, err)
	msg, err := cc.Step("")
	require.NoError(t, err)
	for range 2 {
		answer, err := sc.Step(msg)
		if err != nil {
			return err
		}
		if msg, err = cc.Step(answer); err != nil {
			return err
		}
	}
	require.True(t, sc.Done())
	require.True(t, cc.Valid())
	return nil
}

func TestRightAndWrongPassword(t *testing.T) {
	v, err := NewVerifier("sesame")
	require.NoError(t, err)
	require.NoError(t, login(t, v, "sesame"))
	require.ErrorIs(t, login(t, v, "sesam"), ErrDenied)
}

func TestNoVerifierFailsLikeAWrongPassword(t *testing.T) {
	require.ErrorIs(t, login(t, "", "sesame"), ErrDenied)
	require.Equal(t, mockCredentials("ann"), mockCredentials("ann"))
	require.NotEqual(t, mockCredentials("ann").Salt, mockCredentials("bob").Salt)
}

// The form is the one PostgreSQL keeps in pg_authid.
func TestVerifierHasPostgreSQLsForm(t *testing.T) {
	ours, err := derive("sesame", "0123456789abcdef", 4096)
	require.NoError(t, err)
	require.Regexp(t, `^SCRAM-SHA-256\$4096:MDEyMzQ1Njc4OWFiY2RlZg==\$[A-Za-z0-9+/=]{44}:[A-Za-z0-9+/=]{44}$`, ours)
	require.True(t, IsVerifier(ours))
	require.NoError(t, login(t, ours, "sesame"))
}

func TestMalformedVerifiers(t *testing.T) {
	for _, s := range []string{"", "md5abc", "SCRAM-SHA-256$", "SCRAM-SHA-256$4096:AA==$AA==:AA==", "SCRAM-SHA-256$0:AA==$x:y"} {
		require.False(t, IsVerifier(s), s)
	}
}
