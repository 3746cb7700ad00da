package reports

import (
	"math"

	"attnbench/results"
)

// A Point is a figure at one length.
type Point struct {
	N int
	Estimate
	Drift   results.Drift // of the samples behind it
	Scatter float64       // of the logarithms of these samples, a standard deviation; 0 for what is counted
}

// A Growth is a fitted order of growth n^Exponent.
type Growth struct {
	Exponent, Lo, Hi float64 // with a 95 % interval; equal where the figures are exact
	From, To         int     // the range of lengths that was fitted
	Lengths          int     // in the range
	Settled          bool    // local slopes agree within the range; else growth is not yet asymptotic
	Slopes           []Slope // ascending
}

// A Slope is the exponent between two lengths.
type Slope struct {
	From, To int
	Exponent float64
}

// Constants of the fit.
const (
	minFitLengths = 3
	minStep       = 1.5 // lengths closer than this factor give no local slope
	slopeDrift    = 0.1 // of a local slope against the topmost, beyond noise
)

// FitGrowth fits log figure = a + Exponent·log n by least squares over the asymptotic range of points, which
// are in ascending order of length; ok is false where fewer than three lengths are there.
//
// Local slopes are taken between lengths at least a factor 1.5 apart, from the longest downward. The range
// starts with the two longest steps and grows downward as long as the next local slope agrees with the
// topmost within 0.1 plus the noise of both. Where the first two disagree already, the growth is not yet
// asymptotic (Settled is false). All lengths in the range take part in the fit. The interval is that of the
// noise: within cells by the intervals of their medians, and of what changes while they are sampled or from
// one to the next (drifting). What a power law misses of a bent curve is not in it: that is what Settled and
// the local slopes are for. It is infinite where a cell has too few samples for an interval.
func FitGrowth(points []Point) (g Growth, ok bool) {
	points = positive(points)
	if len(points) < minFitLengths {
		return g, false
	}
	steps := localSteps(points)
	if len(steps) < minFitLengths-1 {
		return g, false
	}
	first, settled := asymptotic(steps)
	g = regress(points[first:], points)
	g.Settled = settled
	for i := len(steps) - 1; i >= 0; i-- {
		g.Slopes = append(g.Slopes, steps[i].slope)
	}
	return g, true
}

func positive(points []Point) []Point {
	var keep []Point
	for _, p := range points {
		if p.Median > 0 {
			keep = append(keep, p)
		}
	}
	return keep
}

// step is a local slope with the index of its lower length and its noise.
type step struct {
	slope Slope
	lower int
	noise float64
}

// localSteps returns the local slopes from the longest length downward.
func localSteps(points []Point) []step {
	var steps []step
	upper := len(points) - 1
	for i := upper - 1; i >= 0; i-- {
		a, b := points[i], points[upper]
		if float64(b.N) < minStep*float64(a.N) {
			continue
		}
		width := math.Log(float64(b.N) / float64(a.N))
		steps = append(steps, step{
			slope: Slope{a.N, b.N, math.Log(b.Median/a.Median) / width},
			lower: i,
			noise: math.Hypot(noise(a), noise(b)) / width,
		})
		upper = i
	}
	return steps
}

// noise is the relative half width of a point's interval, 0 where it has none.
func noise(p Point) float64 {
	if s := p.Spread(); !math.IsInf(s, 0) {
		return s
	}
	return 0
}

// asymptotic returns the index of the shortest length of the range, and whether its first two local slopes
// agree.
func asymptotic(steps []step) (first int, settled bool) {
	top := steps[0]
	agrees := func(s step) bool {
		return math.Abs(s.slope.Exponent-top.slope.Exponent) <= slopeDrift+math.Hypot(s.noise, top.noise)
	}
	first, settled = steps[1].lower, agrees(steps[1])
	for _, s := range steps[2:] {
		if !settled || !agrees(s) {
			break
		}
		first = s.lower
	}
	return first, settled
}

// regress fits points by least squares; every is all that there are.
func regress(points, every []Point) Growth {
	figures := figuresOf(points)
	weights, mean, sxx, b := make([]float64, len(points)), 0.0, 0.0, 0.0
	for _, f := range figures {
		mean += f.x / float64(len(figures))
	}
	for _, f := range figures {
		sxx += (f.x - mean) * (f.x - mean)
	}
	for i, f := range figures {
		weights[i] = (f.x - mean) / sxx
		b += weights[i] * f.y
	}
	curve := straight
	if len(every) > len(points) {
		curve = bent
	}
	variance, degrees := combined(figures, weights)
	more := max(drifting(figuresOf(every), curve)/sxx, (leastNoise-1)*variance)
	half := student(degreesWith(more, variance, degrees)) * math.Sqrt(variance+more)
	return Growth{
		Exponent: b, Lo: b - half, Hi: b + half,
		From: points[0].N, To: points[len(points)-1].N, Lengths: len(points),
	}
}

func figuresOf(points []Point) []figured {
	list := make([]figured, len(points))
	for i, p := range points {
		list[i] = lone(figure(p))
	}
	return list
}

// A Verdict compares a measured growth with a claimed one.
type Verdict string

// Verdicts.
const (
	AsClaimed     Verdict = "as claimed"
	WithinClaim   Verdict = "within the claim"
	FasterGrowth  Verdict = "grows faster than claimed"
	SlowerGrowth  Verdict = "grows slower than claimed"
	NotAsymptotic Verdict = "not yet asymptotic"
	TooWide       Verdict = "interval too wide to tell"
	TooFew        Verdict = "too few lengths"
)

// Constants of the verdict.
const (
	claimSlack = 0.1  // an exponent may miss its claim by this much: caches and tails
	logSlack   = 0.1  // more for a claim with a logarithm, which counts as 0
	maxHalf    = 0.25 // half width of an interval that still tells
)

// Judge compares a growth with a claimed exponent; logarithm says that the claim has a logarithm besides.
func Judge(g Growth, claimed float64, logarithm bool) Verdict {
	slack := claimSlack
	if logarithm {
		slack += logSlack
	}
	switch {
	case !g.Settled:
		return NotAsymptotic
	case g.Lo > claimed+slack:
		return FasterGrowth
	case g.Hi < claimed-claimSlack:
		return SlowerGrowth
	case g.Hi-g.Lo > 2*maxHalf:
		return TooWide
	}
	return AsClaimed
}
