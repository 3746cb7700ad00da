package reports

import (
	"math"
	"slices"
)

// drifted is the square of what a median is off by, over the square of the change from the first to the last
// of its samples: half of the change.
const drifted = 0.5 * 0.5

// A form is that of the smooth curve that figures lie on but for noise and drift.
type form int

const (
	straight form = iota // a power law, with the bend that caches give it
	bent                 // the same beside a fixed cost
	quotient             // of two such curves
)

// Constants of what is thought of drift before anything is measured: with a probability there is none; else
// it has a half-Cauchy distribution, with its long tail. What two figures drift by alike is not in their
// ratio, which drifts less often. Trials through the sampler settled them, with other seeds than the test's.
const (
	noDrift      = 0.3
	noRatioDrift = 0.45
	usualDrift   = 4 // times the noise of a median
)

// leastNoise is the share of the noise within cells that may be all there is: see steady.
const leastNoise = 1 / (2 * math.Sqrt2)

// drifting is the variance of figures by what changes while a cell is sampled, such as the machine's state,
// or from cell to cell. It shows twice, neither time clearly where noise is as large: figures lie farther
// from a smooth curve than noise within the cells makes them, and change over their samples by more. What
// they tell is how likely each size of drift is, by Bayes; to take the likeliest for the truth would make
// intervals too narrow as often as too wide. The variance is that with which a normal distribution has the
// 95 % interval of all sizes together, each with its probability: so it holds what cannot be told from noise.
//
// Figures are in ascending order of length; the longest decide, on which an exponent rests. What is returned
// is negative where less than the noise is needed, see steady.
func drifting(figures []figured, curve form) float64 {
	const fewest = 3
	known := sampled(figures)
	if len(known) < fewest {
		return 0
	}
	most := 8
	if curve == quotient {
		most = 16 // those around a crossing too, which is seldom at the longest
	}
	known = known[max(0, len(known)-most):]
	noise := meanVariance(known)
	if noise == 0 {
		return 0
	}
	m, left := steady(noise, curve)
	const from, to = 0.25, 1e4 // times noise, by steps of √2
	left += math.Log(math.Ln2 / math.Pi / usualDrift)
	for size := from; size < to; size *= math.Sqrt2 {
		prior := left + math.Log(size/(1+size*size/(usualDrift*usualDrift)))
		m = append(m, component{noise * (1 + size*size), prior})
	}
	off, degrees := offCurve(known, curve)
	changes := changesOf(known)
	for i := range m {
		v := m[i].variance
		m[i].weight += chiSquared(off, v, degrees) + changes.likelihood(max(0, v-noise))
	}
	half := m.half() / student(math.Inf(1))
	return half*half - noise
}

// steady are the variances that figures may have without drift, and the logarithm of the probability of
// drift. They go below the noise within cells, so that an interval follows the scatter of the figures in both
// directions, as Student's does: that holds the truth about as often with drift as without. To take the noise
// for what there is at least would hold it too often without drift or too seldom with.
func steady(noise float64, curve form) (m mixture, drift float64) {
	none := noDrift
	if curve == quotient {
		none = noRatioDrift
	}
	const sizes = 4 // from leastNoise to 1, by steps of √2
	for x := leastNoise; len(m) < sizes; x *= math.Sqrt2 {
		m = append(m, component{x * noise, math.Log(none / sizes)})
	}
	return m, math.Log(1 - none)
}

// changes are the squares of half the changes over samples, on average, and what noise alone makes of them.
type changes struct{ square, blur, degrees float64 }

func changesOf(figures []figured) (c changes) {
	const dull = 3.8 // times as uncertain is the square of half a change as that of a median
	count := float64(len(figures))
	for _, f := range figures {
		c.square += drifted * f.change * f.change / count
		c.blur += drifted * f.blur / count
	}
	c.degrees = count / dull
	return c
}

// likelihood is the logarithm of that of drift with a variance. With a probability all of it shows over the
// samples, else none: what comes early, or from cell to cell, does not.
func (c changes) likelihood(drift float64) float64 {
	const shows = 0.3
	shown, hidden := chiSquared(c.square, c.blur+drift, c.degrees), chiSquared(c.square, c.blur, c.degrees)
	most := max(shown, hidden)
	return most + math.Log(shows*math.Exp(shown-most)+(1-shows)*math.Exp(hidden-most))
}

// chiSquared is the logarithm of the likelihood of a variance where one with so many degrees of freedom was
// found, up to what is the same for all.
func chiSquared(found, variance, degrees float64) float64 {
	return -degrees / 2 * (math.Log(variance) + found/variance)
}

// A mixture is of normal distributions about 0.
type mixture []component

type component struct{ variance, weight float64 } // the logarithm of the weight

// half is the half width of the interval about 0 that has 95 % of a mixture.
func (m mixture) half() float64 {
	heaviest, sum, widest := math.Inf(-1), 0.0, 0.0
	for _, c := range m {
		heaviest, widest = max(heaviest, c.weight), max(widest, c.variance)
	}
	type part struct{ share, narrow float64 } // narrow is 1 over √2 standard deviations
	var parts []part
	for _, c := range m {
		const negligible = 1e-9
		if share := math.Exp(c.weight - heaviest); share > negligible {
			parts = append(parts, part{share, 1 / math.Sqrt(2*c.variance)})
			sum += share
		}
	}
	lo, hi := 0.0, 2*math.Sqrt(widest)
	for range 40 {
		middle, outside := (lo+hi)/2, 0.0
		for _, p := range parts {
			outside += p.share * math.Erfc(middle*p.narrow)
		}
		if outside > (1-confidence)*sum {
			lo = middle
		} else {
			hi = middle
		}
	}
	return hi
}

// lone leaves in the change of a figure what others may share, three times what noise makes of it, and counts
// the rest against this figure only: one that was disturbed says little of the others.
func lone(f figured) figured {
	const most = 3
	limit := most * math.Sqrt(f.blur)
	if excess := math.Abs(f.change) - limit; excess > 0 && !math.IsInf(f.variance, 0) {
		f.variance += drifted * (f.change*f.change - limit*limit)
		f.change = math.Copysign(limit, f.change)
	}
	return f
}

// sampled are the figures with an interval.
func sampled(figures []figured) []figured {
	return slices.DeleteFunc(slices.Clone(figures), func(f figured) bool { return math.IsInf(f.variance, 0) })
}

func meanVariance(figures []figured) (mean float64) {
	for _, f := range figures {
		mean += f.variance / float64(len(figures))
	}
	return mean
}
