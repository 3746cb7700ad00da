package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"attnbench/results"
)

// manySentences is more of a kind than anybody reads: beyond, one sentence lists the variants.
const manySentences = 8

// joinGrowth puts variants that grew no faster than they claim into one sentence. The others keep theirs.
func (s *analysis) joinGrowth() []string {
	kept := func(v Verdict) bool { return v == AsClaimed || v == WithinClaim }
	var good, lines []string
	for _, k := range s.grown() {
		if !kept(k.timeVerdict()) || !k.sized || !kept(k.memoryVerdict()) {
			lines = append(lines, k.sentence())
			continue
		}
		good = append(good, fmt.Sprintf("%s (%s%s; memory %s)", k.series.label, growthText(k.time),
			glyphs(k.marks), memoryText(k.memory)))
	}
	if good != nil {
		lines = slices.Insert(lines, 0, "No faster than claimed, in time and in memory, grew "+list(good)+".")
	}
	return lines
}

// joinCrossings makes one sentence for each baseline, with the earliest crossover first.
func (s *analysis) joinCrossings() []string {
	var lines []string
	for _, base := range s.baselines() {
		var always, crossed, never []string
		own := slices.DeleteFunc(slices.Clone(s.crossings), func(c crossing) bool {
			return c.base != base || c.series.variant.Role != results.RoleApproximation
		})
		slices.SortStableFunc(own, func(a, b crossing) int { return cmp.Compare(a.N, b.N) })
		for _, c := range own {
			label := c.series.label + glyphs(c.marks)
			switch c.Outcome {
			case Always:
				always = append(always, fmt.Sprintf("%s (%d)", label, c.From))
			case Crosses:
				crossed = append(crossed, fmt.Sprintf("%s %s %s", label, rough(c.N), c.bounds()))
			case NotInRange:
				never = append(never, fmt.Sprintf("%s (%d)", label, c.To))
			}
		}
		var parts []string
		for _, kind := range []struct {
			text  string
			words []string
		}{
			{"at every length from the shortest measured: ", always}, {"from n ≈: ", crossed},
			{"not up to the longest that both reached: ", never},
		} {
			if kind.words != nil {
				parts = append(parts, kind.text+strings.Join(kind.words, ", "))
			}
		}
		if parts != nil {
			lines = append(lines, "Faster than "+base.label+" "+strings.Join(parts, "; ")+".")
		}
	}
	return lines
}

// joinFidelity makes one sentence of the heads on which approximations beat what needs no attention, those
// that do so on most heads first.
func (s *setting) joinFidelity() []string {
	type place struct {
		label string
		heads int
	}
	var places []place
	var covered []string
	for _, x := range s.approximations() {
		f := s.fidelity(x)
		if len(f.better)+len(f.worse) > 0 {
			label := x.label + f.span()
			if x.variant.Target != "" {
				label += " against " + x.variant.Target
			}
			places = append(places, place{label, len(f.better)})
		}
		if len(f.covered) > 0 {
			covered = append(covered, x.label)
		}
	}
	slices.SortStableFunc(places, func(a, b place) int { return cmp.Compare(b.heads, a.heads) })
	line := fmt.Sprintf("On %s (n = %d, %s) better than the mean of V and than zero, errors in brackets:",
		s.probe.Input, s.probe.N, plural(len(s.heads()), "head"))
	last := -1
	for i, p := range places {
		separator := "; on "
		switch {
		case p.heads == last:
			line += ", " + p.label
			continue
		case i == 0:
			separator = " on "
		}
		last = p.heads
		number := itoa(last)
		if last == 0 {
			number = "none"
		}
		line += separator + number + " " + p.label
	}
	if covered != nil {
		line += "; nearly exact by coverage on some " + strings.Join(covered, ", ")
	}
	return []string{line + "."}
}

// span is the range of the errors on heads where they are worth something, " (0.016–0.684)".
func (f *fidelity) span() string {
	f.sort()
	n := len(f.better)
	if n == 0 {
		return ""
	}
	lo, _ := f.better[0].value(results.RelErr)
	hi, _ := f.better[n-1].value(results.RelErr)
	if n == 1 {
		return " (" + errorText(lo) + ")"
	}
	return " (" + errorText(lo) + "–" + errorText(hi) + ")"
}
