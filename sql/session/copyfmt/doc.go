// Package copyfmt reads and writes the three formats of COPY: text, csv and binary.
//
// The reader works on whole batches: a batch owns one buffer, fields are slices of it, and escapes are resolved in
// place, so that a row costs no allocation. Values stay bytes here; types are the caller's business.
//
// Always true:
//
//	C1. Fields of a batch alias the batch's buffer and stay valid until that batch is filled again.
//	C2. A row is either delivered whole, with exactly the expected number of fields, or reported as an error that
//	    names its line.
//	C3. No input makes the buffer grow past MaxRow bytes beyond the batch size.
//	C4. Mistakes come out in the order of the input: rows before a malformed one are delivered before its error, and the error
//	    has the fields before the mistake, since one of them may be wrong in itself.
//	C5. Text and csv fields are valid UTF-8.
package copyfmt

import "github.com/quiredb/quire/core/pgerr"

// Format is one of COPY's formats.
type Format uint8

// The formats.
const (
	Text Format = iota
	CSV
	Binary
)

// MaxRow bounds the bytes of one row of input.
const MaxRow = 64 << 20

// Options are the settings of one COPY, already defaulted by Defaults and checked by Validate.
type Options struct {
	Format      Format
	Delimiter   byte
	Null        string
	Header      bool
	HeaderMatch bool // the header must repeat the column names
	Quote       byte
	Escape      byte
	ForceQuote  bool // csv out: quote every value that is not NULL
}

// Defaults are the options of a format that was given none.
func Defaults(f Format) Options {
	if f == CSV {
		return Options{Format: CSV, Delimiter: ',', Quote: '"', Escape: '"'}
	}
	return Options{Format: f, Delimiter: '\t', Null: `\N`}
}

// Validate reports combinations that cannot be read back unambiguously, with PostgreSQL's messages.
func (o Options) Validate() error {
	bad := func(format string, args ...any) error { return pgerr.New(pgerr.InvalidParameterValue, format, args...) }
	if o.Format == Binary {
		return nil
	}
	if o.Delimiter == '\n' || o.Delimiter == '\r' {
		return bad("COPY delimiter cannot be newline or carriage return")
	}
	for i := range len(o.Null) {
		switch c := o.Null[i]; {
		case c == '\n' || c == '\r':
			return bad("COPY null representation cannot use newline or carriage return")
		case c == o.Delimiter:
			return pgerr.New(pgerr.FeatureNotSupported, "COPY delimiter must not appear in the NULL specification")
		case o.Format == CSV && c == o.Quote:
			return pgerr.New(pgerr.FeatureNotSupported, "CSV quote character must not appear in the NULL specification")
		}
	}
	if o.Format == CSV {
		if o.Delimiter == o.Quote {
			return bad("COPY delimiter and quote must be different")
		}
		return nil
	}
	const confusing = `\.abcdefghijklmnopqrstuvwxyz0123456789`
	for i := range len(confusing) {
		if o.Delimiter == confusing[i] {
			return bad(`COPY delimiter cannot be "%c"`, o.Delimiter)
		}
	}
	return nil
}
