package main

import (
	"fmt"
	"slices"
)

// A figure is one measured number. Rates are better when higher, everything else when lower.
type figure struct {
	name, unit string
	value      float64
	higher     bool
}

func rate(name, unit string, v float64) figure { return figure{name, unit, v, true} }
func cost(name, unit string, v float64) figure { return figure{name, unit, v, false} }

// A table collects figures of the current workload and prints their medians, a column a server.
type table struct {
	servers []server
	names   []string
	values  map[string]map[string][]float64 // figure → server → repetitions
	kinds   map[string]figure
}

func (t *table) header() {
	fmt.Printf("%-34s %-10s", "", "")
	for _, s := range t.servers {
		fmt.Printf(" %14s", s.name())
	}
	if len(t.servers) == 2 {
		fmt.Printf(" %8s", "ratio")
	}
	fmt.Println()
}

func (t *table) add(s server, figures []figure) {
	if t.values == nil {
		t.values, t.kinds = map[string]map[string][]float64{}, map[string]figure{}
	}
	for _, f := range figures {
		if t.values[f.name] == nil {
			t.values[f.name] = map[string][]float64{}
			t.names = append(t.names, f.name)
		}
		t.kinds[f.name] = f
		t.values[f.name][s.name()] = append(t.values[f.name][s.name()], f.value)
	}
}

func (t *table) flush() {
	for _, name := range t.names {
		f := t.kinds[name]
		fmt.Printf("%-34s %-10s", name, f.unit)
		medians := make([]float64, len(t.servers))
		for i, s := range t.servers {
			medians[i] = median(t.values[name][s.name()])
			fmt.Printf(" %14s", number(medians[i]))
		}
		if len(medians) == 2 && medians[0] > 0 && medians[1] > 0 {
			ratio := medians[0] / medians[1]
			if !f.higher {
				ratio = 1 / ratio
			}
			fmt.Printf(" %8.2f", ratio)
		}
		fmt.Println()
	}
	t.names, t.values, t.kinds = nil, nil, nil
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(v))
	return s[len(s)/2]
}

func number(v float64) string {
	switch {
	case v >= 1000:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.3f", v)
	}
}
