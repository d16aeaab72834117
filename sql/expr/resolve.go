package expr

import (
	"strings"

	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/core/pgerr"
)

// resolution is what a name and argument types came to.
type resolution int

const (
	resolved resolution = iota
	notFound
	ambiguous
)

// selectCandidate applies PostgreSQL's rules for overloaded names (its manual, chapter 10; func_select_candidate) to signatures of
// len(in) arguments each. It returns the index of the one that is chosen.
func selectCandidate(sigs [][]OID, in []OID) (int, resolution) {
	var left []int
	for i, sig := range sigs {
		if coercible(in, sig) {
			left = append(left, i)
		}
	}
	if len(left) == 0 {
		return 0, notFound
	}
	if len(left) == 1 {
		return left[0], resolved
	}
	// Most exact matches, then most exact or preferred ones.
	left = keepBest(left, sigs, in, func(have, want OID) bool { return have == want })
	if len(left) == 1 {
		return left[0], resolved
	}
	left = keepBest(left, sigs, in, func(have, want OID) bool {
		return have == want || (isPreferred(want) && category(want) == category(have))
	})
	if len(left) == 1 {
		return left[0], resolved
	}
	left, ok := byUnknowns(left, sigs, in)
	if ok && len(left) == 1 {
		return left[0], resolved
	}
	// If all known arguments have one type, assume that the unknown ones have it too.
	known := datum.Unknown
	for _, t := range in {
		if t == datum.Unknown {
			continue
		}
		if known != datum.Unknown && known != t {
			return 0, ambiguous
		}
		known = t
	}
	if known == datum.Unknown {
		return 0, ambiguous
	}
	assumed := make([]OID, len(in))
	for i := range assumed {
		assumed[i] = known
	}
	best, count := 0, 0
	for _, i := range left {
		if coercible(assumed, sigs[i]) {
			best = i
			count++
		}
	}
	if count != 1 {
		return 0, ambiguous
	}
	return best, resolved
}

func coercible(in, sig []OID) bool {
	for i := range in {
		if !CanCoerce(in[i], sig[i], Implicit) {
			return false
		}
	}
	return true
}

// keepBest keeps the candidates that score highest; unknown arguments do not score.
func keepBest(left []int, sigs [][]OID, in []OID, match func(have, want OID) bool) []int {
	best := -1
	var kept []int
	for _, i := range left {
		score := 0
		for j, t := range in {
			if t != datum.Unknown && match(t, sigs[i][j]) {
				score++
			}
		}
		if score > best {
			best, kept = score, nil
		}
		if score == best {
			kept = append(kept, i)
		}
	}
	return kept
}

// byUnknowns narrows by the category that each unknown argument most likely has: string if any candidate takes one there, else
// the one category that all take. It reports false, with all candidates, if the categories do not decide.
func byUnknowns(left []int, sigs [][]OID, in []OID) ([]int, bool) {
	categories := make([]byte, len(in))
	preferred := make([]bool, len(in))
	any := false
	for j, t := range in {
		if t != datum.Unknown {
			continue
		}
		any = true
		conflict := false
		for n, i := range left {
			want := sigs[i][j]
			c := category(want)
			switch {
			case n == 0:
				categories[j], preferred[j] = c, isPreferred(want)
			case c == categories[j]:
				preferred[j] = preferred[j] || isPreferred(want)
			case c == 'S':
				categories[j], preferred[j] = c, isPreferred(want)
			default:
				conflict = true
			}
		}
		if conflict && categories[j] != 'S' {
			return left, false
		}
	}
	if !any {
		return left, false
	}
	var kept []int
	for _, i := range left {
		ok := true
		for j, t := range in {
			if t != datum.Unknown {
				continue
			}
			want := sigs[i][j]
			if category(want) != categories[j] || preferred[j] && !isPreferred(want) {
				ok = false
			}
		}
		if ok {
			kept = append(kept, i)
		}
	}
	if len(kept) == 0 {
		return left, true
	}
	return kept, true
}

func category(t OID) byte {
	if info := datum.Lookup(t); info != nil {
		return info.Category
	}
	return 'P'
}

func isPreferred(t OID) bool {
	info := datum.Lookup(t)
	return info != nil && info.Preferred
}

// TypeName returns a type's name as error messages print it.
func TypeName(t OID) string {
	switch t {
	case Any:
		return "\"any\""
	case AnyElement:
		return "anyelement"
	case AnyNonArray:
		return "anynonarray"
	}
	if info := datum.Lookup(t); info != nil {
		return info.SQLName
	}
	return datum.Type{OID: t, Mod: -1}.String()
}

// signature prints name(type, type) for messages.
func signature(name string, in []OID) string {
	names := make([]string, len(in))
	for i, t := range in {
		names[i] = TypeName(t)
	}
	return name + "(" + strings.Join(names, ", ") + ")"
}

// expand returns the signature of a function for n arguments, and false if it does not take that many.
func expand(args []OID, variadic bool, n int) ([]OID, bool) {
	if !variadic || n < len(args) {
		return args, len(args) == n
	}
	out := make([]OID, n)
	copy(out, args)
	for i := len(args); i < n; i++ {
		out[i] = args[len(args)-1]
	}
	return out, true
}

// FindFunction chooses the overload for argument types. The second result is the expanded signature.
func (r *Registry) FindFunction(name string, in []OID) (*Function, []OID, error) {
	var fns []*Function
	var sigs [][]OID
	for _, f := range r.functions[name] {
		sig, ok := expand(f.Args, f.Variadic, len(in))
		if !ok {
			continue
		}
		if sameTypes(sig, in) && !f.Variadic {
			return f, sig, nil
		}
		fns = append(fns, f)
		sigs = append(sigs, sig)
	}
	i, how := selectCandidate(sigs, in)
	switch how {
	case notFound:
		return nil, nil, pgerr.New(pgerr.UndefinedFunction, "function %s does not exist", signature(name, in)).
			WithHint("No function matches the given name and argument types. You might need to add explicit type casts.")
	case ambiguous:
		return nil, nil, pgerr.New(pgerr.AmbiguousFunction, "function %s is not unique", signature(name, in)).
			WithHint("Could not choose a best candidate function. You might need to add explicit type casts.")
	}
	return fns[i], sigs[i], nil
}

// ResolveOperator chooses the operator for operand types; left is 0 for a prefix operator.
func (r *Registry) ResolveOperator(name string, left, right OID) (*Operator, error) {
	list := r.operators[name]
	if op := r.FindOperator(name, left, right); op != nil {
		return op, nil
	}
	// One unknown operand is tried with the type of the other.
	if left != 0 && (left == datum.Unknown) != (right == datum.Unknown) {
		t := left
		if t == datum.Unknown {
			t = right
		}
		if op := r.FindOperator(name, t, t); op != nil {
			return op, nil
		}
	}
	in := []OID{left, right}
	if left == 0 {
		in = in[1:]
	}
	var ops []*Operator
	var sigs [][]OID
	for _, o := range list {
		if (o.Left == 0) != (left == 0) {
			continue
		}
		if left == datum.Unknown && isArray(o.Left) && !isArray(o.Right) || right == datum.Unknown && isArray(o.Right) && !isArray(o.Left) {
			continue // a literal beside an element is no array: PostgreSQL declares these for any type, which no operand matches exactly
		}
		ops = append(ops, o)
		if left == 0 {
			sigs = append(sigs, []OID{o.Right})
		} else {
			sigs = append(sigs, []OID{o.Left, o.Right})
		}
	}
	i, how := selectCandidate(sigs, in)
	switch how {
	case resolved:
		return ops[i], nil
	case ambiguous:
		return nil, pgerr.New(pgerr.AmbiguousFunction, "operator is not unique: %s", operatorText(name, left, right)).
			WithHint("Could not choose a best candidate operator. You might need to add explicit type casts.")
	}
	e := pgerr.New(pgerr.UndefinedFunction, "operator does not exist: %s", operatorText(name, left, right))
	if left == 0 {
		return nil, e.WithHint("No operator matches the given name and argument type. You might need to add an explicit type cast.")
	}
	return nil, e.WithHint("No operator matches the given name and argument types. You might need to add explicit type casts.")
}

func operatorText(name string, left, right OID) string {
	if left == 0 {
		return name + " " + TypeName(right)
	}
	return TypeName(left) + " " + name + " " + TypeName(right)
}
