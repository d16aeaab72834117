package clienttest

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Random COPY data, most of it broken, is answered by PostgreSQL in the same words and leaves the same rows.
func TestRandomCopy(t *testing.T) {
	if postgres.connect(t) == nil {
		t.Skip("LOUD: without PostgreSQL there is nothing to compare with")
	}
	quire.watch(t)
	ours, theirs := newWire(t, quire.dsn()), newWire(t, postgres.dsn())
	t.Cleanup(func() { ours.query("drop table copied") })
	both := func(t require.TestingT, sql string) {
		require.Equal(t, theirs.query(sql), ours.query(sql), sql)
	}
	both(t, "drop table if exists copied")
	both(t, "create table copied (a int not null, b text, c int)")
	rapid.Check(t, func(t *rapid.T) {
		form := rapid.SampledFrom([]copyForm{textForm, csvForm, escapeForm, headerForm, binaryForm}).Draw(t, "form")
		sql, data := "copy copied from stdin "+form.options, form.data(t)
		pieces := rapid.IntRange(1, 5).Draw(t, "messages")
		require.Equal(t, theirs.copy(sql, data, pieces), ours.copy(sql, data, pieces), "%s\n%q", sql, data)
		both(t, "select * from copied order by a, b, c")
		both(t, "truncate copied")
	})
}

// copy sends a COPY with its data in so many messages, without waiting for an answer between them.
func (w *wire) copy(sql, data string, messages int) string {
	w.front.SendQuery(&pgproto3.Query{String: sql})
	for size := len(data)/messages + 1; data != ""; {
		n := min(size, len(data))
		w.front.Send(&pgproto3.CopyData{Data: []byte(data[:n])})
		data = data[n:]
	}
	w.front.Send(&pgproto3.CopyDone{})
	return w.answer()
}

// A copyForm is a format with the pieces that its data are put together from.
type copyForm struct {
	options string
	pieces  []string
	start   string
}

// The pieces: values and separators, so that whole rows come about now and then, and what breaks them. Bytes that are no UTF-8 follow a
// letter: behind a carriage return or a backslash PostgreSQL finds them before the end of the line that they do not belong to.
var (
	textForm = copyForm{"", []string{"1", "x", "7\t", "1\ta\t2\n", "1\ta\t2\n", "1\ta\t2\r\n", "1\ta\t2\r", "\t", "\n", "\r", "\r\n", `\N`, `\.`, "\\.\n",
		`\\`, `\`, `\x4`, `\x`, `\xff`, `\303`, `\0`, `\303\251`, "xé", "x\xc3", "x\xff", "x\x00"}, ""}
	csvForm = copyForm{"(format csv)", []string{"1", "x", ",", "1,a,2\n", "1,a,2\n", "1,a,2\r\n", "1,a,2\r", "1,\"a\nb\",2\n", "1,\"a\r\nb\",2\n", `"`, `""`, `"a,"`, "\n", "\r",
		"\r\n", `\.`, "\\.\n", `\`, "xé", "x\xc3", "x\x00"}, ""}
	escapeForm = copyForm{`(format csv, quote '''', escape '\', null 'n')`, []string{"1", "n", "'n'", ",", "1,a,2\n", "1,'a\nb',2\n", "'", `\'`, `\\`, `'\'`, `\.`, "\\.\n", "\n", "\r"}, ""}
	headerForm = copyForm{"(format csv, header match)", []string{"1", "a", "b", "c", ",", "a,b,c\n", "1,a,2\n", `"`, "\n", "\r\n", "\\.\n"}, ""}
	binaryForm = copyForm{"(format binary)", []string{"\x00", "\x00\x03", "\x00\x00\x00\x04", "\x00\x00\x00\x07", "\xff\xff\xff\xff", "\xff\xff", "\x00\x00\x00\x01x", "\x00\x00\x00\x01\xff",
		"\x00\x03\x00\x00\x00\x04\x00\x00\x00\x07\x00\x00\x00\x01x\xff\xff\xff\xff", "\x00\x03\x00\x00\x00\x04\x00\x00\x00\x07\x00\x00\x00\x01x\xff\xff\xff\xff", "\x7f\xff\xff\xff"},
		"PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"}
)

func (f copyForm) data(t *rapid.T) string {
	data := f.start + strings.Join(rapid.SliceOfN(rapid.SampledFrom(f.pieces), 0, 12).Draw(t, "pieces"), "")
	if rapid.Bool().Draw(t, "cut") { // anywhere, the header included
		data = data[:rapid.IntRange(0, len(data)).Draw(t, "at")]
	}
	return data
}
