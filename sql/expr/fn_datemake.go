package expr

import (
	"math"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

func errBinMonths() error {
	return pgerr.New(pgerr.FeatureNotSupported, "timestamps cannot be binned into intervals containing months or years")
}

func registerDateMake(r *Registry) {
	const i4, f8 = datum.Int4, datum.Float8
	parts := []OID{i4, i4, i4, i4, i4, f8}
	r.Register(
		fnN("make_date", []OID{i4, i4, i4}, datum.Date, Immutable, func(_ *EvalCtx, a []Datum) (Datum, error) {
			days, err := makeDays(a)
			return datum.NewInt(days), err
		}),
		fnN("make_timestamp", parts, ts, Immutable, func(_ *EvalCtx, a []Datum) (Datum, error) { return makeTimestamp(a) }),
		fnN("make_timestamptz", parts, tstz, Stable, func(ctx *EvalCtx, a []Datum) (Datum, error) {
			d, err := makeTimestamp(a)
			if err != nil {
				return d, err
			}
			return localToInstant(ctx, d)
		}),
		fnN("make_timestamptz", append(parts[:6:6], text), tstz, Stable, func(_ *EvalCtx, a []Datum) (Datum, error) {
			loc, ok := datum.LoadZone(a[6].S)
			if !ok {
				return Datum{}, invalidParameter("time zone \"%s\" not recognized", a[6].S)
			}
			d, err := makeTimestamp(a[:6])
			if err != nil {
				return d, err
			}
			return inTimestampRange(datum.LocalToUTC(loc, d.I))
		}),
	)
	// The arguments of make_interval all default to zero: years, months, weeks, days, hours, minutes, seconds.
	all := []OID{i4, i4, i4, i4, i4, i4, f8}
	for n := range len(all) + 1 {
		r.Register(fnN("make_interval", all[:n], interval, Immutable, makeIntervalParts))
	}
}

func makeDays(a []Datum) (int64, error) {
	year, month, day := a[0].I, a[1].I, a[2].I
	bad := func() (int64, error) {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "date field value out of range: %d-%02d-%02d", year, month, day)
	}
	y := year
	if y < 0 { // -1 is 1 BC, which counts as 0
		y++
	}
	if year == 0 || month < 1 || month > 12 || day < 1 || y > 6_000_000 || y < -5_000 || day > int64(datum.DaysInMonth(int(y), int(month))) {
		return bad()
	}
	days := datum.CivilToDays(int(y), int(month), int(day))
	if !datum.DateInRange(days) {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "date out of range: %d-%02d-%02d", year, month, day)
	}
	return days, nil
}

func makeTimestamp(a []Datum) (Datum, error) {
	days, err := makeDays(a)
	if err != nil {
		return Datum{}, err
	}
	hour, minute, second := a[3].I, a[4].I, a[5].Float()
	if hour < 0 || hour > 24 || minute < 0 || minute > 59 || !(second >= 0 && second <= 60) || hour == 24 && (minute > 0 || second > 0) {
		return Datum{}, pgerr.New(pgerr.DatetimeFieldOverflow, "time field value out of range: %d:%02d:%02g", hour, minute, second)
	}
	if days > 1<<27 {
		return Datum{}, errTimestampRange()
	}
	return inTimestampRange(days*datum.MicrosPerDay + hour*datum.MicrosPerHour + minute*datum.MicrosPerMinute +
		int64(math.RoundToEven(second*datum.MicrosPerSecond)))
}

func makeIntervalParts(_ *EvalCtx, a []Datum) (Datum, error) {
	var v [6]float64
	for i := range min(len(a), 6) {
		v[i] = float64(a[i].I)
	}
	seconds := 0.0
	if len(a) == 7 {
		seconds = a[6].Float()
	}
	micros := math.RoundToEven(seconds * datum.MicrosPerSecond)
	if math.IsNaN(micros) || math.Abs(micros) >= math.MaxInt64/2 {
		return Datum{}, errIntervalRange()
	}
	return makeInterval(v[0]*12+v[1], v[2]*7+v[3], int64(v[4])*datum.MicrosPerHour+int64(v[5])*datum.MicrosPerMinute, int64(micros))
}
