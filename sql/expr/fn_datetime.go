package expr

import (
	"math"
	"time"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

const (
	tstz     = datum.Timestamptz
	ts       = datum.Timestamp
	interval = datum.Interval
)

func registerDateTime(r *Registry) {
	instant := func(name string, t OID, v Volatility, f func(ctx *EvalCtx) (Datum, error)) {
		r.Register(fn0(name, t, v, f))
	}
	now := func(ctx *EvalCtx) (Datum, error) { return datum.NewInt(ctx.TxnTime), nil }
	local := func(ctx *EvalCtx) (Datum, error) { return instantToLocal(ctx, datum.NewInt(ctx.TxnTime)), nil }
	instant("now", tstz, Stable, now)
	instant("transaction_timestamp", tstz, Stable, now)
	instant("current_timestamp", tstz, Stable, now)
	instant("localtimestamp", ts, Stable, local)
	instant("statement_timestamp", tstz, Stable, func(ctx *EvalCtx) (Datum, error) { return datum.NewInt(ctx.StmtTime), nil })
	instant("clock_timestamp", tstz, Volatile, func(ctx *EvalCtx) (Datum, error) {
		return datum.NewInt(datum.TimestampFromTime(ctx.now())), nil
	})
	instant("current_date", datum.Date, Stable, func(ctx *EvalCtx) (Datum, error) {
		d, err := local(ctx)
		return timestampToDate(d), err
	})
	instant("timeofday", text, Volatile, func(ctx *EvalCtx) (Datum, error) {
		return datum.NewText(ctx.now().In(ctx.location()).Format("Mon Jan 02 15:04:05.000000 2006 MST")), nil
	})
	for name, t := range map[string]OID{"current_timestamp": tstz, "localtimestamp": ts} {
		f, _, _ := r.FindFunction(name, nil)
		r.Register(fn1(name, datum.Int4, t, Stable, func(ctx *EvalCtx, precision Datum) (Datum, error) {
			if precision.I < 0 {
				return Datum{}, pgerr.New(pgerr.InvalidParameterValue, "TIMESTAMP(%d) precision must not be negative", precision.I)
			}
			d, err := f.Eval0(ctx)
			if err != nil {
				return d, err
			}
			mod, err := datum.MustLookup(t).Modifier(int32(precision.I))
			if err != nil {
				return d, err
			}
			return datum.MustLookup(t).FitModifier(d, mod, true)
		}))
	}
	registerDateArithmetic(r)
	registerDateParts(r)
	registerDateTrunc(r)
	registerDateMake(r)
	registerZones(r)
	finite := func(_ *EvalCtx, d Datum) (Datum, error) { return datum.NewBool(!infinite(d)), nil }
	r.Register(
		fn1("isfinite", tstz, datum.Bool, Immutable, finite),
		fn1("isfinite", ts, datum.Bool, Immutable, finite),
		fn1("isfinite", datum.Date, datum.Bool, Immutable, func(_ *EvalCtx, d Datum) (Datum, error) {
			return datum.NewBool(d.I != datum.DateInfinity && d.I != datum.DateNegInfinity), nil
		}),
		fn1("isfinite", interval, datum.Bool, Immutable, func(*EvalCtx, Datum) (Datum, error) { return datum.NewBool(true), nil }),
		fn1("to_timestamp", datum.Float8, tstz, Immutable, toTimestamp),
	)
}

// toTimestamp converts seconds since 1970.
func toTimestamp(_ *EvalCtx, a Datum) (Datum, error) {
	f := a.Float()
	switch {
	case math.IsNaN(f):
		return Datum{}, pgerr.New(pgerr.DatetimeFieldOverflow, "timestamp cannot be NaN")
	case math.IsInf(f, 1):
		return datum.NewInt(datum.TimestampInfinity), nil
	case math.IsInf(f, -1):
		return datum.NewInt(datum.TimestampNegInfinity), nil
	}
	const epoch = 946_684_800 // 2000-01-01 in seconds since 1970
	micros := math.RoundToEven((f - epoch) * datum.MicrosPerSecond)
	if !(math.Abs(micros) < 1<<63) || !datum.TimestampInRange(int64(micros)) {
		return Datum{}, pgerr.New(pgerr.DatetimeFieldOverflow, "timestamp out of range: \"%s\"", datum.MustLookup(datum.Float8).String(a))
	}
	return datum.NewInt(int64(micros)), nil
}

func registerZones(r *Registry) {
	zone := func(name string) (*time.Location, error) {
		if loc, ok := datum.LoadZone(name); ok {
			return loc, nil
		}
		return nil, invalidParameter("time zone \"%s\" not recognized", name)
	}
	r.Register(
		fn2("timezone", text, tstz, ts, Immutable, func(_ *EvalCtx, z, d Datum) (Datum, error) {
			loc, err := zone(z.S)
			if err != nil || infinite(d) {
				return d, err
			}
			return datum.NewInt(datum.UTCToLocal(loc, d.I)), nil
		}),
		fn2("timezone", text, ts, tstz, Immutable, func(_ *EvalCtx, z, d Datum) (Datum, error) {
			loc, err := zone(z.S)
			if err != nil || infinite(d) {
				return d, err
			}
			return datum.NewInt(datum.LocalToUTC(loc, d.I)), nil
		}),
		fn2("timezone", interval, tstz, ts, Immutable, func(_ *EvalCtx, z, d Datum) (Datum, error) {
			return shiftByZone(z, d, 1)
		}),
		fn2("timezone", interval, ts, tstz, Immutable, func(_ *EvalCtx, z, d Datum) (Datum, error) {
			return shiftByZone(z, d, -1)
		}),
	)
}

func shiftByZone(z, d Datum, sign int64) (Datum, error) {
	v := z.Interval()
	if v.Months != 0 || v.Days != 0 {
		return Datum{}, invalidParameter("interval time zone \"%s\" must not include months or days", datum.MustLookup(interval).String(z))
	}
	if infinite(d) {
		return d, nil
	}
	return inTimestampRange(d.I + sign*v.Micros)
}

func inTimestampRange(micros int64) (Datum, error) {
	if !datum.TimestampInRange(micros) {
		return Datum{}, errTimestampRange()
	}
	return datum.NewInt(micros), nil
}
