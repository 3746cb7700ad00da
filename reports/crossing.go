package reports

import (
	"fmt"
	"math"

	"attnbench/results"
)

// crossing is where a series falls below a baseline.
type crossing struct {
	series, base *series
	Crossover
	longest int // length at which the series was measured
	marks   []Mark
	counted bool // bounds are measured lengths
}

func (s *setting) crossings() []crossing {
	var list []crossing
	for _, base := range append(s.baselines(), s.exactPeers()...) {
		for _, x := range s.series {
			if x.label == base.label || !x.measured() || !crosses(x.variant, base.variant) {
				continue
			}
			c := crossing{series: x, base: base, Crossover: Cross(x.points(results.Time), base.points(results.Time))}
			c.longest = x.longest()
			c.marks = marksAround(x, base, c.place())
			list = append(list, c)
		}
	}
	return list
}

// crosses reports whether it is a question from which length a variant is faster than a baseline. Against
// peers it is one for approximations of the suite: how an exact variant compares with its own peer is
// another table's.
func crosses(v, base results.Variant) bool {
	if peer(base) {
		return v.Role == results.RoleApproximation
	}
	return v.Role != results.RoleReference && !peer(v)
}

// place is the length whose neighbours decide the outcome.
func (c Crossover) place() float64 {
	switch c.Outcome {
	case Always:
		return 0
	case NotInRange:
		return math.Inf(1)
	}
	return c.N
}

func (x *series) longest() int {
	n := 0
	for _, c := range x.cells {
		if c.has(results.Time) {
			n = max(n, c.N)
		}
	}
	return n
}

// marksAround are the marks of the four cells between which a crossing was interpolated.
func marksAround(x, base *series, n float64) []Mark {
	var below, above *measured
	for _, c := range x.cells {
		switch {
		case !c.has(results.Time) || base.at(c.N) == nil:
		case float64(c.N) <= n:
			below = c
		case above == nil:
			above = c
		}
	}
	var marks []Mark
	for _, c := range []*measured{below, above} {
		if c != nil {
			marks = mergeMarks(marks, mergeMarks(c.marks(), base.at(c.N).marks()))
		}
	}
	return marks
}

// text spells the outcome, with what is not known.
func (c crossing) text() string {
	switch c.Outcome {
	case Always:
		return fmt.Sprintf("always (from n = %d)", c.From) + c.beyond()
	case NotInRange:
		return fmt.Sprintf("not within the range (to n = %d)", c.To) + c.beyond()
	case NotComputed:
		return string(NotComputed)
	}
	text := "n ≈ " + rough(c.N) + " " + c.bounds()
	if c.Several {
		text += ", the last of several"
	}
	return text + c.beyond()
}

// bounds is the 95 % interval.
func (c crossing) bounds() string {
	lo, hi := rough(c.Lo), rough(c.Hi)
	if c.counted {
		lo, hi = itoa(int(c.Lo)), itoa(int(c.Hi))
	}
	if c.Lo < float64(c.From) {
		lo = "below " + itoa(c.From)
	}
	if math.IsInf(c.Hi, 1) {
		hi = "beyond " + itoa(c.To)
	}
	return "[" + lo + ", " + hi + "]"
}

// beyond says that the baseline stopped before the variant.
func (c crossing) beyond() string {
	if c.longest > c.To && c.base.longest() == c.To {
		return fmt.Sprintf("; %s not measured past n = %d", c.base.label, c.To)
	}
	return ""
}

// crossingTable shows from which length each variant is faster than each baseline.
func (s *setting) crossingTable(list []crossing) *Table {
	if len(list) == 0 {
		return nil
	}
	t := Table{
		ID: "crossover", Title: "Length from which a variant is faster than a baseline", Setting: s.text(),
		Columns: []Column{
			{Name: "variant", Left: true}, {Name: "baseline", Left: true}, {Name: "faster from", Left: true},
		},
		Notes: []string{
			"Interpolated between lengths at which both were measured; in brackets the lengths around it at which " +
				"the times do not differ, by Student's t at 5 %. Nothing is extrapolated.",
		},
	}
	for _, c := range list {
		t.Rows = append(t.Rows, Row{Cells: []Cell{words(c.series.label), words(c.base.label), c.Cell()}})
	}
	return &t
}

// Cell shows the outcome with the marks of the cells that it rests on.
func (c crossing) Cell() Cell {
	cell := Cell{Text: c.text(), Marks: c.marks}
	if c.Outcome == Crosses {
		cell.Figure = &Figure{Estimate{c.N, c.Lo, c.Hi, 1}, "n"}
	}
	return cell
}
