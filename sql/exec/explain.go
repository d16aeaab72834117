package exec

import (
	"fmt"
	"strings"
	"time"

	"github.com/quiredb/quire/sql/plan"
)

// ExplainOptions are the options of an EXPLAIN.
type ExplainOptions struct {
	Analyze, Verbose, Costs, Buffers, Timing, Summary, Settings bool
	JSON                                                        bool
}

// Explained is a plan with what happened to it, ready to be printed.
type Explained struct {
	Plan                *plan.Plan
	Options             ExplainOptions
	Instruments         *Instruments // nil without ANALYZE
	Planning, Execution time.Duration
	PlanningBuffers     Buffers

	hidden map[int]below // by their place in the range table
}

// Lines prints the plan as PostgreSQL does, one string for each row of the answer.
func (x *Explained) Lines() []string {
	x.hidden = map[int]below{}
	x.see(x.Plan.Root)
	for _, s := range x.Plan.Subplans {
		x.see(s.Root)
	}
	tree := x.describe(x.Plan.Root, "")
	if x.Options.JSON {
		return []string{x.json(tree)}
	}
	var lines []string
	x.text(&lines, tree, 0)
	if x.Options.Buffers && x.Options.Analyze && x.PlanningBuffers != (Buffers{}) {
		lines = append(lines, "Planning:", "  Buffers: "+bufferText(x.PlanningBuffers))
	}
	if x.Options.Summary {
		lines = append(lines, fmt.Sprintf("Planning Time: %.3f ms", ms(x.Planning)))
		if x.Options.Analyze {
			lines = append(lines, fmt.Sprintf("Execution Time: %.3f ms", ms(x.Execution)))
		}
	}
	return lines
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// step is one node in a form that both formats print from.
type step struct {
	title    string // of the text format: "Seq Scan on t"
	heading  string // a line above it: "SubPlan 1"
	props    []prop // what identifies the node, JSON only
	cost     *plan.Base
	stats    *Stats
	details  []prop
	children []*step
}

// prop is a property. Text, if not empty, replaces "name: value" in the text format; "-" leaves it out there.
type prop struct {
	name  string
	value any // string, int64, float64 or []string
	text  string
}

func (x *Explained) text(lines *[]string, s *step, indent int) {
	var b strings.Builder
	if s.heading != "" {
		*lines = append(*lines, strings.Repeat("  ", indent)+s.heading)
		indent++
	}
	if indent > 0 {
		b.WriteString(strings.Repeat("  ", indent))
		b.WriteString("->  ")
		indent += 2
	}
	b.WriteString(s.title)
	if x.Options.Costs {
		fmt.Fprintf(&b, "  (cost=%.2f..%.2f rows=%.0f width=%d)", s.cost.Cost.Startup, s.cost.Cost.Total, s.cost.Rows, s.cost.Width)
	}
	switch {
	case !x.Options.Analyze:
	case s.stats == nil || s.stats.Loops == 0:
		b.WriteString(" (never executed)")
	case x.Options.Timing:
		n := float64(s.stats.Loops)
		fmt.Fprintf(&b, " (actual time=%.3f..%.3f rows=%.0f loops=%d)", ms(s.stats.Startup)/n, ms(s.stats.Total)/n, float64(s.stats.Rows)/n, s.stats.Loops)
	default:
		fmt.Fprintf(&b, " (actual rows=%.0f loops=%d)", float64(s.stats.Rows)/float64(s.stats.Loops), s.stats.Loops)
	}
	*lines = append(*lines, b.String())
	indent++
	pad := strings.Repeat("  ", indent)
	for _, p := range s.details {
		switch {
		case p.text == "-":
		case p.text != "":
			*lines = append(*lines, pad+p.text)
		default:
			*lines = append(*lines, pad+p.name+": "+propText(p.value))
		}
	}
	for _, c := range s.children {
		x.text(lines, c, indent)
	}
}

func propText(v any) string {
	switch v := v.(type) {
	case []string:
		return strings.Join(v, ", ")
	case float64:
		return fmt.Sprintf("%.2f", v)
	default:
		return fmt.Sprint(v)
	}
}

func bufferText(b Buffers) string {
	s := "shared"
	if b.Hit > 0 {
		s += fmt.Sprintf(" hit=%d", b.Hit)
	}
	if b.Read > 0 {
		s += fmt.Sprintf(" read=%d", b.Read)
	}
	return s
}
