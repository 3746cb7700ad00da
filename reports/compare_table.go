package reports

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"attnbench/results"
)

// titles of the tables, by unit.
func duelTitle(unit string) string {
	switch unit {
	case results.Time:
		return "Time of a call"
	case results.RelErr:
		return "Error against exact attention"
	}
	for _, u := range results.Units() {
		if u.Name == unit {
			return strings.ToUpper(u.Doc[:1]) + u.Doc[1:]
		}
	}
	return unit
}

// table compares a unit in a section; nil where there is nothing to show.
func (c *comparer) table(b *bout, x *contest, s *section, unit results.Unit) *Table {
	duels := s.duels[unit.Name]
	t := Table{
		ID:      "compare-" + unit.Name,
		Title:   fmt.Sprintf("%s (%s): %s against %s", duelTitle(unit.Name), unit.Name, x.names[1], x.names[0]),
		Setting: describe(s.probe, x.key),
		Columns: []Column{{Name: "cell", Left: true}, {Name: x.names[0]}, {Name: x.names[1]}},
		Command: b.command(len(c.bouts) > 1, x, s, unit.Name),
	}
	if chanceless(unit) {
		t.Columns = append(t.Columns, Column{Name: "delta"}, Column{Name: "ratio"})
	} else {
		t.Columns = append(t.Columns, Column{Name: "delta", Unit: "95 % interval"}, Column{Name: "p"},
			Column{Name: "p Holm"}, Column{Name: "ratio"}, Column{Name: "δ"}, Column{Name: "count"})
	}
	for _, d := range duels {
		if !chanceless(unit) {
			t.Rows = append(t.Rows, d.testedRow())
		} else if d.verdict != same {
			t.Rows = append(t.Rows, d.countedRow())
		}
	}
	if len(t.Rows) == 0 {
		return nil
	}
	mean := geomean(duels)
	if !chanceless(unit) && mean.rows > 1 {
		t.Rows = append(t.Rows, mean.row(unit.Name))
	}
	t.Notes = c.notes(unit, duels, mean)
	return &t
}

// testedRow has a cell for each column of a table of tests.
func (d *duel) testedRow() Row {
	size := itoa(d.old.Samples)
	if d.new.Samples != d.old.Samples {
		size += "+" + itoa(d.new.Samples)
	}
	cells := append(d.figures(), Cell{Text: d.deltaText(), Figure: d.delta(), Marks: d.marks})
	number := func(text string, v float64, unit string) Cell {
		if !d.tested {
			return words(absent)
		}
		return Cell{Text: text, Figure: bare(v, d.ratio.Samples, unit)}
	}
	p := number(pText(d.p), d.p, "p")
	if d.tested && printed(d.p) != printed(d.stock) {
		p.Marks = []Mark{MarkTies}
	}
	return Row{Cells: append(cells, p, number(pText(d.corrected), d.corrected, "p"),
		Cell{Text: digits(d.ratio.Median), Figure: &Figure{d.ratio, "x"}},
		number(fmt.Sprintf("%+.2f", d.dominance()), d.dominance(), "delta"), words(size))}
}

// printed is a p as benchstat prints it.
func printed(p float64) string { return fmt.Sprintf("%.3f", p) }

// countedRow has a cell for each column of a table without tests.
func (d *duel) countedRow() Row {
	return Row{Cells: append(d.figures(), Cell{Text: d.deltaText(), Figure: d.delta()},
		Cell{Text: digits(d.ratio.Median), Figure: &Figure{d.ratio, "x"}})}
}

// figures are the row's name and the two medians.
func (d *duel) figures() []Cell {
	return []Cell{
		words(d.name),
		{Text: inUnit(d.old.Median, d.unit.Name), Figure: &Figure{d.old, d.unit.Name}},
		{Text: inUnit(d.new.Median, d.unit.Name), Figure: &Figure{d.new, d.unit.Name}},
	}
}

// delta is the relative change, 0.05 for 5 % more.
func (d *duel) delta() *Figure {
	e := d.ratio
	return &Figure{Estimate{e.Median - 1, e.Lo - 1, e.Hi - 1, e.Samples}, "delta"}
}

// deltaText is the change with its interval, ~ where it may be chance.
func (d *duel) deltaText() string {
	text := change(d.ratio.Median)
	if d.tested && !d.differs() {
		text = "~"
	}
	if d.tested && !math.IsInf(d.ratio.Hi, 0) {
		text += fmt.Sprintf(" (%s…%s)", bound(d.ratio.Lo), bound(d.ratio.Hi))
	}
	return text
}

// change writes a ratio as the difference in percent, as benchstat does, and as a factor where it is large.
func change(ratio float64) string {
	const large = 10
	if ratio >= large {
		return "×" + digits(ratio)
	}
	return fmt.Sprintf("%+.2f%%", 100*(ratio-1))
}

// pText writes a probability with three decimals, and below a thousandth its order of magnitude.
func pText(p float64) string {
	if p >= 0.001 {
		return printed(p)
	}
	mantissa, exponent, _ := strings.Cut(fmt.Sprintf("%.0e", p), "e-")
	if p == 0 {
		return "0"
	}
	return mantissa + "e-" + strings.TrimLeft(exponent, "0")
}

// bound writes a bound of a change in less room.
func bound(ratio float64) string {
	if text := change(ratio); !strings.HasSuffix(text, "%") {
		return text
	}
	return fmt.Sprintf("%+.1f", 100*(ratio-1))
}

// bare is a figure without an interval.
func bare(v float64, samples int, unit string) *Figure {
	return &Figure{Estimate{v, math.Inf(-1), math.Inf(1), samples}, unit}
}

// inUnit writes a figure for people, its unit behind it.
func inUnit(v float64, unit string) string {
	scales := byteScales()
	switch {
	case unit == results.Time || unit == results.PlanTime:
		scales = timeScales()
	case seeded(unit):
		return errorText(v)
	}
	best := scales[0]
	for _, s := range scales {
		if v >= s.factor {
			best = s
		}
	}
	return digits(v/best.factor) + " " + best.name
}

// mean is a geometric mean over the rows that both sides have.
type mean struct {
	old, new float64
	rows     int // that are in it
	left     int // out, because one of the figures is not positive
}

func geomean(duels []*duel) mean {
	var m mean
	for _, d := range duels {
		if d.old.Median > 0 && d.new.Median > 0 {
			m.rows++
			m.old, m.new = m.old+math.Log(d.old.Median), m.new+math.Log(d.new.Median)
		}
	}
	m.left = len(duels) - m.rows
	m.old, m.new = math.Exp(m.old/float64(m.rows)), math.Exp(m.new/float64(m.rows))
	return m
}

func (m mean) ratio() float64 { return m.new / m.old }

func (m mean) row(unit string) Row {
	return Row{Muted: true, Cells: []Cell{
		words("geomean"), {Text: inUnit(m.old, unit), Figure: bare(m.old, m.rows, unit)},
		{Text: inUnit(m.new, unit), Figure: bare(m.new, m.rows, unit)},
		{Text: change(m.ratio()), Figure: bare(m.ratio()-1, m.rows, "delta")}, words(""), words(""),
		{Text: digits(m.ratio()), Figure: bare(m.ratio(), m.rows, "x")}, words(""), words(""),
	}}
}

// notes explain the columns and say what they rest on.
func (c *comparer) notes(unit results.Unit, duels []*duel, m mean) []string {
	if chanceless(unit) {
		note := "Counted, exact: any difference is one."
		if seeded(unit.Name) {
			note = "Computed once for the inputs of a seed: where that is the same, a difference is one of the code."
		}
		if equal := countVerdicts(duels)[same]; equal > 0 {
			note += fmt.Sprintf(" Equal in %s, which the table leaves out.", plural(equal, "more cell"))
		}
		return []string{note}
	}
	notes := []string{
		"Medians; delta of the medians, with the 95 % interval of the ratio (that of the U test); ~ where it may " +
			"be chance. p: exact two-sided U test, as benchstat's; p Holm: corrected for the " +
			plural(c.tests, "test") + " of this comparison, a difference at 0.05 or less. " +
			"δ: +1 where every new sample is above every old one, −1 below, 0 no tendency (Cliff's delta). " +
			"Count: of samples, old+new where they differ.",
	}
	if unit.Name == results.Time {
		notes = append(notes, floorNote(duels[0].floor))
	}
	if m.rows > 1 {
		note := fmt.Sprintf("Geomean over the %d rows that both sides have, and no other", m.rows)
		if m.left > 0 {
			note += fmt.Sprintf("; %d left out, as a figure is 0", m.left)
		}
		notes = append(notes, note+".")
	}
	if slices.ContainsFunc(duels, func(d *duel) bool { return d.verdict == unjudged && len(d.marks) == 0 }) {
		notes = append(notes, "References and peers that approximate are for orientation, and not judged.")
	}
	if oncePerRun(unit.Name) {
		notes = append(notes, "Measured once in a run: samples are runs.")
	}
	return notes
}

func countVerdicts(duels []*duel) map[verdict]int {
	counts := make(map[verdict]int)
	for _, d := range duels {
		counts[d.verdict]++
	}
	return counts
}

// aloneTable lists the cells that one side lacks, those with the same reason together.
func (x *contest) aloneTable() *Table {
	t := Table{
		ID: "one-side", Prose: true,
		Title: "Cells on one side only, in no mean: " + x.names[1] + " against " + x.names[0],
		Columns: []Column{
			{Name: "cell", Left: true}, {Name: "setting", Left: true}, {Name: "lengths", Left: true},
			{Name: "only in", Left: true}, {Name: "the other", Left: true},
		},
	}
	var lengths [][]string
	for _, a := range x.alone {
		cells := []Cell{
			words(a.cell.label), words(describe(probe(without(a.cell.Cell, x.key)), x.key)), {},
			words(x.names[a.side]), words(a.reason),
		}
		same := func(r Row) bool { return slices.EqualFunc(r.Cells, cells, Cell.sameText) }
		i := slices.IndexFunc(t.Rows, same)
		if i < 0 {
			i = len(t.Rows)
			t.Rows, lengths = append(t.Rows, Row{Cells: cells}), append(lengths, nil)
		}
		if n := itoa(a.cell.N); !slices.Contains(lengths[i], n) {
			lengths[i] = append(lengths[i], n)
		}
	}
	for i := range t.Rows {
		t.Rows[i].Cells[2] = words(strings.Join(lengths[i], ", "))
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return &t
}
