package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"attnbench/results"
)

// A Tradeoff is one setting of a mechanism on one head: what it costs and how wrong it is.
type Tradeoff struct {
	Label  string   // variant with options
	Error  float64  // relative, against the target
	Time   Estimate // ns
	Memory float64  // counted bytes; NaN where nobody counts
	Marks  []Mark   // of the time
	Exact  bool     // a baseline: its error is that of rounding

	// OnTime and OnMemory say that no other setting has at most its error and at most its cost, and less of one.
	// Times that are marked are on no front, nor are settings that score most pairs or are no better than an
	// output without attention.
	OnTime, OnMemory bool

	cell *measured
}

// A Front holds the settings that were measured on one head, ascending by error.
type Front struct {
	Input, Head string
	N           int
	Tradeoffs   []Tradeoff
}

// fronts are those of the setting's heads, among variants with one target.
func (s *setting) fronts(target string) []Front {
	var list []Front
	for _, head := range s.heads() {
		f := Front{Input: s.probe.Input, Head: head, N: s.probe.N}
		for _, x := range s.series {
			if c := x.head(head); c != nil && x.variant.Target == target && suits(x.variant) {
				f.Tradeoffs = append(f.Tradeoffs, c.tradeoff())
			}
		}
		slices.SortStableFunc(f.Tradeoffs, func(a, b Tradeoff) int { return cmp.Compare(a.Error, b.Error) })
		f.mark()
		list = append(list, f)
	}
	return list
}

// suits reports whether a variant's error is one that a user may accept: references have none of their own.
func suits(v results.Variant) bool {
	return v.Role == results.RoleExact || v.Role == results.RoleApproximation
}

func (c *measured) tradeoff() Tradeoff {
	lost, _ := c.value(results.RelErr)
	t := Tradeoff{
		Label: c.label, Error: lost, Time: c.estimate(results.Time), Memory: math.NaN(), Marks: c.marks(),
		Exact: c.variant.Role == results.RoleExact, cell: c,
	}
	if bytes, ok := c.footprint(); ok {
		t.Memory = bytes
	}
	return t
}

// worth reports whether a setting may be on a front at all.
func (t Tradeoff) worth() bool { return !t.cell.covered() && !t.cell.useless() }

// mark finds the fronts.
func (f *Front) mark() {
	for i := range f.Tradeoffs {
		t := &f.Tradeoffs[i]
		t.OnTime = t.worth() && len(t.Marks) == 0
		t.OnMemory = t.worth() && !math.IsNaN(t.Memory)
		for _, o := range f.Tradeoffs {
			if !o.worth() {
				continue
			}
			if len(o.Marks) == 0 && dominates(o.Error, o.Time.Median, t.Error, t.Time.Median) {
				t.OnTime = false
			}
			if dominates(o.Error, o.Memory, t.Error, t.Memory) {
				t.OnMemory = false
			}
		}
	}
}

// dominates reports whether an error and a cost are both at most another's, and one of them less.
func dominates(lost, cost, otherLost, otherCost float64) bool {
	return lost <= otherLost && cost <= otherCost && (lost < otherLost || cost < otherCost)
}

// swept reports whether a mechanism was timed under several settings: only then is it a question which one to
// take.
func (s *setting) swept() bool {
	seen := make(map[string]int)
	for _, x := range s.series {
		timed := func(c *measured) bool { return len(c.units[results.Time]) >= MinSamples }
		if x.variant.Role == results.RoleApproximation && x.has(results.RelErr) &&
			slices.ContainsFunc(x.cells, timed) {
			if seen[x.variant.Name]++; seen[x.variant.Name] > 1 {
				return true
			}
		}
	}
	return false
}

// paretoTable lists what is on a front.
func (s *setting) paretoTable(target string) *Table {
	t := Table{
		ID: "pareto", Title: "Pareto fronts: error against time and memory", Setting: s.headText(target),
		Columns: []Column{
			{Name: "head", Left: true}, {Name: "variant", Left: true}, {Name: "error"}, {Name: "time"},
			{Name: "memory"}, {Name: "front of", Left: true},
		},
		Notes: []string{
			"Settings that no other beats in error and in time, or in error and in counted memory (" +
				s.footprintText() + "). Unstable times are on no front; neither are settings that score most of " +
				"the pairs, or that are no better than an output without attention.",
		},
	}
	for _, f := range s.fronts(target) {
		for _, o := range f.Tradeoffs {
			if o.OnTime || o.OnMemory {
				t.Rows = append(t.Rows, o.row(f.Head))
			}
		}
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return &t
}

// headText describes a setting of heads and, where it is another than softmax attention, their target.
func (s *setting) headText(target string) string {
	text := fmt.Sprintf("%s, n %d", s.text(), s.probe.N)
	if target != "" {
		text += ", against " + target
	}
	return text
}

func (t Tradeoff) row(head string) Row {
	front := "time, memory"
	switch {
	case !t.OnMemory:
		front = "time"
	case !t.OnTime:
		front = "memory"
	}
	memory := words(absent)
	if !math.IsNaN(t.Memory) {
		memory = Cell{Text: sizeText(t.Memory), Figure: &Figure{Estimate{t.Memory, t.Memory, t.Memory, 1}, "B"}}
	}
	return Row{Muted: t.Exact, Cells: []Cell{
		words(head), words(t.Label),
		{Text: errorText(t.Error), Figure: &Figure{Estimate{t.Error, t.Error, t.Error, 1}, results.RelErr}},
		{Text: durationText(t.Time.Median) + spreadText(t.Time), Figure: &Figure{t.Time, results.Time},
			Marks: t.Marks},
		memory, words(front),
	}}
}

// durationText writes nanoseconds for people.
func durationText(ns float64) string {
	sc := common(timeScales(), ns/10)
	return digits(ns/sc.factor) + " " + sc.name
}

// addFronts adds the tables of settings that were swept: the fronts at the longest length, and who is
// cheapest at equal error.
func (p *Part) addFronts(swept []*isoSetting) {
	for _, j := range swept {
		for _, target := range j.targets() {
			p.addTable(j.paretoTable(target))
		}
		p.addTable(j.isoTable())
	}
}
