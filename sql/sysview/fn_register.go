package sysview

import (
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/expr"
)

// function computes from an Env and arguments that are not null.
type function = func(e *Env, args []datum.Datum) (datum.Datum, error)

// registrar adds functions that ask the catalog.
type registrar struct {
	r   *expr.Registry
	env func(*expr.EvalCtx) (*Env, error)
}

// Register adds the functions about catalog objects to a registry. env gives what they are evaluated on.
func Register(r *expr.Registry, env func(*expr.EvalCtx) (*Env, error)) {
	reg := registrar{r, env}
	reg.definitions()
	reg.names()
	reg.visibility()
	reg.comments()
	reg.privileges()
	reg.properties()
	reg.sizes()
	reg.statistics()
}

// add registers a strict function.
func (r registrar) add(name string, f function, returns datum.OID, args ...datum.OID) {
	r.r.Register(&expr.Function{Name: name, Args: args, Returns: returns, Strict: true, Volatility: expr.Stable,
		Eval: func(ctx *expr.EvalCtx, values []datum.Datum) (datum.Datum, error) {
			e, err := r.env(ctx)
			if err != nil {
				return datum.Datum{}, err
			}
			return f(e, values)
		}})
}
