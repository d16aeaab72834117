package main_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

// tcp serves a new directory on loopback, with a password for its superuser.
func (s *site) tcp(password string, args ...string) *node {
	s.t.Helper()
	require.NoError(s.t, os.WriteFile(s.path("pw"), []byte(password+"\n"), 0o600))
	s.init("d", "-U", "ann", "--password-file", s.path("pw"))
	n := s.primary("d")
	n.port = freePort(s.t)
	n.args = append([]string{"serve", "-D", n.dir, "--port", strconv.Itoa(n.port), "--socket-dir", n.sock}, args...)
	n.launch()
	eventually(s.t, "the socket takes connections", func() bool {
		require.False(s.t, n.ended(), "%s", n.log())
		c, err := net.Dial("unix", fmt.Sprintf("%s/.s.PGSQL.%d", n.sock, n.port))
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return n
}

func denied(t *testing.T, conninfo string) *pgconn.PgError {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, conninfo)
	if err == nil {
		_ = conn.Close(ctx)
	}
	var pe *pgconn.PgError
	require.ErrorAs(t, err, &pe, "%s", conninfo)
	require.Equal(t, "FATAL", pe.Severity)
	return pe
}

// Over TCP a password is proved by SCRAM-SHA-256; what is wrong is not told apart.
func TestPasswords(t *testing.T) {
	s := newSite(t)
	n := s.tcp("a secret with blanks")
	tcp := fmt.Sprintf("host=127.0.0.1 port=%d dbname=postgres sslmode=disable ", n.port)
	ok := connect(t, tcp+"user=ann password='a secret with blanks'")
	require.Equal(t, "ann", query(t, ok, "select current_user"))
	for _, who := range []string{"user=ann password=wrong", "user=ann password=''", "user=nobody password=wrong", "user=ann password='a secret with blanks '"} {
		pe := denied(t, tcp+who)
		require.Equal(t, "28P01", pe.Code, "%s", who)
		require.Contains(t, pe.Message, "password authentication failed")
	}
	// A role without a password cannot log in by one; given one, it can at once.
	exec1(t, ok, "create role bob login")
	require.Equal(t, "28P01", denied(t, tcp+"user=bob password=x").Code)
	exec1(t, ok, "alter role bob password 'x'")
	bob := connect(t, tcp+"user=bob password=x")
	require.Equal(t, "42501", refused(t, bob, "create role eve superuser").Code)
	exec1(t, ok, "alter role bob nologin")
	pe := denied(t, tcp+"user=bob password=x")
	require.Equal(t, "28000", pe.Code)
	require.Contains(t, pe.Message, "not permitted to log in")

	// One database: by its name, by none, by the user's own.
	for _, db := range []string{"postgres", "ann", ""} {
		conn := connect(t, fmt.Sprintf("host=127.0.0.1 port=%d sslmode=disable user=ann password='a secret with blanks' dbname='%s'", n.port, db))
		exec1(t, conn, "select 1")
	}
	pe = denied(t, fmt.Sprintf("host=127.0.0.1 port=%d sslmode=disable user=ann password='a secret with blanks' dbname=sales", n.port))
	require.Equal(t, "3D000", pe.Code)
	require.Equal(t, `database "sales" does not exist`, pe.Message)

	// TLS is asked for and not there.
	_, err := pgx.Connect(t.Context(), fmt.Sprintf("host=127.0.0.1 port=%d user=ann password=x sslmode=require", n.port))
	require.ErrorContains(t, err, "refused TLS")
	require.NotContains(t, n.log(), "a secret")
	n.stop()
}

// Over the unix socket the kernel vouches: for the role of the user's own name, and for the one who runs the host. Others
// are asked for a password.
func TestPeer(t *testing.T) {
	s := newSite(t)
	n := s.tcp("secret")
	sock := fmt.Sprintf("host=%s port=%d dbname=postgres ", n.sock, n.port)
	exec1(t, connect(t, sock+"user=ann"), "create role nobody login", "create role bob login")
	require.Equal(t, "28000", denied(t, sock+"user=ghost").Code)
	psql, err := exec.LookPath("psql")
	if os.Geteuid() != 0 || err != nil {
		t.Skip("LOUD: not root, or no psql: that another operating system user is told apart was not tested")
	}
	for _, dir := range []string{s.dir, n.sock} {
		require.NoError(t, os.Chmod(dir, 0o755))
	}
	as := func(role string) (string, error) {
		cmd := exec.Command(psql, "-X", "-w", "-At", "-h", n.sock, "-p", strconv.Itoa(n.port), "-U", role, "-c", "select current_user", "postgres")
		cmd.Dir = "/"
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/"}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534, NoSetGroups: true}}
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := as("nobody")
	require.NoError(t, err, "%s", out)
	require.Equal(t, "nobody\n", out)
	for _, role := range []string{"ann", "bob"} {
		out, err = as(role)
		require.Error(t, err)
		require.Contains(t, out, "no password supplied", "role %s", role)
	}
}

// certificate writes a self-signed certificate for 127.0.0.1 and its key.
func (s *site) certificate() (cert, key string) {
	s.t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(s.t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "quire test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	require.NoError(s.t, err)
	keyDER, err := x509.MarshalECPrivateKey(k)
	require.NoError(s.t, err)
	cert, key = s.path("server.crt"), s.path("server.key")
	require.NoError(s.t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(s.t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}), 0o600))
	return cert, key
}

func TestTLS(t *testing.T) {
	s := newSite(t)
	cert, key := s.certificate()
	n := s.tcp("secret", "-c", "ssl=on", "-c", "ssl_cert_file="+cert, "-c", "ssl_key_file="+key)
	base := fmt.Sprintf("host=127.0.0.1 port=%d dbname=postgres user=ann password=secret ", n.port)
	conn := connect(t, base+"sslmode=verify-full sslrootcert="+cert)
	require.Equal(t, "ann", query(t, conn, "select current_user"))
	require.Equal(t, "on", query(t, conn, "show ssl"))
	connect(t, base+"sslmode=disable") // SCRAM still guards the password
	require.Equal(t, "28P01", denied(t, fmt.Sprintf("host=127.0.0.1 port=%d dbname=postgres user=ann password=no sslmode=require", n.port)).Code)

	// What is sent in the clear ahead of the handshake is not taken for what comes through TLS.
	nc, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", n.port))
	require.NoError(t, err)
	defer nc.Close()
	_, err = nc.Write([]byte("\x00\x00\x00\x08\x04\xd2\x16\x2f" + "\x00\x00\x00\x12\x00\x03\x00\x00user\x00ann\x00\x00"))
	require.NoError(t, err)
	require.NoError(t, nc.SetDeadline(time.Now().Add(patience)))
	var all []byte
	for buf := make([]byte, 512); err == nil; {
		var got int
		got, err = nc.Read(buf)
		all = append(all, buf[:got]...)
	}
	require.Equal(t, byte('S'), all[0])
	require.NotContains(t, string(all), "SCRAM")
	n.stop()
}

// A cancel request ends the statement and nothing else; one with a wrong secret ends nothing.
func TestCancel(t *testing.T) {
	s := newSite(t)
	n := s.serving("d")
	conn, watch := n.connect(), n.connect()
	pid := conn.PgConn().PID()
	done := make(chan error, 1)
	go func() {
		_, err := conn.PgConn().Exec(context.Background(), "select count(*) from generate_series(1, 100000000000)").ReadAll()
		done <- err
	}()
	eventually(t, "the statement runs", func() bool {
		return query(t, watch, fmt.Sprintf("select state from pg_stat_activity where pid = %d", pid)) == "active"
	})
	nc, err := net.Dial("unix", n.sock+"/.s.PGSQL.5433")
	require.NoError(t, err)
	_, err = nc.Write(append([]byte{0, 0, 0, 16, 4, 0xd2, 0x16, 0x2e}, byte(pid>>24), byte(pid>>16), byte(pid>>8), byte(pid), 1, 2, 3, 4))
	require.NoError(t, err)
	_, _ = nc.Read(make([]byte, 1)) // the server has dealt with it once it closes
	require.NoError(t, nc.Close())
	require.Equal(t, "active", query(t, watch, fmt.Sprintf("select state from pg_stat_activity where pid = %d", pid)))
	require.NoError(t, conn.PgConn().CancelRequest(t.Context()))
	err = <-done
	var pe *pgconn.PgError
	require.ErrorAs(t, err, &pe)
	require.Equal(t, "57014", pe.Code)
	require.Equal(t, "canceling statement due to user request", pe.Message)
	require.Equal(t, "1", query(t, conn, "select 1"))
	require.NoError(t, conn.PgConn().CancelRequest(t.Context())) // nothing runs
	require.Equal(t, "1", query(t, conn, "select 1"))
}

// max_connections is kept; a superuser still gets in to look.
func TestTooManyConnections(t *testing.T) {
	s := newSite(t)
	n := s.serving("d", "-c", "max_connections=2")
	exec1(t, n.connect(), "create role guest login")
	guest := fmt.Sprintf("host=%s port=5433 user=guest dbname=postgres", n.sock)
	connect(t, guest)
	pe := denied(t, guest)
	require.Equal(t, "53300", pe.Code)
	require.Contains(t, pe.Hint, "max_connections is 2")
	n.connect()
}
