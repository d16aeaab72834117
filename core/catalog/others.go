package catalog

import "github.com/quiredb/quire/core/am"

// AccessMethod is an access method that indexes may be created with.
type AccessMethod struct {
	OID    uint32 `json:"-"`
	Name   string `json:"-"`
	Plugin string `json:"plugin"` // file name in the plugin directory
	// SHA256 is the hex digest that the file must have.
	SHA256      string         `json:"sha256,omitempty"`
	Description am.Description `json:"description"`

	place place
}

// Role is a user.
type Role struct {
	OID         uint32 `json:"-"`
	Name        string `json:"-"`
	Superuser   bool   `json:"superuser,omitempty"`
	Login       bool   `json:"login,omitempty"`
	Replication bool   `json:"replication,omitempty"`
	// Verifier is the SCRAM-SHA-256 verifier of the password in PostgreSQL's form; empty if there is no password.
	Verifier string            `json:"verifier,omitempty"`
	Settings map[string]string `json:"settings,omitempty"` // ALTER ROLE … SET

	place place
}

// Setting is a stored value of a setting.
type Setting struct {
	OID   uint32 `json:"-"`
	Name  string `json:"-"`
	Value string `json:"value"`

	place place
}

// Clone returns a copy whose settings may be changed.
func (r *Role) Clone() *Role {
	c := *r
	c.Settings = cloneMap(r.Settings)
	return &c
}
