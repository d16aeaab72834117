package sysview

import (
	"cmp"
	_ "embed"
	"slices"
	"strconv"
	"strings"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/sql/expr"
)

// procs15.txt, operators15.txt and casts15.txt have the functions, operators and casts of PostgreSQL 15 over the types there are. Those
// that the registry has too are shown, with PostgreSQL's numbers; functions that only Quire has get numbers from firstOwnProc on.
// support15.txt has the functions that types and operators refer to, like boolin, which nobody calls by name.
var (
	//go:embed procs15.txt
	recordedProcs string
	//go:embed support15.txt
	recordedSupport string
	//go:embed operators15.txt
	recordedOperators string
	//go:embed casts15.txt
	recordedCasts string
)

const firstOwnProc = 9200

// Builtins are the functions and operators of a registry as catalogs show them. They never change.
type Builtins struct {
	procs     []*proc
	procOf    map[uint32]*proc
	named     map[string][]*proc
	operators []*operator
	operOf    map[uint32]*operator
	operNamed map[string][]*operator
	casts     []cast
}

// proc is a row of pg_proc.
type proc struct {
	oid              uint32
	name             string
	kind, volatility char
	strict, set      bool
	variadic         uint32
	returns          datum.OID
	args             []datum.OID
	source           string
}

// operator is a row of pg_operator.
type operator struct {
	oid                     uint32
	name                    string
	left, right, result     datum.OID
	commutator, negator     uint32
	code, restriction, join uint32
	merges, hashes          bool
}

// cast is a row of pg_cast.
type cast struct {
	oid             uint32
	source, target  datum.OID
	fn              uint32
	context, method char
}

// NewBuiltins reads a registry that is filled.
func NewBuiltins(r *expr.Registry) *Builtins {
	b := &Builtins{procOf: map[uint32]*proc{}, named: map[string][]*proc{}, operOf: map[uint32]*operator{}, operNamed: map[string][]*operator{}}
	b.readProcs(r)
	b.readOperators(r)
	for line := range strings.Lines(recordedCasts) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		c := cast{oid: number(f[0]), source: datum.OID(number(f[1])), target: datum.OID(number(f[2])), fn: number(f[3]), context: char(f[4][0]), method: char(f[5][0])}
		if _, _, ok := expr.CastInfo(c.source, c.target); !ok {
			continue
		}
		if b.procOf[c.fn] == nil {
			c.fn = 0
		}
		b.casts = append(b.casts, c)
	}
	return b
}

func number(s string) uint32 {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		panic("sysview: a recorded file has no number where one must be: " + s)
	}
	return uint32(n)
}

func numberList(s string) []datum.OID {
	var out []datum.OID
	for _, word := range strings.Fields(s) {
		out = append(out, datum.OID(number(word)))
	}
	return out
}

// callable is a function or aggregate of the registry.
type callable struct {
	proc
	shown bool
}

func (b *Builtins) readProcs(r *expr.Registry) {
	have := map[string][]*callable{}
	r.All(func(f *expr.Function) {
		have[f.Name] = append(have[f.Name], &callable{proc: proc{name: f.Name, kind: 'f', volatility: char("isv"[f.Volatility]), strict: f.Strict,
			set: f.Set != nil, returns: f.Returns, args: f.Args, source: f.Name}})
	}, nil, func(a *expr.Aggregate) {
		have[a.Name] = append(have[a.Name], &callable{proc: proc{name: a.Name, kind: 'a', volatility: 'i', returns: a.Returns, args: a.Args, source: "aggregate_dummy"}})
	})
	for line := range strings.Lines(recordedProcs) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		p := readProc(f)
		found := false
		for _, c := range have[p.name] {
			if c.kind == p.kind && takes(p.args, c.args) {
				c.shown, found = true, true
			}
		}
		if found {
			b.addProc(p)
		}
	}
	var own []*proc
	for _, list := range have {
		for _, c := range list {
			if !c.shown {
				own = append(own, &c.proc)
			}
		}
	}
	for line := range strings.Lines(recordedSupport) {
		if p := readProc(strings.Split(strings.TrimSuffix(line, "\n"), "\t")); b.procOf[p.oid] == nil {
			b.addProc(p)
		}
	}
	slices.SortFunc(own, func(x, y *proc) int { return cmp.Or(strings.Compare(x.name, y.name), slices.Compare(x.args, y.args)) })
	for i, p := range own {
		p.oid = firstOwnProc + uint32(i)
		b.addProc(p)
	}
}

func readProc(f []string) *proc {
	return &proc{
		oid: number(f[0]), name: f[1], kind: char(f[2][0]), volatility: char(f[3][0]), strict: f[4] == "t", set: f[5] == "t",
		variadic: number(f[6]), returns: datum.OID(number(f[7])), args: numberList(f[8]), source: f[9],
	}
}

func (b *Builtins) addProc(p *proc) {
	b.procs = append(b.procs, p)
	b.procOf[p.oid] = p
	b.named[p.name] = append(b.named[p.name], p)
}

// takes reports whether a recorded signature is that of a function here, which is declared once for each type where PostgreSQL
// has a polymorphic one.
func takes(recorded, have []datum.OID) bool {
	return slices.EqualFunc(recorded, have, func(r, h datum.OID) bool {
		switch {
		case r == h:
			return true
		case r == anyArray:
			return datum.Lookup(h) != nil && datum.MustLookup(h).Elem != 0
		}
		return r == expr.Any || r == expr.AnyElement || r == expr.AnyNonArray
	})
}

const anyArray datum.OID = 2277

func (b *Builtins) readOperators(r *expr.Registry) {
	have := map[string][][]datum.OID{}
	r.All(nil, func(o *expr.Operator) { have[o.Name] = append(have[o.Name], []datum.OID{o.Left, o.Right}) }, nil)
	for line := range strings.Lines(recordedOperators) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		o := &operator{
			oid: number(f[0]), name: f[1], left: datum.OID(number(f[2])), right: datum.OID(number(f[3])), result: datum.OID(number(f[4])),
			commutator: number(f[5]), negator: number(f[6]), code: number(f[7]), restriction: number(f[8]), join: number(f[9]),
			merges: f[10] == "t", hashes: f[11] == "t",
		}
		if slices.ContainsFunc(have[o.name], func(args []datum.OID) bool { return takes([]datum.OID{o.left, o.right}, args) }) {
			b.operators = append(b.operators, o)
			b.operOf[o.oid] = o
			b.operNamed[o.name] = append(b.operNamed[o.name], o)
		}
	}
}

// operator finds an operator by name and operand types, nil if there is none.
func (b *Builtins) operator(name string, left, right datum.OID) *operator {
	if left == datum.Varchar && right == datum.Varchar { // which has none of its own
		left, right = datum.Text, datum.Text
	}
	for _, o := range b.operNamed[name] {
		if takes([]datum.OID{o.left, o.right}, []datum.OID{left, right}) {
			return o
		}
	}
	return nil
}

// handler is the number of a function without overloads, 0 if there is none.
func (b *Builtins) handler(name string) uint32 {
	for _, p := range b.named[name] {
		return p.oid
	}
	return 0
}
