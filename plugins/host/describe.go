package host

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"

	"github.com/quiredb/quire/core/am"
	"github.com/quiredb/quire/core/datum"
	"github.com/quiredb/quire/plugins/wire"
)

// optionName is what an option may be called.
var optionName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// Bounds of a description.
const (
	maxOptions   = 64
	maxClasses   = 256
	maxOperators = 64
)

// describe judges what a plugin says of itself and puts it into the executor's terms.
func describe(file string, d wire.Description) (am.Description, error) {
	bad := func(format string, args ...any) (am.Description, error) {
		return am.Description{}, fmt.Errorf("plugin describes itself wrongly: "+format, args...)
	}
	switch {
	case d.Name != file:
		return bad("it calls itself %q and its file is named %q; rename one of them", excerpt([]byte(d.Name)), file)
	case len(d.Options) > maxOptions:
		return bad("%d options, the limit is %d", len(d.Options), maxOptions)
	case len(d.Classes) == 0:
		return bad("no operator class, so no column could be indexed")
	case len(d.Classes) > maxClasses:
		return bad("%d operator classes, the limit is %d", len(d.Classes), maxClasses)
	case d.Caps.MaxColumns < 0 || d.Caps.MaxColumns > wire.MaxColumns:
		return bad("%d columns, the limit is %d", d.Caps.MaxColumns, wire.MaxColumns)
	}
	for _, c := range []float64{d.Cost.StartupPages, d.Cost.PageFraction, d.Cost.PerPage, d.Cost.PerTuple, d.Cost.FalsePositives} {
		if math.IsNaN(c) || c < 0 || c > 1e9 {
			return bad("cost coefficient %g", c)
		}
	}
	out := am.Description{
		Name: d.Name, Version: d.Version,
		Caps: am.Caps{
			Unique: d.Caps.Unique, Ordered: d.Caps.Ordered, MultiColumn: d.Caps.MaxColumns > 1, Backward: d.Caps.Backward,
			BitmapOnly: d.Caps.BitmapOnly, SearchNulls: d.Caps.SearchNulls, OrderBy: d.Caps.OrderByDistance,
			OptionalKey: d.Caps.OptionalFirstKey, MaxColumns: max(d.Caps.MaxColumns, 1),
			AnyEqual: d.Caps.AnyEqual, ReturnKeys: d.Caps.ReturnKeys,
		},
		Cost: am.Cost{
			StartupPages: d.Cost.StartupPages, PagesFraction: min(d.Cost.PageFraction, 1), PerPage: d.Cost.PerPage,
			PerTuple: d.Cost.PerTuple, Lossiness: min(d.Cost.FalsePositives, 1),
		},
	}
	for _, o := range d.Options {
		def, err := describeOption(o)
		if err != nil {
			return bad("%w", err)
		}
		if slices.ContainsFunc(out.Options, func(p am.OptionDef) bool { return p.Name == def.Name }) {
			return bad("option %q twice", def.Name)
		}
		out.Options = append(out.Options, def)
	}
	for _, c := range d.Classes {
		if !optionName.MatchString(c.Name) {
			return bad("operator class %q", excerpt([]byte(c.Name)))
		}
		if len(c.Operators) == 0 || len(c.Operators) > maxOperators {
			return bad("operator class %s with %d operators", c.Name, len(c.Operators))
		}
		if datum.Lookup(datum.OID(c.Type)) == nil {
			continue // a type this host does not have: no column can ask for it
		}
		out.OpClasses = append(out.OpClasses, am.OpClass{
			Name: c.Name, Type: datum.OID(c.Type), Operators: c.Operators, Default: c.Default,
			NoReturn: c.NoReturn,
		})
	}
	return out, nil
}

// optionTypes are the names of option types on both sides.
var optionTypes = map[wire.OptionType]am.OptionType{
	wire.OptionInt: am.OptionInt, wire.OptionReal: am.OptionReal, wire.OptionBool: am.OptionBool,
	wire.OptionEnum: am.OptionEnum, wire.OptionString: am.OptionText,
}

func describeOption(o wire.OptionDef) (am.OptionDef, error) {
	t, ok := optionTypes[o.Type]
	switch {
	case !optionName.MatchString(o.Name):
		return am.OptionDef{}, fmt.Errorf("option %q", excerpt([]byte(o.Name)))
	case !ok:
		return am.OptionDef{}, fmt.Errorf("option %s has the unknown type %q", o.Name, excerpt([]byte(o.Type)))
	case math.IsNaN(o.Min) || math.IsNaN(o.Max) || o.Min > o.Max:
		return am.OptionDef{}, fmt.Errorf("option %s has the empty range %g..%g", o.Name, o.Min, o.Max)
	case t == am.OptionEnum && len(o.Values) == 0:
		return am.OptionDef{}, fmt.Errorf("option %s has no values to choose from", o.Name)
	}
	def := am.OptionDef{
		Name: o.Name, Type: t, Default: o.Default, Values: o.Values, PerColumn: o.PerColumn, Help: o.Help,
	}
	if t == am.OptionInt || t == am.OptionReal {
		def.Min, def.Max = strconv.FormatFloat(o.Min, 'f', -1, 64), strconv.FormatFloat(o.Max, 'f', -1, 64)
	}
	if o.Default != "" {
		canonical, err := parseOption(def, o.Default)
		if err != nil {
			return am.OptionDef{}, fmt.Errorf("default of option %s: %w", o.Name, err)
		}
		def.Default = canonical
	}
	return def, nil
}
