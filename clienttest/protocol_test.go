package clienttest

import (
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"
)

// A COPY is over when the client says so, not at an end marker in its data: whoever hears of the end while he still sends waits for
// another answer for ever.
func TestCopyEndsWithTheClient(t *testing.T) {
	quire.watch(t)
	both := wires(t)
	for _, w := range both {
		w.query("drop table if exists ended; create table ended (a int)")
	}
	require.Equal(t, "ERROR 57014: COPY from stdin failed: no more\nCONTEXT: COPY ended, line 2\nready I\n", alike(t, both, func(w *wire) string {
		w.front.SendQuery(&pgproto3.Query{String: "copy ended from stdin"})
		w.front.Send(&pgproto3.CopyData{Data: []byte("1\n\\.\n")})
		w.front.Send(&pgproto3.CopyData{Data: []byte("what nobody reads\n")})
		w.front.Send(&pgproto3.CopyFail{Message: "no more"})
		return w.answer()
	}))
	require.Equal(t, "[\"0\"]\nSELECT 1\nready I\n", alike(t, both, func(w *wire) string { return w.query("select count(*) from ended") }))
	require.Equal(t, "COPY 1\nready I\n", alike(t, both, func(w *wire) string {
		w.front.SendQuery(&pgproto3.Query{String: "copy ended from stdin"})
		w.front.Send(&pgproto3.CopyData{Data: []byte("1\n\\.\nrest")})
		w.front.Send(&pgproto3.CopyDone{})
		return w.answer()
	}))
	both[0].query("drop table ended")
}

// wires connects to Quire and, where it is installed, to PostgreSQL.
func wires(t *testing.T) []*wire {
	out := []*wire{newWire(t, quire.dsn())}
	if postgres.connect(t) != nil {
		out = append(out, newWire(t, postgres.dsn()))
	}
	return out
}

// alike does the same on each connection and returns the answer, which is PostgreSQL's as well.
func alike(t *testing.T, both []*wire, do func(*wire) string) string {
	t.Helper()
	ours := do(both[0])
	if len(both) > 1 {
		require.Equal(t, do(both[1]), ours, "PostgreSQL says otherwise")
	}
	return ours
}

// Messages that contradict one another, name what is not there or count wrongly are answered in PostgreSQL's words, and the session goes on.
func TestProtocolMistakes(t *testing.T) {
	quire.watch(t)
	sync := &pgproto3.Sync{}
	wide := make([][]byte, 65535)
	for i := range wide {
		wide[i] = []byte("1")
	}
	// What we say where PostgreSQL says something else, and why.
	differs := map[string]string{
		"unknown type":          "ERROR 42704: type with OID 999999 of parameter $1 does not exist\nready I\n", // theirs is an internal error
		"parameter too high":    "ERROR 42P02 at 8: there is no parameter $65536\nready I\n",                   // it could not be bound: a Bind counts with 16 bits
		"unknown result format": "ParseComplete\nERROR 22023: unsupported format code: 3\nready I\n",           // found by Bind, not by Describe
		"the rest is skipped":   "ParseComplete\nBindComplete\nERROR 22012: division by zero\nready I\n",       // theirs is planned, and so computed, by Bind
		"no function":           "ERROR 0A000: the function call protocol message is not supported; use SELECT\nready I\n",
	}
	for name, messages := range map[string][]pgproto3.FrontendMessage{
		"unknown statement":         {&pgproto3.Bind{PreparedStatement: "nope"}, sync},
		"unknown unnamed statement": {&pgproto3.Close{ObjectType: 'S'}, &pgproto3.Bind{}, sync},
		"describe no statement":     {&pgproto3.Describe{ObjectType: 'S', Name: "nope"}, sync},
		"describe no portal":        {&pgproto3.Describe{ObjectType: 'P', Name: "nope"}, sync},
		"execute no portal":         {&pgproto3.Execute{Portal: "nope"}, sync},
		"close nothing":             {&pgproto3.Close{ObjectType: 'S', Name: "nope"}, &pgproto3.Close{ObjectType: 'P', Name: "nope"}, sync},
		"statement twice":           {&pgproto3.Parse{Name: "two", Query: "select 1"}, &pgproto3.Parse{Name: "two", Query: "select 2"}, sync},
		"portal twice": {&pgproto3.Parse{Query: "select 1"}, &pgproto3.Bind{DestinationPortal: "p"}, &pgproto3.Bind{DestinationPortal: "p"},
			sync},
		"too few parameters":        {&pgproto3.Parse{Query: "select $1::int, $2::int"}, &pgproto3.Bind{Parameters: [][]byte{[]byte("1")}}, sync},
		"too many parameters":       {&pgproto3.Parse{Query: "select $1::int"}, &pgproto3.Bind{Parameters: [][]byte{[]byte("1"), []byte("2")}}, sync},
		"parameters of a named one": {&pgproto3.Parse{Name: "n", Query: "select $1::int"}, &pgproto3.Bind{PreparedStatement: "n"}, sync},
		"format codes": {&pgproto3.Parse{Query: "select $1::int, $2::int, $3::int"},
			&pgproto3.Bind{ParameterFormatCodes: []int16{0, 1}, Parameters: [][]byte{[]byte("1"), []byte("2"), []byte("3")}}, sync},
		"unknown format code": {&pgproto3.Parse{Query: "select $1::int"},
			&pgproto3.Bind{ParameterFormatCodes: []int16{7}, Parameters: [][]byte{[]byte("1")}}, sync},
		"result format codes": {&pgproto3.Parse{Query: "select 1, 2, 3"}, &pgproto3.Bind{ResultFormatCodes: []int16{0, 1}}, &pgproto3.Execute{}, sync},
		"unknown result format": {&pgproto3.Parse{Query: "select 1"}, &pgproto3.Bind{ResultFormatCodes: []int16{3}}, &pgproto3.Describe{ObjectType: 'P'},
			&pgproto3.Execute{}, sync},
		"two statements":         {&pgproto3.Parse{Query: "select 1; select 2"}, sync},
		"empty statement":        {&pgproto3.Parse{Query: "  "}, &pgproto3.Bind{}, &pgproto3.Describe{ObjectType: 'P'}, &pgproto3.Execute{}, sync},
		"unknown type":           {&pgproto3.Parse{Query: "select $1", ParameterOIDs: []uint32{999999}}, sync},
		"a type that is unknown": {&pgproto3.Parse{Query: "select $1", ParameterOIDs: []uint32{705}}, &pgproto3.Describe{ObjectType: 'S'}, sync},
		"more types than used":   {&pgproto3.Parse{Query: "select 1", ParameterOIDs: []uint32{23, 25}}, &pgproto3.Describe{ObjectType: 'S'}, sync},
		"type not inferred":      {&pgproto3.Parse{Query: "select $1 is null"}, sync},
		"a gap in the numbers":   {&pgproto3.Parse{Query: "select $3::int"}, sync},
		"parameter zero":         {&pgproto3.Parse{Query: "select $0"}, sync},
		"parameter too high":     {&pgproto3.Parse{Query: "select $65536::int"}, sync},
		"parameter beyond int":   {&pgproto3.Parse{Query: "select $99999999999::int"}, sync},
		"invalid text":           {&pgproto3.Parse{Query: "select '\xff'"}, sync},
		"invalid name":           {&pgproto3.Parse{Name: "\xff", Query: "select 1"}, sync},
		"invalid parameter":      {&pgproto3.Parse{Query: "select $1::text"}, &pgproto3.Bind{Parameters: [][]byte{[]byte("\xc3")}}, sync},
		"NUL in a parameter":     {&pgproto3.Parse{Query: "select $1::text"}, &pgproto3.Bind{Parameters: [][]byte{[]byte("a\x00b")}}, sync},
		"short binary": {&pgproto3.Parse{Query: "select $1::int"}, &pgproto3.Bind{ParameterFormatCodes: []int16{1}, Parameters: [][]byte{{1, 2}}},
			sync},
		"wrong describe":         {&pgproto3.Describe{ObjectType: 'X', Name: "n"}, sync},
		"wrong close":            {&pgproto3.Close{ObjectType: 'X', Name: "n"}, sync},
		"copy data out of place": {&pgproto3.CopyData{Data: []byte("x")}, &pgproto3.CopyDone{}, &pgproto3.CopyFail{Message: "x"}, sync},
		"the rest is skipped": {&pgproto3.Parse{Query: "select 1/0"}, &pgproto3.Bind{}, &pgproto3.Execute{}, &pgproto3.Parse{Query: "select 2"},
			&pgproto3.Bind{}, &pgproto3.Execute{}, sync},
		"65535 parameters": {&pgproto3.Parse{Query: "select $65535::int"}, &pgproto3.Bind{Parameters: wide}, &pgproto3.Execute{}, sync},
		"invalid query":    {&pgproto3.Query{String: "select '\xe9'"}},
		"no function":      {&pgproto3.FunctionCall{Function: 999999}},
	} {
		t.Run(name, func(t *testing.T) {
			both := wires(t)
			do := func(w *wire) string {
				for _, m := range messages {
					w.front.Send(m)
				}
				return w.answer()
			}
			if ours, other := differs[name]; other {
				require.Equal(t, ours, do(both[0]))
				if len(both) > 1 {
					require.NotEqual(t, ours, do(both[1]), "PostgreSQL says the same: not a difference")
				}
			} else {
				alike(t, both, do)
			}
			require.Equal(t, "[\"1\"]\nSELECT 1\nready I\n", alike(t, both, func(w *wire) string { return w.query("select 1") }))
			for _, w := range both {
				w.front.Send(&pgproto3.Terminate{})
				_ = w.front.Flush()
			}
		})
	}
}
