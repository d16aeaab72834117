package expr

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

func registerBytes(r *Registry) {
	const bytea = datum.Bytea
	r.op2("||", bytea, bytea, bytea, Immutable, func(_ *EvalCtx, a, b Datum) (Datum, error) { return datum.NewText(a.S + b.S), nil })
	sum := func(f func(b []byte) []byte) func(*EvalCtx, Datum) (Datum, error) {
		return func(_ *EvalCtx, a Datum) (Datum, error) { return datum.NewBytes(f(a.Bytes())), nil }
	}
	md5hex := func(_ *EvalCtx, a Datum) (Datum, error) {
		s := md5.Sum(a.Bytes())
		return datum.NewText(hex.EncodeToString(s[:])), nil
	}
	length := textInt(func(s string) int { return len(s) })
	r.Register(
		fn1("length", bytea, datum.Int4, Immutable, length),
		fn1("octet_length", bytea, datum.Int4, Immutable, length),
		fn1("bit_length", bytea, datum.Int4, Immutable, textInt(func(s string) int { return 8 * len(s) })),
		fn1("md5", text, text, Immutable, md5hex),
		fn1("md5", bytea, text, Immutable, md5hex),
		fn1("sha224", bytea, bytea, Immutable, sum(func(b []byte) []byte { s := sha256.Sum224(b); return s[:] })),
		fn1("sha256", bytea, bytea, Immutable, sum(func(b []byte) []byte { s := sha256.Sum256(b); return s[:] })),
		fn1("sha384", bytea, bytea, Immutable, sum(func(b []byte) []byte { s := sha512.Sum384(b); return s[:] })),
		fn1("sha512", bytea, bytea, Immutable, sum(func(b []byte) []byte { s := sha512.Sum512(b); return s[:] })),
		fn2("encode", bytea, text, text, Immutable, encodeBytes),
		fn2("decode", text, text, bytea, Immutable, decodeBytes),
		fn2("btrim", bytea, bytea, bytea, Immutable, trimBytes),
		fn2("position", bytea, bytea, datum.Int4, Immutable, func(_ *EvalCtx, a, b Datum) (Datum, error) {
			return datum.NewInt(int64(strings.Index(a.S, b.S) + 1)), nil
		}),
		fn2("get_byte", bytea, datum.Int4, datum.Int4, Immutable, func(_ *EvalCtx, a, b Datum) (Datum, error) {
			if b.I < 0 || b.I >= int64(len(a.S)) {
				return Datum{}, pgerr.New(pgerr.ArraySubscriptError, "index %d out of valid range, 0..%d", b.I, len(a.S)-1)
			}
			return datum.NewInt(int64(a.S[b.I])), nil
		}),
		fnN("substr", []OID{bytea, datum.Int4, datum.Int4}, bytea, Immutable, substringBytes),
		fnN("substr", []OID{bytea, datum.Int4}, bytea, Immutable, substringBytes),
		fnN("substring", []OID{bytea, datum.Int4, datum.Int4}, bytea, Immutable, substringBytes),
		fnN("substring", []OID{bytea, datum.Int4}, bytea, Immutable, substringBytes),
		fn1("hashtext", text, datum.Int4, Immutable, func(_ *EvalCtx, a Datum) (Datum, error) {
			return datum.NewInt(int64(int32(hashAny(a.Bytes())))), nil
		}),
		fn2("convert_from", bytea, datum.Name, text, Stable, convertFrom),
		fn2("convert_to", text, datum.Name, bytea, Stable, convertTo),
	)
}

func trimBytes(_ *EvalCtx, a, b Datum) (Datum, error) {
	s := a.S
	for s != "" && strings.IndexByte(b.S, s[0]) >= 0 {
		s = s[1:]
	}
	for s != "" && strings.IndexByte(b.S, s[len(s)-1]) >= 0 {
		s = s[:len(s)-1]
	}
	return datum.NewText(s), nil
}

func substringBytes(_ *EvalCtx, a []Datum) (Datum, error) {
	start, end := a[1].I, int64(len(a[0].S))+1
	if len(a) == 3 {
		if a[2].I < 0 {
			return Datum{}, pgerr.New(pgerr.SubstringError, "negative substring length not allowed")
		}
		end = min(start+a[2].I, end)
	}
	start = max(start, 1)
	if end <= start {
		return datum.NewText(""), nil
	}
	return datum.NewText(a[0].S[start-1 : end-1]), nil
}

func unknownEncoding(name string) error {
	return invalidParameter("unrecognized encoding: \"%s\"", name)
}

func encodeBytes(_ *EvalCtx, a, b Datum) (Datum, error) {
	switch strings.ToLower(b.S) {
	case "hex":
		return datum.NewText(hex.EncodeToString(a.Bytes())), nil
	case "base64":
		return datum.NewText(wrapLines(base64.StdEncoding.EncodeToString(a.Bytes()))), nil
	case "escape":
		var out strings.Builder
		for i := range len(a.S) {
			switch c := a.S[i]; {
			case c == 0 || c >= 0x80:
				out.Write([]byte{'\\', '0' + c>>6, '0' + c>>3&7, '0' + c&7})
			case c == '\\':
				out.WriteString(`\\`)
			default:
				out.WriteByte(c)
			}
		}
		return datum.NewText(out.String()), nil
	}
	return Datum{}, unknownEncoding(b.S)
}

// wrapLines breaks base64 after 76 characters, as RFC 2045 has it.
func wrapLines(s string) string {
	var out strings.Builder
	for len(s) > 76 {
		out.WriteString(s[:76])
		out.WriteByte('\n')
		s = s[76:]
	}
	out.WriteString(s)
	return out.String()
}

func decodeBytes(_ *EvalCtx, a, b Datum) (Datum, error) {
	switch strings.ToLower(b.S) {
	case "hex":
		out, err := datum.DecodeHex(a.S)
		return datum.NewBytes(out), err
	case "base64":
		return decodeBase64(a.S)
	case "escape":
		return datum.MustLookup(datum.Bytea).ParseText(escapeOnly(a.S), -1)
	}
	return Datum{}, unknownEncoding(b.S)
}

// escapeOnly keeps a leading \x from being taken for the hex format; the escape format refuses it.
func escapeOnly(s string) string {
	if strings.HasPrefix(s, `\x`) {
		return `\?`
	}
	return s
}

func decodeBase64(s string) (Datum, error) {
	clean := strings.Map(func(c rune) rune {
		if c == ' ' || c == '\n' || c == '\r' || c == '\t' {
			return -1
		}
		return c
	}, s)
	out, err := base64.StdEncoding.DecodeString(clean)
	if err == nil {
		return datum.NewBytes(out), nil
	}
	for i, c := range clean {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '/' || c == '=') {
			return Datum{}, invalidParameter("invalid symbol \"%s\" found while decoding base64 sequence", clean[i:datum.CharOffset(clean[i:], 1)+i])
		}
	}
	return Datum{}, invalidParameter("invalid base64 end sequence").
		WithHint("Input data is missing padding, is truncated, or is otherwise corrupted.")
}

func utf8Name(name string) bool {
	switch strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(name)) {
	case "utf8", "unicode":
		return true
	}
	return false
}

func convertFrom(_ *EvalCtx, a, b Datum) (Datum, error) {
	if !utf8Name(b.S) {
		return Datum{}, invalidParameter("invalid source encoding name \"%s\"", b.S)
	}
	return a, datum.ValidateUTF8(a.S)
}

func convertTo(_ *EvalCtx, a, b Datum) (Datum, error) {
	if !utf8Name(b.S) {
		return Datum{}, invalidParameter("invalid destination encoding name \"%s\"", b.S)
	}
	return a, nil
}
