package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"attnbench/results"
)

// headlines are the sentences on top, and the brief ones among them, which say what a summary table cannot.
// Time is told of the setting with the most cells; the tables have the others.
func headlines(whole []analysis, heads []*setting, levels []*isoSetting) (lines, brief []string) {
	s := principal(whole)
	if s != nil {
		if len(whole) > 1 {
			lines = append(lines, "Growth, crossovers and advice are about "+s.text()+
				"; the tables have the other settings.")
		}
		lines = append(lines, s.growthLines()...)
		lines = append(lines, s.auditLines()...)
		lines = append(lines, s.crossingLines()...)
		lines = append(lines, s.memoryLines()...)
		lines = append(lines, gradientLines(whole, s)...)
		lines = append(lines, s.againstLines()...)
		lines = append(lines, s.markLines()...)
		brief = append(brief, s.stopLines()...)
	}
	for _, h := range joinLengths(heads) { // of the longest length: the tables have the others
		brief = append(brief, h.fidelityLines()...)
	}
	for _, j := range levels {
		brief = append(brief, j.isoLines()...)
	}
	if s != nil {
		brief = append(brief, s.adviceLines()...)
	}
	return append(lines, brief...), brief
}

// principal is the setting with the most measured cells.
func principal(whole []analysis) *analysis {
	var best *analysis
	most := 0
	for i, s := range whole {
		count := 0
		for _, x := range s.series {
			count += len(lengthSamples(x.cells))
		}
		if count > most {
			best, most = &whole[i], count
		}
	}
	return best
}

// growthLines say how each variant grew.
func (s *analysis) growthLines() []string {
	grown := s.grown()
	if len(grown) > manySentences {
		return s.joinGrowth()
	}
	var lines []string
	for _, k := range grown {
		lines = append(lines, k.sentence())
	}
	return lines
}

// grown are the fits that a sentence tells.
func (s *analysis) grown() []scaling {
	return slices.DeleteFunc(slices.Clone(s.fits), func(k scaling) bool {
		return k.series.variant.Role == results.RoleReference || peer(k.series.variant) || !k.timed
	})
}

// sentence tells how a variant grew.
func (k scaling) sentence() string {
	line := fmt.Sprintf("%s ran %s%s in time (claimed %s: %s)", k.series.label, growthText(k.time),
		glyphs(k.marks), bigO(k.claimedTime), k.timeVerdict())
	if k.sized {
		line += fmt.Sprintf(" and %s in memory (claimed %s: %s)", memoryText(k.memory),
			bigO(k.claimedMemory), k.memoryVerdict())
	}
	return line + "."
}

// memoryText is how memory grew: what does not grow is said in a word.
func memoryText(g Growth) string {
	const flat = 0.005
	if math.Abs(g.Exponent) < flat {
		return "constant"
	}
	return growthText(g)
}

// glyphs are the marks of a number as tables show them.
func glyphs(marks []Mark) string {
	var b strings.Builder
	for _, m := range marks {
		b.WriteString(string(m))
	}
	return b.String()
}

// crossingLines say from where each variant is faster, all baselines in one sentence.
func (s *analysis) crossingLines() []string {
	var lines []string
	for _, x := range s.series {
		if x.variant.Role != results.RoleApproximation {
			continue
		}
		var parts []string
		for _, c := range s.crossings {
			if c.series == x && !peer(c.base.variant) && c.Outcome != NotComputed {
				parts = append(parts, "than "+c.base.label+" "+c.answer()+glyphs(c.marks))
			}
		}
		if len(parts) > 0 {
			lines = append(lines, x.label+" is faster "+strings.Join(parts, ", ")+".")
		}
	}
	if len(lines) > manySentences {
		return s.joinCrossings()
	}
	return lines
}

// markLines explain the marks of the sentences before them.
func (s *analysis) markLines() []string {
	var parts []string
	for _, m := range []Mark{MarkUnstable, MarkFew, MarkCoverage} {
		in := func(marks []Mark) bool { return slices.Contains(marks, m) }
		if slices.ContainsFunc(s.fits, func(k scaling) bool { return in(k.marks) }) ||
			slices.ContainsFunc(s.crossings, func(c crossing) bool { return in(c.marks) && !peer(c.base.variant) }) {
			parts = append(parts, string(m)+" "+m.Text())
		}
	}
	if parts == nil {
		return nil
	}
	return []string{strings.Join(parts, ". ") + "."}
}

// stopLines say where a baseline stopped while others went on, and why.
func (s *analysis) stopLines() []string {
	var lines []string
	for _, base := range s.baselines() {
		for _, c := range base.cells {
			if c.note.Status == results.Skipped && c.N > base.longest() {
				lines = append(lines, fmt.Sprintf("%s stopped at n = %d; n = %d was skipped: %s.",
					base.label, base.longest(), c.N, strings.TrimSuffix(c.note.Reason, ".")))
				break
			}
		}
	}
	return lines
}

// fidelityLines say for each approximation on how many heads it beats what needs no attention.
func (s *setting) fidelityLines() []string {
	told := s.approximations()
	if len(told) > manySentences {
		return s.joinFidelity()
	}
	var lines []string
	for _, x := range told {
		f := s.fidelity(x)
		line := fmt.Sprintf("On %s (n = %d) %s", s.probe.Input, s.probe.N, x.label)
		if seen := x.coverage(); seen != "n/a" {
			line += ", seeing " + seen + " of the pairs"
		}
		if x.variant.Target != "" {
			line += ", against " + x.variant.Target
		}
		lines = append(lines, line+": "+f.text()+".")
	}
	return lines
}

// approximations are the series that stand in for attention and have errors.
func (s *setting) approximations() []*series {
	return slices.DeleteFunc(slices.Clone(s.series), func(x *series) bool {
		return x.variant.Role != results.RoleApproximation || !x.measured() || !x.has(results.RelErr)
	})
}

// fidelity sorts the heads of a series.
func (s *setting) fidelity(x *series) (f fidelity) {
	for _, h := range s.heads() {
		if c := x.head(h); c != nil {
			f.add(c)
		}
	}
	return f
}

// fidelity sorts the heads of a series by what their errors are worth.
type fidelity struct {
	better         []*measured // than zero and than the mean of V, ascending error
	worse, covered []string
}

func (f *fidelity) add(c *measured) {
	switch {
	case c.covered():
		f.covered = append(f.covered, c.Head)
	case c.useless():
		f.worse = append(f.worse, c.Head)
	default:
		f.better = append(f.better, c)
	}
}

// sort puts the smallest error first.
func (f *fidelity) sort() {
	slices.SortStableFunc(f.better, func(a, b *measured) int {
		x, _ := a.value(results.RelErr)
		y, _ := b.value(results.RelErr)
		return cmp.Compare(x, y)
	})
}

func (f *fidelity) text() string {
	f.sort()
	var parts []string
	if n := len(f.better); n > 0 {
		part := fmt.Sprintf("better than the mean of V on %d of %s, error %s", n,
			plural(n+len(f.worse)+len(f.covered), "head"), headError(f.better[0]))
		if n > 1 {
			part += " to " + headError(f.better[n-1])
		}
		parts = append(parts, part)
	}
	if len(f.worse) > 0 {
		parts = append(parts, "no better than the mean of V or zero on "+few(f.worse))
	}
	if len(f.covered) > 0 {
		parts = append(parts, "nearly exact by coverage on "+few(f.covered))
	}
	return strings.Join(parts, "; ")
}

func headError(c *measured) string {
	value, _ := c.value(results.RelErr)
	return errorText(value) + " (" + c.Head + ")"
}

// few lists names, or counts them where there are many.
func few(names []string) string {
	const many = 4
	if len(names) > many {
		return plural(len(names), "head")
	}
	return list(names)
}

// adviceLines say which variant was fastest where, as far as the noise lets one tell.
func (s *analysis) adviceLines() []string {
	var stretches []stretch
	leaders := s.leaders()
	for _, n := range s.lengths() {
		name := "" // where noise hides it
		if c := leaders[n]; c != nil {
			name = c.label
		}
		if last := len(stretches) - 1; last >= 0 && stretches[last].name == name {
			stretches[last].to = n
			continue
		}
		stretches = append(stretches, stretch{name, n, n})
	}
	var parts []string
	for _, x := range stretches {
		parts = append(parts, x.text())
	}
	if len(parts) == 0 {
		return nil
	}
	fastest := strings.Join(parts, "; ")
	return []string{"Fastest: " + fastest + ". Speed alone: weigh it against the errors above."}
}

// stretch is a range of lengths with one winner.
type stretch struct {
	name     string
	from, to int
}

func (x stretch) text() string {
	at := fmt.Sprintf("n = %d", x.from)
	if x.to != x.from {
		at = fmt.Sprintf("n = %d–%d", x.from, x.to)
	}
	if x.name == "" {
		return "at " + at + " no winner beyond the noise"
	}
	return x.name + " at " + at
}
