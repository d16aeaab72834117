package expr

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

func errTimestampRange() error {
	return pgerr.New(pgerr.DatetimeFieldOverflow, "timestamp out of range")
}

func dateCasts(convert func(when Coercion, from, to OID, v Volatility, f func(ctx *EvalCtx, d Datum) (Datum, error))) {
	convert(Implicit, datum.Date, datum.Timestamp, Immutable, func(_ *EvalCtx, d Datum) (Datum, error) {
		return dateToTimestamp(d)
	})
	convert(Implicit, datum.Date, datum.Timestamptz, Stable, func(ctx *EvalCtx, d Datum) (Datum, error) {
		d, err := dateToTimestamp(d)
		if err != nil {
			return d, err
		}
		return localToInstant(ctx, d)
	})
	convert(Implicit, datum.Timestamp, datum.Timestamptz, Stable, localToInstant)
	convert(Assignment, datum.Timestamp, datum.Date, Immutable, func(_ *EvalCtx, d Datum) (Datum, error) {
		return timestampToDate(d), nil
	})
	convert(Assignment, datum.Timestamptz, datum.Date, Stable, func(ctx *EvalCtx, d Datum) (Datum, error) {
		return timestampToDate(instantToLocal(ctx, d)), nil
	})
	convert(Assignment, datum.Timestamptz, datum.Timestamp, Stable, func(ctx *EvalCtx, d Datum) (Datum, error) {
		return instantToLocal(ctx, d), nil
	})
}

func infinite(d Datum) bool {
	return d.I == datum.TimestampInfinity || d.I == datum.TimestampNegInfinity
}

func dateToTimestamp(d Datum) (Datum, error) {
	switch d.I {
	case datum.DateInfinity:
		return datum.NewInt(datum.TimestampInfinity), nil
	case datum.DateNegInfinity:
		return datum.NewInt(datum.TimestampNegInfinity), nil
	}
	if d.I > 1<<27 || !datum.TimestampInRange(d.I*datum.MicrosPerDay) {
		return Datum{}, pgerr.New(pgerr.DatetimeFieldOverflow, "date out of range for timestamp")
	}
	return datum.NewInt(d.I * datum.MicrosPerDay), nil
}

func timestampToDate(d Datum) Datum {
	switch d.I {
	case datum.TimestampInfinity:
		return datum.NewInt(datum.DateInfinity)
	case datum.TimestampNegInfinity:
		return datum.NewInt(datum.DateNegInfinity)
	}
	days, _ := datum.SplitTimestamp(d.I)
	return datum.NewInt(days)
}

func localToInstant(ctx *EvalCtx, d Datum) (Datum, error) {
	if infinite(d) {
		return d, nil
	}
	micros := datum.LocalToUTC(ctx.location(), d.I)
	if !datum.TimestampInRange(micros) {
		return Datum{}, errTimestampRange()
	}
	return datum.NewInt(micros), nil
}

func instantToLocal(ctx *EvalCtx, d Datum) Datum {
	if infinite(d) {
		return d
	}
	return datum.NewInt(datum.UTCToLocal(ctx.location(), d.I))
}
