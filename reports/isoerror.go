package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"attnbench/results"
)

// errorLevels are the errors at which mechanisms are compared: half of the output, a fifth, …
func errorLevels() []float64 { return []float64{0.5, 0.2, 0.1, 0.05, 0.02} }

// isoError is a comparison on one head at equal fidelity: of the approximations with at most an error, the
// cheapest of each length stand for all.
type isoError struct {
	head  string
	level float64
	n     int // the longest length at which one qualifies

	fastest  []*measured // at n, the first by its median, with those that differ from it by noise only
	smallest *measured

	time, memory []crossing // against each baseline
}

// isoSetting joins the settings of heads that differ in length only.
type isoSetting struct {
	*setting            // of the longest length
	lengths  []*setting // ascending
	errors   []isoError
}

// isoSettings are those with a mechanism that was measured under several settings, with their comparisons.
func isoSettings(heads []*setting) []*isoSetting {
	var list []*isoSetting
	for _, j := range joinLengths(heads) {
		if j.swept() {
			j.errors = j.isoErrors()
			list = append(list, j)
		}
	}
	return list
}

func joinLengths(heads []*setting) []*isoSetting {
	var list []*isoSetting
	for _, s := range heads {
		key := s.probe
		key.N = 0
		i := slices.IndexFunc(list, func(o *isoSetting) bool {
			other := o.setting.probe
			other.N = 0
			return other.Name() == key.Name()
		})
		if i < 0 {
			i = len(list)
			list = append(list, new(isoSetting))
			list[i].setting = s
		}
		list[i].lengths = append(list[i].lengths, s)
	}
	for _, j := range list {
		slices.SortFunc(j.lengths, func(a, b *setting) int { return cmp.Compare(a.probe.N, b.probe.N) })
		j.setting = j.lengths[len(j.lengths)-1]
	}
	return list
}

// isoErrors compares on every head at every level that a mechanism reaches.
func (j *isoSetting) isoErrors() []isoError {
	var list []isoError
	for _, head := range j.heads() {
		for _, level := range errorLevels() {
			e := isoError{head: head, level: level}
			var time, memory series
			for _, s := range j.lengths {
				list := s.qualifying(head, level)
				memory.cells = appendCell(memory.cells, cheapest(list, (*measured).bytes))
				time.cells = appendCell(time.cells, cheapest(slices.DeleteFunc(list, unranked), (*measured).median))
			}
			if len(memory.cells) == 0 {
				continue
			}
			e.compare(j, &time, &memory)
			list = append(list, e)
		}
	}
	j.addTied(list)
	return list
}

func appendCell(list []*measured, c *measured) []*measured {
	if c == nil {
		return list
	}
	return append(list, c)
}

func (c *measured) median() float64 { return c.estimate(results.Time).Median }

func (c *measured) bytes() float64 {
	v, _ := c.footprint()
	return v
}

// qualifying are the approximations of softmax attention with at most an error on a head.
func (s *setting) qualifying(head string, level float64) []*measured {
	var list []*measured
	for _, x := range s.series {
		c := x.head(head)
		if c == nil || x.variant.Target != "" || x.variant.Role != results.RoleApproximation || c.covered() {
			continue
		}
		if lost, _ := c.value(results.RelErr); lost <= level && !c.useless() {
			list = append(list, c)
		}
	}
	return list
}

// unranked reports whether a cell's time may not be compared.
func unranked(c *measured) bool { return !c.ranked() }

// cheapest is the one of the cells that costs least, nil where there is none.
func cheapest(list []*measured, cost func(*measured) float64) *measured {
	if len(list) == 0 {
		return nil
	}
	return slices.MinFunc(list, func(a, b *measured) int { return cmp.Compare(cost(a), cost(b)) })
}

// compare finds who is cheapest at the longest length, and from where the cheapest of each length are cheaper
// than baselines.
func (e *isoError) compare(j *isoSetting, time, memory *series) {
	e.smallest = memory.cells[len(memory.cells)-1]
	e.n = e.smallest.N
	if last := len(time.cells) - 1; last >= 0 {
		e.n = time.cells[last].N
		e.fastest = []*measured{time.cells[last]}
	}
	for _, base := range j.baselines() {
		b := &series{label: base.label, variant: base.variant}
		for _, s := range j.lengths {
			for _, x := range s.series {
				if x.label == base.label {
					b.cells = appendCell(b.cells, x.head(e.head))
				}
			}
		}
		faster := crossing{series: time, base: b}
		faster.Crossover = Cross(time.points(results.Time), b.points(results.Time))
		faster.longest, faster.marks = time.longest(), marksAround(time, b, faster.place())
		e.time = append(e.time, faster)
		e.memory = append(e.memory, crossing{series: memory, base: b, longest: memory.longest(), counted: true,
			Crossover: CrossCounted(memory.footprints(), b.footprints())})
	}
}

// addTied puts beside the fastest cells those that differ from them by noise only.
func (j *isoSetting) addTied(list []isoError) {
	var pairs []contrast
	for i := range list {
		pairs = append(pairs, j.rivals(&list[i])...)
	}
	told := newContrasts(j.floor, pairs)
	for i := range list {
		for _, pair := range j.rivals(&list[i]) {
			if !told.differ(pair) {
				list[i].fastest = append(list[i].fastest, pair[1])
			}
		}
	}
}

// rivals pair the fastest cell with the ranked ones of its length.
func (j *isoSetting) rivals(e *isoError) (pairs []contrast) {
	if len(e.fastest) == 0 {
		return nil
	}
	best := e.fastest[0]
	for _, s := range j.lengths {
		if s.probe.N != best.N {
			continue
		}
		for _, c := range s.qualifying(e.head, e.level) {
			if c != best && c.ranked() {
				pairs = append(pairs, contrast{best, c})
			}
		}
	}
	return pairs
}

// isoTable shows the comparisons.
func (j *isoSetting) isoTable() *Table {
	if len(j.errors) == 0 {
		return nil
	}
	t := Table{
		ID: "iso-error", Title: "Fastest and smallest at equal error", Setting: j.text(),
		Columns: []Column{
			{Name: "head, error ≤", Left: true}, {Name: "n"}, {Name: "fastest", Left: true},
			{Name: "error"}, {Name: "smallest", Left: true},
		},
		Notes: []string{
			"Approximations of softmax attention with at most that error on the head; at the longest length at " +
				"which one has it, with all whose times differ from the fastest by noise only. From where they are " +
				"faster or smaller than a baseline: of each length the cheapest that has at most the error.",
		},
	}
	for _, base := range j.errors[0].time {
		t.Columns = append(t.Columns, Column{Name: "faster than " + base.base.label, Left: true},
			Column{Name: "smaller than " + base.base.label, Left: true})
	}
	for _, e := range j.errors {
		row := Row{Cells: []Cell{
			words(e.head + " ≤ " + levelText(e.level)), words(itoa(e.n)), words(e.names()),
			e.errorCell(), words(e.smallest.label),
		}}
		for i := range e.time {
			row.Cells = append(row.Cells, Cell{Text: e.time[i].answer(), Marks: e.time[i].marks},
				words(e.memory[i].answer()))
		}
		t.Rows = append(t.Rows, row)
	}
	return &t
}

// errorCell is the error of the fastest.
func (e isoError) errorCell() Cell {
	if len(e.fastest) == 0 {
		return words(absent)
	}
	lost, _ := e.fastest[0].value(results.RelErr)
	return Cell{Text: errorText(lost), Figure: &Figure{Estimate{lost, lost, lost, 1}, results.RelErr}}
}

// names are those of the fastest.
func (e isoError) names() string {
	if len(e.fastest) == 0 {
		return absent
	}
	var labels []string
	for _, c := range e.fastest {
		labels = append(labels, c.label)
	}
	return strings.Join(labels, " ~ ")
}

// levelText writes a level as it was set.
func levelText(level float64) string { return strconv.FormatFloat(level, 'g', -1, 64) }

// isoLines say for each head what is fastest at which error.
func (j *isoSetting) isoLines() []string {
	var lines []string
	for _, head := range j.heads() {
		var parts []string
		last := ""
		for _, e := range slices.Backward(j.errors) {
			if e.head != head || e.sentence() == last {
				continue // what the last level says holds for this one too
			}
			last = e.sentence()
			parts = append(parts, "at an error ≤ "+levelText(e.level)+" "+last)
		}
		if len(parts) == 0 {
			parts = []string{"no approximation has an error ≤ " + levelText(errorLevels()[0])}
		}
		slices.Reverse(parts)
		lines = append(lines, fmt.Sprintf("On %s, head %s: %s.", j.probe.Input, head, strings.Join(parts, "; ")))
	}
	return lines
}

// sentence is the outcome behind "at an error ≤ …".
func (e isoError) sentence() string {
	if len(e.fastest) == 0 {
		return "the smallest is " + e.smallest.label + ", and no time is stable enough to name the fastest"
	}
	var than []string
	for _, c := range e.time {
		than = append(than, "than "+c.base.label+" "+c.answer()+glyphs(c.marks))
	}
	if len(than) == 0 {
		return "the fastest is " + e.names()
	}
	return "the fastest is " + e.names() + ", faster " + strings.Join(than, ", ")
}
