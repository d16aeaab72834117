package catalog

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAccessLists(t *testing.T) {
	held := func(acl []Grant, role string) string { return Held("ann", acl, TablePrivileges, role) }
	require.Equal(t, "arwdDxt", held(nil, "ann"), "an owner has everything by default")
	require.Equal(t, "", held(nil, "bob"), "others have nothing")

	acl := Granted("ann", nil, TablePrivileges, "bob", "wr")
	require.Equal(t, "rw", held(acl, "bob"), "in aclitem's order")
	require.Equal(t, "arwdDxt", held(acl, "ann"))
	require.Equal(t, "", held(acl, "eve"))

	acl = Granted("ann", acl, TablePrivileges, "", "a")
	require.Equal(t, "arw", held(acl, "bob"), "what everybody has, bob has")
	require.Equal(t, "a", held(acl, "eve"))

	before := acl
	acl = Revoked("ann", acl, TablePrivileges, "bob", "arwdDxt")
	require.False(t, Mentions(acl, "bob"), "nothing is left of him")
	require.True(t, Mentions(before, "bob"), "the old list is as it was")
	require.Equal(t, "a", held(acl, "bob"))

	acl = Revoked("ann", acl, TablePrivileges, "", "a")
	acl = Revoked("ann", acl, TablePrivileges, "ann", "arwdDxt")
	require.NotEmpty(t, acl, "an empty list would be the default")
	require.Equal(t, "", held(acl, "ann"))
}
