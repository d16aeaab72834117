package sdk

import (
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/quiredb/quire/plugins/wire"
)

// byHand answers a person who started the plugin, and returns the exit code.
func byHand(am AccessMethod, args []string, stdout, stderr io.Writer) int {
	d := am.Describe()
	name := filepath.Base(args[0])
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(stderr)
	describe := flags.Bool("describe", false, "print options, operator classes, capabilities and costs")
	vers := flags.Bool("version", false, "print name and version")
	flags.Usage = func() {
		fmt.Fprintf(stderr, "Usage: %s [--describe | --version]\n\n", name)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args[1:]); err != nil {
		if err == flag.ErrHelp {
			return 0
		}
		return 2
	}
	switch {
	case *vers:
		fmt.Fprintf(stdout, "%s %s (%s, protocol %d)\n", d.Name, d.Version, version, wire.ProtocolVersion)
	case *describe:
		printDescription(stdout, d)
	default:
		fmt.Fprintf(stdout, `This is %q, an index access method for Quire: %s
It is not started by hand. Put it into the host's plugin directory,

    install -m 0755 %s PLUGIN_DIR/
    quire serve -D DIR --plugin-dir PLUGIN_DIR

and use it from SQL:

    CREATE ACCESS METHOD %s TYPE INDEX HANDLER %s;
    CREATE INDEX ON mytable USING %s (mycolumn);

--describe prints its options and operators, --version its version.
`, d.Name, d.Summary, name, d.Name, d.Name, d.Name)
	}
	return 0
}

func printDescription(w io.Writer, d Description) {
	fmt.Fprintf(w, "access method %s %s\n", d.Name, d.Version)
	if d.Summary != "" {
		fmt.Fprintf(w, "  %s\n", d.Summary)
	}
	fmt.Fprintf(w, "  protocol %d, %s\n", wire.ProtocolVersion, version)
	if len(d.Options) > 0 {
		fmt.Fprintln(w, "options")
	}
	for _, o := range d.Options {
		fmt.Fprintf(w, "  %s\n", describeOption(o))
	}
	fmt.Fprintln(w, "operator classes")
	for _, c := range d.Classes {
		def := ""
		if c.Default {
			def = " (default)"
		}
		fmt.Fprintf(w, "  %s: type %d, operators %s%s\n", c.Name, c.Type, strings.Join(c.Operators, " "), def)
	}
	fmt.Fprintln(w, "capabilities")
	var caps []string
	for _, c := range []struct {
		name string
		has  bool
	}{
		{"unique", d.Caps.Unique}, {"ordered", d.Caps.Ordered}, {"backward", d.Caps.Backward},
		{"bitmap only", d.Caps.BitmapOnly}, {"searches nulls", d.Caps.SearchNulls},
		{"searches lists", d.Caps.AnyEqual}, {"returns keys", d.Caps.ReturnKeys},
		{"orders by distance", d.Caps.OrderByDistance}, {"first column optional", d.Caps.OptionalFirstKey},
	} {
		if c.has {
			caps = append(caps, c.name)
		}
	}
	caps = slices.Concat(caps, []string{fmt.Sprintf("up to %d columns", max(d.Caps.MaxColumns, 1))})
	fmt.Fprintf(w, "  %s\n", strings.Join(caps, ", "))
	fmt.Fprintf(w, "cost\n  startup pages %g, page fraction %g, per page %g, per tuple %g, false positives %g\n",
		d.Cost.StartupPages, d.Cost.PageFraction, d.Cost.PerPage, d.Cost.PerTuple, d.Cost.FalsePositives)
}

func describeOption(o OptionDef) string {
	var b strings.Builder
	b.WriteString(o.Name)
	if o.PerColumn {
		b.WriteString("1, " + o.Name + "2, ...")
	}
	b.WriteString(" " + string(o.Type))
	switch o.Type {
	case wire.OptionInt, wire.OptionReal:
		b.WriteString(" " + strconv.FormatFloat(o.Min, 'g', -1, 64) + ".." + strconv.FormatFloat(o.Max, 'g', -1, 64))
	case wire.OptionEnum:
		b.WriteString(" " + strings.Join(o.Values, "|"))
	}
	if o.Default != "" {
		b.WriteString(", default " + o.Default)
	}
	if o.Help != "" {
		b.WriteString(": " + o.Help)
	}
	return b.String()
}
