package maintain

import (
	"fmt"

	"github.com/quiredb/quire/core/pgerr"
)

// within puts what was being done before an error's message, where the client sees it. Code, detail and hint stay, and so does
// the chain. A cancelled statement is told in its own words.
func within(err error, format string, args ...any) error {
	if err == nil || pgerr.Is(err, pgerr.QueryCanceled) {
		return err
	}
	e := *pgerr.From(err)
	e.Message = fmt.Sprintf(format, args...) + ": " + e.Message
	e.Err = err
	return &e
}

func noTable(oid uint32) error {
	return pgerr.New(pgerr.UndefinedTable, "relation with OID %d does not exist", oid)
}

func noIndex(oid uint32) error {
	return pgerr.New(pgerr.UndefinedObject, "index with OID %d does not exist", oid)
}
