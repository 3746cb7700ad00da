package reports

import (
	"fmt"
	"slices"
	"strings"

	"attnbench/results"
)

// footprint is the counted memory of a call in bytes: its workspace, what is kept for the backward pass and
// parameters; in decoding, what is kept between tokens and parameters. ok is false where nobody counts.
func (c *measured) footprint() (bytes float64, ok bool) {
	units := []string{results.WorkBytes, results.SavedBytes, results.ParamBytes}
	if c.Pass == results.PassDecode {
		units = []string{results.StateBytes, results.ParamBytes}
	}
	if !c.has(units[0]) {
		return 0, false
	}
	for _, u := range units {
		v, _ := c.value(u)
		bytes += v
	}
	return bytes, true
}

// footprintText says what a footprint holds.
func (s *setting) footprintText() string {
	switch {
	case s.decodes():
		return "the state between tokens and parameters"
	case s.gradients():
		return "workspace, what is kept for the backward pass, and parameters"
	}
	return "workspace and parameters"
}

// footprints are those of a series as samples of which none differ. Nothing is as little as one byte.
func (x *series) footprints() []Point {
	var list []Point
	for _, c := range x.cells {
		if v, ok := c.footprint(); ok && c.has(results.Time) {
			list = append(list, Samples{c.N, []float64{max(v, 1)}}.Point())
		}
	}
	return list
}

// CrossCounted is Cross for figures that are counted, one at each length: its interval is from the measured
// length before the crossing to that behind it.
func CrossCounted(variant, baseline []Point) Crossover {
	c := Cross(variant, baseline)
	if c.Outcome != Crosses {
		return c
	}
	const rounding = 1e-9 // two that are equal at a length cross there
	v, _ := shared(variant, baseline)
	for _, x := range v {
		if n := float64(x.N); n <= c.N*(1+rounding) {
			c.Lo = n
		} else {
			c.Hi = n
			break
		}
	}
	return c
}

// memoryCrossings are the lengths from which series need less memory than the baselines.
func (s *setting) memoryCrossings() []crossing {
	var list []crossing
	for _, base := range s.baselines() {
		for _, x := range s.series {
			if x.label == base.label || x.footprints() == nil || !crosses(x.variant, base.variant) {
				continue
			}
			c := crossing{series: x, base: base, Crossover: CrossCounted(x.footprints(), base.footprints()),
				counted: true}
			c.longest = x.longest()
			list = append(list, c)
		}
	}
	return list
}

// memoryCrossingTable shows them.
func (s *setting) memoryCrossingTable(list []crossing) *Table {
	if len(list) == 0 {
		return nil
	}
	t := Table{
		ID: "memory-crossover", Title: "Length from which a variant needs less memory than a baseline",
		Setting: s.text(),
		Columns: []Column{
			{Name: "variant", Left: true}, {Name: "baseline", Left: true}, {Name: "smaller from", Left: true},
		},
		Notes: []string{
			"Counted, exact: " + s.footprintText() + "; inputs and results are not in it. Interpolated; in brackets " +
				"the measured lengths between which the crossing lies.",
		},
	}
	for _, c := range list {
		t.Rows = append(t.Rows, c.series.row(words(c.series.label), words(c.base.label), c.Cell()))
	}
	return &t
}

// memoryLines say of each baseline who needs less memory, and from where.
func (s *analysis) memoryLines() []string {
	return outcomeLines("Less memory", " ("+s.footprintText()+")", s.memory)
}

// gradientLines say the same of time and memory where gradients are computed: of the setting with the most
// cells of that kind, where the other sentences are about another.
func gradientLines(whole []analysis, told *analysis) []string {
	var training []analysis
	for _, s := range whole {
		if s.probe.Pass == results.PassBoth {
			training = append(training, s)
		}
	}
	s := principal(training)
	if s == nil || s.setting == told.setting {
		return nil
	}
	lines := outcomeLines("Forward and backward: less time", " ("+s.text()+")", s.crossings)
	return append(lines, outcomeLines("Forward and backward: less memory", " ("+s.footprintText()+")",
		s.memory)...)
}

// outcomeLines is one sentence for each baseline of the suite, the first with an explanation; variants with
// the same outcome are told together.
func outcomeLines(what, explained string, crossings []crossing) []string {
	var bases []*series
	for _, c := range crossings {
		if !slices.Contains(bases, c.base) && !peer(c.base.variant) {
			bases = append(bases, c.base)
		}
	}
	var lines []string
	for _, base := range bases {
		var outcomes []string
		labels := make(map[string][]string)
		for _, c := range crossings {
			if c.base != base || c.Outcome == NotComputed {
				continue
			}
			outcome := c.answer()
			if labels[outcome] == nil {
				outcomes = append(outcomes, outcome)
			}
			labels[outcome] = append(labels[outcome], c.series.label+glyphs(c.marks))
		}
		var parts []string
		for _, o := range outcomes {
			parts = append(parts, list(labels[o])+" "+o)
		}
		if len(parts) > 0 {
			line := fmt.Sprintf("%s than %s%s: %s.", what, base.label, explained, strings.Join(parts, "; "))
			lines, explained = append(lines, line), ""
		}
	}
	return lines
}

// answer is the outcome behind a name.
func (c crossing) answer() string {
	switch {
	case c.Outcome == NotComputed:
		return absent
	case c.Outcome == Always && c.From == c.To:
		return fmt.Sprintf("at n = %d, the only common length", c.To)
	case c.Outcome == NotInRange && c.From == c.To:
		return fmt.Sprintf("not at n = %d, the only common length", c.To)
	case c.Outcome == Always:
		return fmt.Sprintf("at every measured length from n = %d", c.From)
	case c.Outcome == NotInRange:
		return fmt.Sprintf("at no measured length up to n = %d", c.To)
	}
	return "from n ≈ " + rough(c.N) + " " + c.bounds()
}
