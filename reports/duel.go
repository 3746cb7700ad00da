package reports

import (
	"math"
	"slices"

	"attnbench/results"
)

// A duel compares a figure of two cells.
type duel struct {
	pairing
	unit     results.Unit
	old, new Estimate
	ratio    Estimate // new over old; the interval is infinite where there is none
	marks    []Mark
	verdict  verdict

	tested bool // by ranks; else compared as it is, or not at all where a mark says why
	ranks
	corrected float64 // p by Holm
	floor     float64 // that a ratio must be above: see group.noiseFloor; 0 for none
}

// A verdict is what may be said of a duel.
type verdict int

const (
	unjudged verdict = iota // by a mark, or because nothing tells chance from change
	same                    // equal, or within the noise
	lower
	higher
)

// alpha is the probability of being wrong where nothing differs, over all tests of a comparison.
const alpha = 0.05

// oncePerRun reports whether a unit is measured once for each cell of a run, and repeated on its lines.
func oncePerRun(unit string) bool { return unit == results.PeakBytes || unit == results.PlanTime }

// seeded reports whether a unit is computed from what a run draws: the same seed gives the same figure.
func seeded(unit string) bool { return unit == results.RelErr || unit == results.ImplErr }

// chanceless reports whether a unit has no chance in it, so that nothing needs to be tested.
func chanceless(u results.Unit) bool { return u.Exact || seeded(u.Name) }

// independent are the samples of a unit that say something of their own.
func (m *measured) independent(unit string) []float64 {
	if !oncePerRun(unit) {
		return m.units[unit]
	}
	var values []float64
	for _, c := range m.runs {
		if v := c.Values(unit); len(v) > 0 {
			values = append(values, median(v))
		}
	}
	return values
}

// newDuel compares a unit of two cells that both have it. Cells of two variants are ranked, and marked as in
// any ranking.
func newDuel(p pairing, unit results.Unit, variants bool) *duel {
	a, b := p.cells[0].independent(unit.Name), p.cells[1].independent(unit.Name)
	d := &duel{pairing: p, unit: unit, old: Summarize(a), new: Summarize(b)}
	d.ratio = Estimate{
		Median: d.new.Median / d.old.Median, Lo: math.Inf(-1), Hi: math.Inf(1), Samples: min(len(a), len(b)),
	}
	if d.old.Median == d.new.Median {
		d.ratio.Median = 1
	}
	if chanceless(unit) {
		return d
	}
	d.marks = d.noise()
	if variants {
		for _, c := range p.cells {
			d.marks = mergeMarks(d.marks, coverageMark(c))
		}
	}
	if !slices.Contains(d.marks, MarkFew) {
		d.tested, d.ranks = true, rank(a, b)
		lo, hi := ratioInterval(a, b)
		d.ratio.Lo, d.ratio.Hi = math.Min(lo, d.ratio.Median), math.Max(hi, d.ratio.Median)
	}
	return d
}

// noise are the marks of the two measurements.
func (d *duel) noise() (marks []Mark) {
	for i, e := range []Estimate{d.old, d.new} {
		switch {
		case e.Samples < MinSamples:
			marks = mergeMarks(marks, []Mark{MarkFew})
		case d.unit.Name == results.Time:
			marks = mergeMarks(marks, d.cells[i].noiseMarks())
		case e.Spread() > MaxSpread:
			marks = mergeMarks(marks, []Mark{MarkUnstable})
		}
	}
	return marks
}

// differs reports whether the difference is larger than chance, and than what code differs from itself.
func (d *duel) differs() bool {
	return d.tested && d.corrected <= alpha && above(d.floor, d.ratio.Median)
}

// judge settles the verdict, once p is corrected. sameSeed is false where the sides drew different things,
// ranked is false where one of the cells is only for orientation.
func (d *duel) judge(sameSeed, ranked bool) {
	direction := lower
	if d.ratio.Median > 1 {
		direction = higher
	}
	switch {
	case !d.tested && len(d.marks) == 0 && d.ratio.Median == 1:
		d.verdict = same
	case d.unit.Exact, seeded(d.unit.Name) && sameSeed:
		d.verdict = direction
	case !d.tested, len(d.marks) > 0, !ranked:
		d.verdict = unjudged
	case d.differs():
		d.verdict = direction
	default:
		d.verdict = same
	}
}

// exceeds reports whether the new figure is larger than a limit allows.
func (d *duel) exceeds(l Limit) bool {
	const percent = 100
	return slices.Contains(l.units, d.unit.Name) && percent*d.new.Median > (percent+l.Percent)*d.old.Median
}

// past reports whether that is surely so.
func (d *duel) past(l Limit) bool { return d.verdict == higher && d.exceeds(l) }
