package sysview_test

import (
	"context"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/quiredb/quire/core/datum"
)

// The files that this package embeds are answers of a PostgreSQL 15. To ask one again, which matters after a type was added:
// go test ./sql/sysview -run Record -postgres 'host=/tmp user=postgres dbname=postgres'
var postgres = flag.String("postgres", "", "connection string of a PostgreSQL 15 whose catalogs become the recorded files")

const shownRelations = `
SELECT format(E'%s.%s %s\n%s', nspname, relname, c.oid,
    (SELECT string_agg(format('  %s %s', attname, format_type(atttypid, null)), E'\n' ORDER BY attnum) FROM pg_attribute
        WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE (nspname || '.' || relname) = ANY($1) ORDER BY nspname DESC, relname COLLATE "C"`

// knownTypes are those of the list, their arrays and the pseudo-types that signatures have.
const knownTypes = `WITH bare AS (SELECT oid, typarray FROM pg_type WHERE typname = ANY($1)), known AS (SELECT oid FROM bare UNION SELECT typarray FROM bare WHERE typarray <> 0
    UNION SELECT unnest(ARRAY[2276, 2277, 2278, 2283, 2776, 2249]))
`

const shownProcs = knownTypes + `
SELECT concat_ws(E'\t', oid, proname, prokind, provolatile, proisstrict, proretset, provariadic, prorettype, proargtypes, prosrc)
FROM pg_proc WHERE pronamespace = 11 AND prokind IN ('f', 'a') AND prorettype IN (SELECT oid FROM known)
    AND NOT EXISTS (SELECT FROM unnest(proargtypes) a WHERE a NOT IN (SELECT oid FROM known)) ORDER BY oid`

const shownOperators = knownTypes + `
SELECT concat_ws(E'\t', oid, oprname, oprleft, oprright, oprresult, oprcom, oprnegate, oprcode::oid, oprrest::oid, oprjoin::oid, oprcanmerge, oprcanhash)
FROM pg_operator WHERE oprleft IN (SELECT oid FROM known UNION SELECT 0) AND oprright IN (SELECT oid FROM known) ORDER BY oid`

const shownCasts = knownTypes + `
SELECT concat_ws(E'\t', oid, castsource, casttarget, castfunc, castcontext, castmethod) FROM pg_cast
WHERE castsource IN (SELECT oid FROM known) AND casttarget IN (SELECT oid FROM known) ORDER BY oid`

// shownSupport are functions that types and operators refer to and nobody can call.
const shownSupport = knownTypes + `, support AS (
    SELECT unnest(ARRAY[typinput, typoutput, typreceive, typsend, typmodin, typmodout, typanalyze, typsubscript]::oid[]) AS f FROM pg_type WHERE oid IN (SELECT oid FROM known UNION SELECT unnest(` + pseudoTypes + `))
    UNION SELECT unnest(ARRAY[oprcode, oprrest, oprjoin]::oid[]) FROM pg_operator WHERE oprleft IN (SELECT oid FROM known UNION SELECT 0) AND oprright IN (SELECT oid FROM known)
    UNION SELECT 'heap_tableam_handler'::regproc)
SELECT concat_ws(E'\t', oid, proname, prokind, provolatile, proisstrict, proretset, provariadic, prorettype, proargtypes, prosrc)
FROM pg_proc WHERE oid IN (SELECT f FROM support) ORDER BY oid`

// pseudoTypes are those that signatures have.
const pseudoTypes = `ARRAY[2249, 2275, 2276, 2277, 2279, 2281, 2283, 2776, 325, 269]::oid[]`

const shownTypes = knownTypes + `
SELECT concat_ws(E'\t', oid, typname, typlen, typbyval, typtype, typcategory, typispreferred, typelem, typarray, typsubscript::oid, typinput::oid, typoutput::oid,
    typreceive::oid, typsend::oid, typmodin::oid, typmodout::oid, typanalyze::oid, typalign, typstorage, typcollation)
FROM pg_type WHERE oid IN (SELECT oid FROM known UNION SELECT unnest(` + pseudoTypes + `)) ORDER BY oid`

func TestRecordedFilesArePostgreSQLs(t *testing.T) {
	if *postgres == "" {
		t.Skip("there is no -postgres to ask")
	}
	conn, err := pgconn.Connect(context.Background(), *postgres)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	var types, relations []string
	for _, info := range datum.Types() {
		types = append(types, info.Name)
	}
	for _, line := range lines(t, "columns15.txt") {
		if name, _, _ := strings.Cut(line, " "); name != "" {
			relations = append(relations, name)
		}
	}
	for _, f := range []struct {
		name, query string
		list        []string
	}{
		{"columns15.txt", shownRelations, relations}, {"procs15.txt", shownProcs, types}, {"operators15.txt", shownOperators, types},
		{"casts15.txt", shownCasts, types}, {"types15.txt", shownTypes, types}, {"support15.txt", shownSupport, types},
	} {
		array := []byte("{" + strings.Join(f.list, ",") + "}")
		result := conn.ExecParams(context.Background(), f.query, [][]byte{array}, nil, nil, nil).Read()
		require.NoError(t, result.Err, f.name)
		var out strings.Builder
		for _, row := range result.Rows {
			out.WriteString(string(row[0]) + "\n")
		}
		require.NoError(t, os.WriteFile(f.name, []byte(out.String()), 0o644))
	}
}
