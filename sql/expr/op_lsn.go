package expr

import (
	"math/big"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/datum/numeric"
	"github.com/quiredb/quire/core/pgerr"
)

func lsnNumeric(v uint64) *numeric.Decimal {
	var n numeric.Decimal
	n.Coeff.SetUint64(v)
	return &n
}

// moveLSN adds bytes to a pg_lsn.
func moveLSN(lsn Datum, bytes *numeric.Decimal) (Datum, error) {
	if bytes.Form == numeric.NaN {
		return Datum{}, pgerr.New(pgerr.FeatureNotSupported, "cannot add NaN to pg_lsn")
	}
	var sum numeric.Decimal
	if err := sum.Add(lsnNumeric(lsn.LSN()), bytes); err != nil {
		return Datum{}, datum.NumericError(err)
	}
	sum.Round(0)
	if sum.Form != numeric.Finite || sum.Coeff.Sign() < 0 || !sum.Coeff.IsUint64() {
		return Datum{}, invalidParameter("pg_lsn out of range")
	}
	return datum.NewLSN(sum.Coeff.Uint64()), nil
}

func lsnOperators(r *Registry) {
	difference := func(_ *EvalCtx, a, b Datum) (Datum, error) {
		var n numeric.Decimal
		diff := new(big.Int).Sub(new(big.Int).SetUint64(a.LSN()), new(big.Int).SetUint64(b.LSN()))
		n.Coeff.SetMathBigInt(diff)
		return datum.NewNumeric(&n), nil
	}
	r.op2("-", datum.PgLSN, datum.PgLSN, datum.Numeric, Immutable, difference)
	r.Register(fn2("pg_wal_lsn_diff", datum.PgLSN, datum.PgLSN, datum.Numeric, Immutable, difference))
	r.op2("+", datum.PgLSN, datum.Numeric, datum.PgLSN, Immutable, func(_ *EvalCtx, a, b Datum) (Datum, error) {
		return moveLSN(a, b.Numeric())
	}).Commutator = "+"
	r.op2("+", datum.Numeric, datum.PgLSN, datum.PgLSN, Immutable, func(_ *EvalCtx, a, b Datum) (Datum, error) {
		return moveLSN(b, a.Numeric())
	}).Commutator = "+"
	r.op2("-", datum.PgLSN, datum.Numeric, datum.PgLSN, Immutable, func(_ *EvalCtx, a, b Datum) (Datum, error) {
		return moveLSN(a, b.Numeric().Neg())
	})
}
