package reports

import (
	"math"
	"slices"

	"attnbench/results"
)

// grid makes a table of variants × lengths; cell renders what was measured at one length. Variants without
// any cell are left out.
func (s *setting) grid(id, title string, unit string, column func(n int) scale,
	cell func(c *measured, sc scale) Cell) Table {

	lengths := s.lengths()
	t := Table{ID: id, Title: title, Setting: s.text(), Columns: []Column{{Name: "n", Left: true}}}
	scales := make([]scale, len(lengths))
	for i, n := range lengths {
		scales[i] = column(n)
		t.Columns = append(t.Columns, Column{Name: itoa(n), Unit: scales[i].name})
	}
	for _, x := range s.series {
		row := x.row(words(x.label))
		any := false
		for i, n := range lengths {
			c := x.at(n)
			if c == nil || !c.has(unit) {
				row.Cells = append(row.Cells, words(absent))
				continue
			}
			any = true
			row.Cells = append(row.Cells, cell(c, scales[i]))
		}
		if any {
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

// columnScale picks one scale for a column, by its smallest value, that of a reference only where there is no
// other.
func (s *setting) columnScale(unit string, scales []scale) func(n int) scale {
	smallest := func(n int, references bool) float64 {
		least := math.Inf(1)
		for _, x := range s.series {
			c := x.at(n)
			if c == nil || references != (x.variant.Role == results.RoleReference) {
				continue
			}
			if v, ok := c.value(unit); ok && v > 0 {
				least = math.Min(least, v)
			}
		}
		return least
	}
	return func(n int) scale {
		for _, references := range []bool{false, true} {
			if v := smallest(n, references); !math.IsInf(v, 1) {
				return common(scales, v)
			}
		}
		return scales[0]
	}
}

// plainScale is for figures that need no scaling.
func plainScale(unit string) func(n int) scale {
	return func(int) scale { return scale{unit, 1} }
}

// timeTable shows the time of a call. The fastest of a column is marked where it differs from every other by
// more than noise.
func (s *setting) timeTable() Table {
	leaders := s.leaders()
	t := s.grid("time", "Time of "+s.callText(), results.Time, s.columnScale(results.Time, timeScales()),
		func(c *measured, sc scale) Cell {
			e := c.estimate(results.Time)
			return Cell{
				Text:   digits(e.Median/sc.factor) + spreadText(e),
				Figure: &Figure{e, results.Time}, Marks: c.marks(), Best: leaders[c.N] == c,
			}
		})
	t.Notes = []string{
		"Median with the half width of its 95 % interval. " + s.verified(),
		"The fastest of a length stands out where it is ahead of every other by more than the noise floor and " +
			placementText() + ", and by the exact U test at 5 %, corrected for all such comparisons of the " +
			"table (Holm).",
	}
	t.peerNotes("Peers are other implementations, timed by themselves in processes of their own, on the same " +
		"inputs and in turns with the rest; those without impl-err compute a function of their own.")
	return t
}

// speedupTable shows how many times faster than a baseline the others are; nil where nothing can be compared.
func (s *setting) speedupTable(base *series) *Table {
	told := newContrasts(s.floor, s.against(base))
	t := s.grid("speedup-"+base.label, "Speed-up over "+base.label, results.Time, plainScale(""),
		func(c *measured, _ scale) Cell { return compare(c, base.at(c.N), told) })
	t.Rows = slices.DeleteFunc(t.Rows, func(r Row) bool {
		return r.Cells[0].Text == base.label || !slices.ContainsFunc(r.Cells, Cell.figure)
	})
	t.dropEmptyColumns()
	if len(t.Rows) == 0 {
		return nil
	}
	t.Notes = []string{
		"Time of " + base.label + " over time of the variant, above 1 where the variant is faster. " +
			noiseText() + " Marked ratios rest on a marked cell: not ranked.",
	}
	return &t
}

// noiseText says in a note what ~ stands for.
func noiseText() string {
	return "~ where the two differ by no more than the noise floor or " + placementText() +
		", or not by the exact U test at 5 %, corrected for all comparisons of the table (Holm)."
}

// against are the comparisons with a baseline that no mark speaks against.
func (s *setting) against(base *series) (pairs []contrast) {
	for _, x := range s.series {
		for _, n := range s.lengths() {
			c, b := x.at(n), base.at(n)
			if x != base && c != nil && b != nil && len(c.marks())+len(b.marks()) == 0 {
				pairs = append(pairs, contrast{b, c})
			}
		}
	}
	return pairs
}

// compare is the ratio of a baseline's time to a cell's.
func compare(c, base *measured, told contrasts) Cell {
	if base == nil {
		return words(absent)
	}
	return ratioCell(base, c, mergeMarks(c.marks(), base.marks()), told)
}

// ratioCell is the ratio of two times, ~ where they do not differ and no mark speaks against comparing them.
func ratioCell(base, c *measured, marks []Mark, told contrasts) Cell {
	r := Ratio(base.estimate(results.Time), c.estimate(results.Time))
	cell := Cell{Text: digits(r.Median) + spreadText(r), Figure: &Figure{r, "x"}, Marks: marks}
	if len(cell.Marks) == 0 && !told.differ(contrast{base, c}) {
		cell.Text = "~"
	}
	return cell
}

func mergeMarks(a, b []Mark) []Mark {
	all := slices.Clone(a)
	for _, m := range b {
		if !slices.Contains(all, m) {
			all = append(all, m)
		}
	}
	return all
}

// dropEmptyColumns removes columns without a figure.
func (t *Table) dropEmptyColumns() {
	for i := len(t.Columns) - 1; i > 0; i-- {
		if slices.ContainsFunc(t.Rows, func(r Row) bool { return r.Cells[i].figure() }) {
			continue
		}
		t.Columns = slices.Delete(t.Columns, i, i+1)
		for k := range t.Rows {
			t.Rows[k].Cells = slices.Delete(t.Rows[k].Cells, i, i+1)
		}
	}
}

// bytesTable shows a size. Nil where nobody has any.
func (s *setting) bytesTable(id, title, unit, note string) *Table {
	t := s.grid(id, title, unit, s.columnScale(unit, byteScales()), func(c *measured, sc scale) Cell {
		e := c.estimate(unit)
		return Cell{Text: digits(e.Median / sc.factor), Figure: &Figure{e, unit}, Marks: coverageMark(c)}
	})
	nonzero := func(c Cell) bool { return c.Figure != nil && c.Figure.Median > 0 }
	if !slices.ContainsFunc(t.Rows, func(r Row) bool { return slices.ContainsFunc(r.Cells, nonzero) }) {
		return nil
	}
	if unit == results.ParamBytes {
		t.Rows = slices.DeleteFunc(t.Rows, func(r Row) bool { return !slices.ContainsFunc(r.Cells, nonzero) })
	}
	t.Notes = []string{note}
	t.peerNotes("Of a peer: what its process needed for a first call beyond its inputs, and the inputs.")
	return &t
}

func coverageMark(c *measured) []Mark {
	if c.covered() {
		return []Mark{MarkCoverage}
	}
	return nil
}

// peakTable shows useful work over the machine's measured peak.
func (s *setting) peakTable() *Table {
	t := s.grid("peak-frac", "Useful work over the machine's FMA peak", results.PeakFrac, plainScale("%"),
		func(c *measured, _ scale) Cell {
			e := c.estimate(results.PeakFrac)
			return Cell{Text: digits(100 * e.Median), Figure: &Figure{e, results.PeakFrac}, Marks: c.marks()}
		})
	if len(t.Rows) == 0 {
		return nil
	}
	t.Notes = []string{
		"The peak is what the suite measured at that number of threads; work that a mechanism does beyond the " +
			"useful is not counted.",
	}
	return &t
}
