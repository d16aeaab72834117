package exec

import (
	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/pgerr"
)

// DuplicateKey is the error for a row that a unique index did not take. An equal row whose transaction has not ended counts as
// live here.
func DuplicateKey(idx am.Index, _ am.Conflict) error {
	return pgerr.New(pgerr.UniqueViolation, "duplicate key value violates unique constraint %q", idx.Name)
}
