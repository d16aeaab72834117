// Package scram makes and reads the SCRAM-SHA-256 verifiers that stand in for passwords.
//
// A verifier has PostgreSQL's form, so that one made by either can be used by the other:
//
//	SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>
//
// with salt and keys in base64 (RFC 5802, RFC 7677). The password itself is never kept.
package scram

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	xdg "github.com/xdg-go/scram"
)

const (
	// Mechanism is the name of the one SASL mechanism offered.
	Mechanism = "SCRAM-SHA-256"

	// Iterations is the work factor of new verifiers, PostgreSQL's default.
	Iterations = 4096

	saltBytes = 16
)

// ErrFormat marks a string that is no SCRAM-SHA-256 verifier.
var ErrFormat = errors.New("not a SCRAM-SHA-256 verifier")

// NewVerifier derives a verifier with a fresh random salt. The password is prepared with SASLprep; one that
// SASLprep refuses (not UTF-8, prohibited characters) is used as it is, as PostgreSQL does.
func NewVerifier(password string) (string, error) {
	salt := make([]byte, saltBytes)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("read random salt: %w", err)
	}
	return derive(password, string(salt), Iterations)
}

func derive(password, salt string, iterations int) (string, error) {
	client, err := xdg.SHA256.NewClient("", password, "")
	if err != nil {
		client, err = xdg.SHA256.NewClientUnprepped("", password, "")
	}
	if err != nil {
		return "", fmt.Errorf("derive verifier: %w", err)
	}
	client.WithMinIterations(1)
	creds, err := client.GetStoredCredentialsWithError(xdg.KeyFactors{Salt: salt, Iters: iterations})
	if err != nil {
		return "", fmt.Errorf("derive verifier: %w", err)
	}
	return format(creds), nil
}

func format(c xdg.StoredCredentials) string {
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("%s$%d:%s$%s:%s", Mechanism, c.Iters, b64([]byte(c.Salt)), b64(c.StoredKey), b64(c.ServerKey))
}

// IsVerifier tells whether s has the form of a verifier; ALTER ROLE … PASSWORD stores such a string as it is.
func IsVerifier(s string) bool {
	_, err := Parse(s)
	return err == nil
}

// Parse reads a verifier. It fails with ErrFormat.
func Parse(s string) (xdg.StoredCredentials, error) {
	var c xdg.StoredCredentials
	parts := strings.Split(s, "$")
	if len(parts) != 3 || parts[0] != Mechanism {
		return c, ErrFormat
	}
	iters, salt, ok := strings.Cut(parts[1], ":")
	if !ok {
		return c, ErrFormat
	}
	stored, server, ok := strings.Cut(parts[2], ":")
	if !ok {
		return c, ErrFormat
	}
	n, err := strconv.Atoi(iters)
	if err != nil || n < 1 {
		return c, ErrFormat
	}
	c.Iters = n
	rawSalt, err := base64.StdEncoding.DecodeString(salt)
	if err != nil {
		return c, ErrFormat
	}
	c.Salt = string(rawSalt)
	if c.StoredKey, err = base64.StdEncoding.DecodeString(stored); err != nil || len(c.StoredKey) != 32 {
		return c, ErrFormat
	}
	if c.ServerKey, err = base64.StdEncoding.DecodeString(server); err != nil || len(c.ServerKey) != 32 {
		return c, ErrFormat
	}
	return c, nil
}
