package exec

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// json prints the plan in EXPLAIN's JSON format.
func (x *Explained) json(root *step) string {
	var b strings.Builder
	b.WriteString("[\n  {\n    \"Plan\": ")
	x.jsonStep(&b, root, 4)
	if x.Options.Summary {
		fmt.Fprintf(&b, ",\n    \"Planning Time\": %.3f", ms(x.Planning))
	}
	if x.Options.Analyze {
		b.WriteString(",\n    \"Triggers\": [\n    ]")
		if x.Options.Summary {
			fmt.Fprintf(&b, ",\n    \"Execution Time\": %.3f", ms(x.Execution))
		}
	}
	b.WriteString("\n  }\n]")
	return b.String()
}

func (x *Explained) jsonStep(b *strings.Builder, s *step, indent int) {
	pad := strings.Repeat(" ", indent)
	b.WriteString("{")
	first := true
	put := func(name, value string) {
		if !first {
			b.WriteByte(',')
		}
		first = false
		fmt.Fprintf(b, "\n%s  %s: %s", pad, quoteJSON(name), value)
	}
	for _, p := range ordered(s.props) {
		put(p.name, jsonValue(p.value, pad))
	}
	if x.Options.Costs {
		put("Startup Cost", fmt.Sprintf("%.2f", s.cost.Cost.Startup))
		put("Total Cost", fmt.Sprintf("%.2f", s.cost.Cost.Total))
		put("Plan Rows", fmt.Sprintf("%.0f", s.cost.Rows))
		put("Plan Width", fmt.Sprint(s.cost.Width))
	}
	if x.Options.Analyze {
		st := s.stats
		if st == nil {
			st = &Stats{}
		}
		n := float64(max(st.Loops, 1))
		if x.Options.Timing {
			put("Actual Startup Time", fmt.Sprintf("%.3f", ms(st.Startup)/n))
			put("Actual Total Time", fmt.Sprintf("%.3f", ms(st.Total)/n))
		}
		put("Actual Rows", fmt.Sprintf("%.0f", float64(st.Rows)/n))
		put("Actual Loops", fmt.Sprint(st.Loops))
	}
	for _, p := range s.details {
		if p.name != "" {
			put(p.name, jsonValue(p.value, pad))
		}
	}
	if len(s.children) > 0 {
		if !first {
			b.WriteByte(',')
		}
		fmt.Fprintf(b, "\n%s  \"Plans\": [", pad)
		for i, c := range s.children {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(b, "\n%s    ", pad)
			x.jsonStep(b, c, indent+4)
		}
		fmt.Fprintf(b, "\n%s  ]", pad)
	}
	fmt.Fprintf(b, "\n%s}", pad)
}

// heads are the properties that come first, in PostgreSQL's order. Behind them it says of every node what there is none of here.
var heads = []string{"Node Type", "Strategy", "Partial Mode", "Operation", "Parent Relationship", "Subplan Name"}

// ordered puts properties in PostgreSQL's order.
func ordered(props []prop) []prop {
	var out []prop
	for _, name := range heads {
		for _, p := range props {
			if p.name == name {
				out = append(out, p)
			}
		}
	}
	out = append(out, prop{name: "Parallel Aware", value: false}, prop{name: "Async Capable", value: false})
	for _, p := range props {
		if !slices.Contains(heads, p.name) {
			out = append(out, p)
		}
	}
	return out
}

func jsonValue(v any, pad string) string {
	switch v := v.(type) {
	case string:
		return quoteJSON(v)
	case []string:
		quoted := make([]string, len(v))
		for i, s := range v {
			quoted[i] = quoteJSON(s)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	default:
		return fmt.Sprint(v)
	}
}

func quoteJSON(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return `""`
	}
	return strings.TrimSuffix(b.String(), "\n")
}
