package expr

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/datum/numeric"
	"github.com/quiredb/quire/core/pgerr"
)

func pgInvalidDatetime(format string, args ...any) *pgerr.Error {
	return pgerr.New(pgerr.InvalidDatetimeFormat, format, args...)
}

func registerToChar(r *Registry) {
	char := func(t OID, f func(ctx *EvalCtx, d Datum, pattern string) (string, bool, error)) {
		r.Register(fn2("to_char", t, text, text, Stable, func(ctx *EvalCtx, d, pattern Datum) (Datum, error) {
			s, ok, err := f(ctx, d, pattern.S)
			if err != nil || !ok {
				return datum.NewNull(), err
			}
			return datum.NewText(s), nil
		}))
	}
	char(ts, func(_ *EvalCtx, d Datum, pattern string) (string, bool, error) {
		if infinite(d) || pattern == "" {
			return "", false, nil
		}
		s, err := fieldsOfTimestamp(d.I).print(parseDatePattern(pattern))
		return s, true, err
	})
	char(tstz, func(ctx *EvalCtx, d Datum, pattern string) (string, bool, error) {
		if infinite(d) || pattern == "" {
			return "", false, nil
		}
		local := datum.UTCToLocal(ctx.location(), d.I)
		f := fieldsOfTimestamp(local)
		f.offset = int((local - d.I) / datum.MicrosPerSecond)
		f.zone, _ = datum.TimestampToTime(d.I).In(ctx.location()).Zone()
		s, err := f.print(parseDatePattern(pattern))
		return s, true, err
	})
	char(interval, func(_ *EvalCtx, d Datum, pattern string) (string, bool, error) {
		if pattern == "" {
			return "", false, nil
		}
		s, err := fieldsOfInterval(d.Interval()).print(parseDatePattern(pattern))
		return s, true, err
	})
	number := func(t OID, f func(d Datum) (*numeric.Decimal, error)) {
		char(t, func(_ *EvalCtx, d Datum, pattern string) (string, bool, error) {
			n, err := f(d)
			if err != nil {
				return "", false, err
			}
			s, err := formatNumber(n, pattern)
			return s, true, err
		})
	}
	number(datum.Int4, func(d Datum) (*numeric.Decimal, error) { return new(numeric.Decimal).SetInt64(d.I), nil })
	number(datum.Int8, func(d Datum) (*numeric.Decimal, error) { return new(numeric.Decimal).SetInt64(d.I), nil })
	number(datum.Numeric, func(d Datum) (*numeric.Decimal, error) { return d.Numeric(), nil })
	number(datum.Float4, func(d Datum) (*numeric.Decimal, error) {
		n := new(numeric.Decimal)
		return n, n.SetFloat(d.Float(), 6)
	})
	number(datum.Float8, func(d Datum) (*numeric.Decimal, error) {
		n := new(numeric.Decimal)
		return n, n.SetFloat(d.Float(), 15)
	})
	r.Register(
		fn2("to_number", text, text, datum.Numeric, Stable, func(_ *EvalCtx, s, pattern Datum) (Datum, error) { return readNumber(s.S, pattern.S) }),
		fn2("to_timestamp", text, text, tstz, Stable, func(ctx *EvalCtx, s, pattern Datum) (Datum, error) {
			return readTimestamp(ctx, s.S, pattern.S)
		}),
		fn2("to_date", text, text, datum.Date, Stable, func(_ *EvalCtx, s, pattern Datum) (Datum, error) { return readDate(s.S, pattern.S) }),
	)
}
