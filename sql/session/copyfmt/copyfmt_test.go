package copyfmt

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quiredb/quire/core/pgerr"
)

// decode reads everything and prints it: fields in brackets, NULL as -.
func decode(r io.Reader, o Options, columns []string, batchRows int) (string, error) {
	d := NewDecoder(r, o, columns)
	var out strings.Builder
	var b Batch
	for {
		err := d.Fill(&b, batchRows)
		if err == io.EOF {
			return out.String(), nil
		}
		if err != nil {
			return out.String(), err
		}
		for i := range b.Rows {
			fmt.Fprintf(&out, "%d:", b.Line(i))
			for _, f := range b.Row(i) {
				if f.Null {
					out.WriteString(" -")
				} else {
					fmt.Fprintf(&out, " [%s]", f.Bytes)
				}
			}
			out.WriteByte('\n')
		}
	}
}

var two = []string{"a", "b"}

func csv() Options    { return Defaults(CSV) }
func header() Options { o := csv(); o.Header, o.HeaderMatch = true, true; return o }

func TestDecode(t *testing.T) {
	for name, c := range map[string]struct {
		opts     Options
		in, want string
	}{
		"text":                {Defaults(Text), "1\tx\n\\N\t\n", "1: [1] [x]\n2: - []\n"},
		"text escapes":        {Defaults(Text), "a\\tb\\\\\\n\tq\\x41\\101\\z\n", "1: [a\tb\\\n] [qAAz]\n"},
		"text escaped N":      {Defaults(Text), "\\\\N\t\\N\n", `1: [\N] -` + "\n"},
		"text escaped line":   {Defaults(Text), "a\\\nb\tc\n", "1: [a\nb] [c]\n"},
		"text crlf":           {Defaults(Text), "1\t2\r\n3\t4\r\n", "1: [1] [2]\n2: [3] [4]\n"},
		"text cr":             {Defaults(Text), "1\t2\r3\t4\r", "1: [1] [2]\n2: [3] [4]\n"},
		"text marker":         {Defaults(Text), "1\t2\n\\.\nrubbish", "1: [1] [2]\n"},
		"text marker in line": {Defaults(Text), "1\t2\n3\t4\\.\nrubbish", "1: [1] [2]\n2: [3] [4]\n"},
		"text lone backslash": {Defaults(Text), "1\t2\\", "1: [1] [2]\n"},
		"csv marker":          {csv(), "1,2\n\\.\nrubbish", "1: [1] [2]\n"},
		"csv no marker":       {csv(), "\\.,2\n1,\\.\n", "1: [\\.] [2]\n2: [1] [\\.]\n"},
		"text no newline":     {Defaults(Text), "1\t2", "1: [1] [2]\n"},
		"text empty":          {Defaults(Text), "", ""},
		"csv":                 {csv(), "1,\n\"\",\"a,\"\"b\"\n", "1: [1] -\n2: [] [a,\"b]\n"},
		"csv line in field":   {csv(), "\"a\nb\",2\n3,4\n\"c\nd\",5\n", "1: [a\nb] [2]\n2: [3] [4]\n4: [c\nd] [5]\n"},
		"csv crlf, no end":    {csv(), "1,2\r\n3,\"4\"", "1: [1] [2]\n2: [3] [4]\n"},
		"csv quote in middle": {csv(), `x"y,z"w,2` + "\n", "1: [xy,zw] [2]\n"},
		"csv header":          {header(), "a,b\n1,2\n", "2: [1] [2]\n"},
		"binary":              {Defaults(Binary), string(BinaryHeader(nil)) + "\x00\x02\x00\x00\x00\x01x\xff\xff\xff\xff\xff\xff", "1: [x] -\n"},
	} {
		for _, rows := range []int{1, 1000} {
			got, err := decode(strings.NewReader(c.in), c.opts, two, rows)
			require.NoError(t, err, name)
			require.Equal(t, c.want, got, name)
			got, err = decode(iotest.OneByteReader(strings.NewReader(c.in)), c.opts, two, rows)
			require.NoError(t, err, name)
			require.Equal(t, c.want, got, "%s, byte by byte", name)
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	bin := string(BinaryHeader(nil))
	for _, c := range []struct {
		opts               Options
		in, message, where string
	}{
		{Defaults(Text), "1\t2\n3\n", `missing data for column "b"`, `line 2: "3"`},
		{Defaults(Text), "1\t2\t3\n", "extra data after last expected column", "line 1: \"1\t2\t3\""},
		{Defaults(Text), "1\t2\n3\r\t4\n", "literal carriage return found in data", "line 2"},
		{Defaults(Text), "1\t2\r3\n", "literal newline found in data", "line 2"},
		{csv(), "1,2\n\"3,4\n", "unterminated CSV quoted field", "line 3: \"\"3,4\n\""},
		{csv(), "1,2\n3\r,4\n", "unquoted carriage return found in data", "line 2"},
		{header(), "a,c\n", `column name mismatch in header line field 2: got "c", expected "b"`, `line 1: "a,c"`},
		{Defaults(Binary), "hello", "COPY file signature not recognized", ""},
		{Defaults(Text), "1\\.2\n", "end-of-copy marker corrupt", "line 1"},
		{Defaults(Text), "1\t2\r\n\\.\n", "end-of-copy marker does not match previous newline style", "line 2"},
		{csv(), "1,2\n\\.\r\n", "end-of-copy marker does not match previous newline style", "line 2"},
		{Defaults(Binary), bin + "\x00\x03", "row field count is 3, expected 2", "line 1"},
		{Defaults(Binary), bin + "\x00\x02\x00\x00", "unexpected EOF in COPY data", "line 1, column a"},
		{Defaults(Binary), bin + "\x00\x02\x80\x00\x00\x00", "invalid field size", "line 1, column a"},
	} {
		_, err := decode(strings.NewReader(c.in), c.opts, two, 10)
		var le *LineError
		require.True(t, errors.As(err, &le), "%q: %v", c.in, err)
		require.Equal(t, c.message, le.Error(), c.in)
		require.Equal(t, c.where, le.Where(), c.in)
		require.Equal(t, pgerr.BadCopyFileFormat, pgerr.CodeOf(err))
	}
	rows, err := decode(strings.NewReader("1\t2\n3\t\xff\n"), Defaults(Text), two, 10)
	require.Equal(t, pgerr.CharacterNotInRepertoire, pgerr.CodeOf(err))
	require.Equal(t, "1: [1] [2]\n", rows, "the row before the mistake")
	var le *LineError
	_, err = decode(strings.NewReader("1\n"), Defaults(Text), two, 10)
	require.ErrorAs(t, err, &le)
	require.Len(t, le.Before, 1)
	boom := errors.New("boom")
	_, err = decode(iotest.ErrReader(boom), Defaults(Text), two, 10)
	require.ErrorIs(t, err, boom)
}

func TestOptionsThatCannotBeReadBack(t *testing.T) {
	for want, o := range map[string]Options{
		`COPY delimiter cannot be "n"`:                                   {Format: Text, Delimiter: 'n', Null: `\N`},
		"COPY delimiter cannot be newline or carriage return":            {Format: Text, Delimiter: '\n'},
		"COPY delimiter and quote must be different":                     {Format: CSV, Delimiter: '"', Quote: '"'},
		"COPY delimiter must not appear in the NULL specification":       {Format: CSV, Delimiter: ',', Null: ",", Quote: '"'},
		"CSV quote character must not appear in the NULL specification":  {Format: CSV, Delimiter: ',', Null: `"`, Quote: '"'},
		"COPY null representation cannot use newline or carriage return": {Format: Text, Delimiter: ',', Null: "\n"},
	} {
		require.EqualError(t, o.Validate(), want)
	}
	require.NoError(t, Defaults(Text).Validate())
	require.NoError(t, csv().Validate())
}

// What is written is read back as it was, whatever the bytes and however the reads are cut.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Defaults(rapid.SampledFrom([]Format{Text, CSV}).Draw(t, "format"))
		value := rapid.StringMatching(`[a-c\\\t\n\r",N.]{0,6}`)
		var in []byte
		var want strings.Builder
		n := rapid.IntRange(0, 20).Draw(t, "rows")
		values := make([][2]string, n)
		for i := range values {
			values[i] = [2]string{value.Draw(t, "a"), value.Draw(t, "b")}
			for j, v := range values[i] {
				if j > 0 {
					in = append(in, o.Delimiter)
				}
				if o.Format == Text {
					in = AppendText(in, []byte(v), o)
				} else {
					in = AppendCSV(in, []byte(v), o, false)
				}
			}
			in = append(in, '\n')
			fmt.Fprintf(&want, "[%s] [%s]\n", values[i][0], values[i][1])
		}
		d := NewDecoder(iotest.HalfReader(strings.NewReader(string(in))), o, two)
		var b Batch
		var got strings.Builder
		for {
			err := d.Fill(&b, rapid.IntRange(1, 7).Draw(t, "batch"))
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%q: %v", in, err)
			}
			for i := range b.Rows {
				r := b.Row(i)
				fmt.Fprintf(&got, "[%s] [%s]\n", r[0].Bytes, r[1].Bytes)
			}
		}
		if got.String() != want.String() {
			t.Fatalf("%q gave %q", in, got.String())
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add(byte(0), []byte("1\t2\n\\N\t\\\\.\n"))
	f.Add(byte(1), []byte("\"a\"\"\n\",b\r\n"))
	f.Add(byte(2), append(BinaryHeader(nil), 0, 2, 0, 0, 0, 1, 'x', 255, 255, 255, 255))
	f.Fuzz(func(t *testing.T, format byte, in []byte) {
		o := Defaults(Format(format % 3))
		if format >= 128 && o.Format == CSV {
			o = header()
			o.Escape = '\\'
		}
		whole, err1 := decode(strings.NewReader(string(in)), o, two, 3)
		cut, err2 := decode(iotest.OneByteReader(strings.NewReader(string(in))), o, two, 3)
		require.Equal(t, err1 == nil, err2 == nil)
		if err1 == nil {
			require.Equal(t, whole, cut)
		}
	})
}

func BenchmarkText(b *testing.B) {
	line := "123456\t2345\t345678\t4\t56789012\t678\t7890123\n"
	in := strings.Repeat(line, 10000)
	columns := []string{"a", "b", "c", "d", "e", "f", "g"}
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		d := NewDecoder(strings.NewReader(in), Defaults(Text), columns)
		var batch Batch
		for d.Fill(&batch, 1000) == nil {
		}
	}
}
