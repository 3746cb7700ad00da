package reports

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"attnbench/results"
)

// fidelityTables show the error per head: one table for each target, because errors against different targets
// do not compare.
func (s *setting) fidelityTables() []Table {
	var tables []Table
	for _, target := range s.targets() {
		t := s.fidelityTable(target)
		s.addUnrelated(&t, target)
		tables = append(tables, t)
	}
	return tables
}

// targets are what the variants are measured against; softmax attention, the empty one, is first.
func (s *setting) targets() []string {
	var targets []string
	for _, x := range s.series {
		if x.measured() && x.variant.Unrelated == "" && !slices.Contains(targets, x.variant.Target) {
			targets = append(targets, x.variant.Target)
		}
	}
	slices.Sort(targets)
	return targets
}

func targetName(target string) string {
	if target == "" {
		return "softmax attention"
	}
	return target
}

func (s *setting) fidelityTable(target string) Table {
	heads := s.heads()
	t := Table{
		ID: "fidelity", Title: "Error against " + targetName(target) + " by kind of head",
		Setting: fmt.Sprintf("%s, n %d", s.text(), s.probe.N),
		Columns: []Column{{Name: "head", Left: true}, {Name: "pairs seen"}},
	}
	for _, h := range heads {
		t.Columns = append(t.Columns, Column{Name: h})
	}
	t.Rows = append(t.Rows, s.floorRow("zero output", results.RelErrZero, target, heads),
		s.floorRow("mean of V", results.RelErrMeanV, target, heads))
	for _, x := range s.series {
		if x.variant.Target == target && x.variant.Unrelated == "" && x.measured() {
			t.Rows = append(t.Rows, s.errorRow(x, heads))
		}
	}
	t.markBest()
	t.Notes = append(s.inputWarnings(), "Relative error ‖out − target‖ / ‖target‖ in float64; pairs seen: "+
		"distinct query–key pairs scored over pairs allowed, n/a where none is scored.")
	t.Notes = append(t.Notes, otherTarget(target)...)
	return t
}

// addUnrelated adds rows without figures to a table of errors against softmax attention, for variants that
// are not meant to be near it, and why they have none.
func (s *setting) addUnrelated(t *Table, target string) {
	var reasons []string
	for _, x := range s.series {
		why := x.variant.Unrelated
		if why == "" || target != "" {
			continue
		}
		row := x.row(words(x.label))
		row.Muted = true
		for range t.Columns[1:] {
			row.Cells = append(row.Cells, words("n/a"))
		}
		t.Rows = append(t.Rows, row)
		if !slices.Contains(reasons, why) {
			reasons = append(reasons, why)
			t.Notes = append(t.Notes, "n/a in a whole row: "+why+".")
		}
	}
}

func otherTarget(target string) []string {
	if target == "" {
		return nil
	}
	return []string{"Another target than softmax attention: never ranked with the other tables."}
}

// wholeErrorTables show the error on whole inputs over lengths, one table for each target.
func (s *setting) wholeErrorTables() []Table {
	var tables []Table
	for _, target := range s.targets() {
		part := &setting{probe: s.probe}
		for _, x := range s.series {
			if x.variant.Target == target && x.variant.Role != results.RoleReference && x.has(results.RelErr) {
				part.series = append(part.series, x)
			}
		}
		if len(part.series) > 0 {
			t := part.wholeErrorTable(target)
			s.addUnrelated(&t, target)
			tables = append(tables, t)
		}
	}
	return tables
}

// wholeErrorTable is for variants with one target.
func (s *setting) wholeErrorTable(target string) Table {
	t := s.grid("error", "Error against "+targetName(target)+" on whole inputs", results.RelErr, plainScale(""),
		func(c *measured, _ scale) Cell { return errorCell(c) })
	floors := []Row{
		{Cells: []Cell{words("zero output")}, Muted: true}, {Cells: []Cell{words("mean of V")}, Muted: true},
	}
	for _, n := range s.lengths() {
		for i, unit := range []string{results.RelErrZero, results.RelErrMeanV} {
			floors[i].Cells = append(floors[i].Cells, s.floorAt(n, unit))
		}
	}
	t.Rows = append(floors, t.Rows...)
	t.Notes = append(s.inputWarnings(), "Relative error ‖out − target‖ / ‖target‖ in float64; not ranked.")
	t.Notes = append(t.Notes, otherTarget(target)...)
	return t
}

// floorAt is the error of an output without attention at one length, the same for all variants.
func (s *setting) floorAt(n int, unit string) Cell {
	for _, x := range s.series {
		if c := x.at(n); c != nil && c.has(unit) {
			e := c.estimate(unit)
			return Cell{Text: errorText(e.Median), Figure: &Figure{e, unit}}
		}
	}
	return words(absent)
}

// inputWarnings are the warnings that approximations of the setting share about their input.
func (s *setting) inputWarnings() []string {
	var notes []string
	for _, x := range s.series {
		for _, c := range x.cells {
			for _, w := range c.note.Warnings {
				note := "Warning: " + w.Text + ": " + w.Remedy + "."
				if w.Code == results.CodeInput && !slices.Contains(notes, note) {
					notes = append(notes, note)
				}
			}
		}
	}
	return notes
}

// heads lists the heads of a setting by first appearance.
func (s *setting) heads() []string {
	var heads []string
	for _, x := range s.series {
		for _, c := range x.cells {
			if c.has(results.RelErr) && !slices.Contains(heads, c.Head) {
				heads = append(heads, c.Head)
			}
		}
	}
	return heads
}

func (x *series) head(name string) *measured {
	i := slices.IndexFunc(x.cells, func(c *measured) bool { return c.Head == name && c.has(results.RelErr) })
	if i < 0 {
		return nil
	}
	return x.cells[i]
}

// floorRow shows what an output without any attention in it would get. Every cell of a head and target has
// the same value.
func (s *setting) floorRow(label, unit, target string, heads []string) Row {
	row := Row{Cells: []Cell{words(label), words("")}, Muted: true}
	for _, h := range heads {
		cell := words(absent)
		for _, x := range s.series {
			if c := x.head(h); c != nil && x.variant.Target == target && c.has(unit) {
				e := c.estimate(unit)
				cell = Cell{Text: errorText(e.Median), Figure: &Figure{e, unit}}
				break
			}
		}
		row.Cells = append(row.Cells, cell)
	}
	return row
}

func (s *setting) errorRow(x *series, heads []string) Row {
	row := x.row(words(x.label), words(x.coverage()))
	row.Muted = x.variant.Role != results.RoleApproximation
	for _, h := range heads {
		c := x.head(h)
		if c == nil {
			row.Cells = append(row.Cells, words(absent))
			continue
		}
		row.Cells = append(row.Cells, errorCell(c))
	}
	return row
}

// errorCell shows a relative error with what speaks against it.
func errorCell(c *measured) Cell {
	e := c.estimate(results.RelErr)
	cell := Cell{Text: errorText(e.Median), Figure: &Figure{e, results.RelErr}, Marks: coverageMark(c)}
	if c.useless() {
		cell.Marks = append(cell.Marks, MarkUseless)
	}
	return cell
}

// noBetter is the share of a floor's error above which an error is no better than the floor.
const noBetter = 0.99

// useless reports whether an approximation is no better than one of the outputs that need no attention.
func (c *measured) useless() bool {
	got, _ := c.value(results.RelErr)
	for _, unit := range []string{results.RelErrZero, results.RelErrMeanV} {
		if floor, ok := c.value(unit); ok && got > noBetter*floor && standsIn(c.variant) {
			return true
		}
	}
	return false
}

// coverage is the share of pairs that a series sees, over its heads.
func (x *series) coverage() string {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, c := range x.cells {
		if v, ok := c.value(results.PairFrac); ok {
			lo, hi = math.Min(lo, v), math.Max(hi, v)
		}
	}
	switch {
	case lo > hi:
		return "n/a"
	case percent(lo) == percent(hi):
		return percent(lo)
	}
	return strings.TrimSuffix(percent(lo), " %") + "–" + percent(hi)
}

// markBest marks the smallest error of each column among approximations that are better than the floors.
func (t *Table) markBest() {
	for i := range t.Columns {
		best := -1
		for k, r := range t.Rows {
			c := r.Cells[i]
			if r.Muted || c.Figure == nil || len(c.Marks) > 0 {
				continue
			}
			if best < 0 || c.Figure.Median < t.Rows[best].Cells[i].Figure.Median {
				best = k
			}
		}
		if best >= 0 {
			t.Rows[best].Cells[i].Best = true
		}
	}
}
