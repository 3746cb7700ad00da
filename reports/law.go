package reports

import (
	"cmp"
	"math"
	"slices"
)

// A Law is an order of growth beyond a fixed cost.
type Law string

// Laws that ChooseLaw chooses among.
const (
	LawConstant  Law = "1"
	LawLinear    Law = "n"
	LawLogLinear Law = "n log n"
	LawQuadratic Law = "n²"
)

// Exponent is the power of n; logarithms count as 0.
func (l Law) Exponent() float64 {
	switch l {
	case LawLinear, LawLogLinear:
		return 1
	case LawQuadratic:
		return 2
	}
	return 0
}

// of is the law's value at a length, up to a factor.
func (l Law) of(n float64) float64 {
	switch l {
	case LawLinear:
		return n
	case LawLogLinear:
		return n * math.Log(n)
	case LawQuadratic:
		return n * n
	}
	return 1
}

// A LawFit is the law that explains figures best, figure = fixed + factor·law, neither of them negative.
type LawFit struct {
	Law   Law
	Rival Law // another that explains them about as well; empty where none does
	// FixedFirst and FixedLast are the fixed cost's share of the fitted figure at the shortest and at the
	// longest length, 0 for a constant.
	FixedFirst, FixedLast float64
	Misfit                float64 // root mean square of the residuals of log figure
}

// Fits reports whether the law explains the figures at all: one that misses them by more than a tenth does
// not.
func (f LawFit) Fits() bool { return f.Misfit <= maxMisfit }

// Bent reports whether the fixed cost still counts at the longest length: growth is not yet asymptotic.
func (f LawFit) Bent() bool { return f.FixedLast > maxFixed }

// above reports whether the figures grow with a higher power of n than so much, whichever law they follow.
func (f LawFit) above(exponent float64) bool {
	return f.Law.Exponent() > exponent && (f.Rival == "" || f.Rival.Exponent() > exponent)
}

// Constants of the choice.
const (
	minLawLengths = 5
	maxMisfit     = 0.1
	maxFixed      = 0.1
	decisive      = 6    // a difference of AICc that makes a likelihood ratio of 20
	roundingError = 1e-3 // of counted figures: tiles and padding
	cacheError    = 0.03 // of times: what caches and tails bend a curve by, which is no law's
)

// ChooseLaw picks the law of figures over lengths, in ascending order, by Akaike's criterion with the
// correction for few lengths, on the residuals of the logarithms of the medians; ok is false where fewer than
// five lengths are there. The fixed cost stands for what short lengths have more.
//
// A law that explains the figures within their error is not beaten by one that explains their error too: no
// misfit counts for less than the noise of the medians, which is that of their intervals, nor
// than the rounding of counted figures. That neither coefficient is negative is what tells n from n log n,
// which is convex: no fixed cost makes one into the other. Caches bend times by some percent besides, so
// another law is a rival where that alone could have decided.
func ChooseLaw(cells []Samples, counted bool) (f LawFit, ok bool) {
	cells = slices.DeleteFunc(slices.Clone(cells), func(c Samples) bool { return medianOf(c.Values) <= 0 })
	if len(cells) < minLawLengths {
		return f, false
	}
	least := max(medianVariance(cells), roundingError*roundingError)
	fits := make([]LawFit, 0, len(laws()))
	for _, law := range laws() {
		fits = append(fits, fitLaw(law, cells))
	}
	f = slices.MinFunc(fits, func(a, b LawFit) int {
		return cmp.Compare(criterion(a, least, len(cells)), criterion(b, least, len(cells)))
	})
	if f.Law == LawConstant { // the limit of all others: that they explain what it does is no doubt about it
		return f, true
	}
	if !counted {
		least = max(least, cacheError*cacheError)
	}
	nearest := criterion(f, least, len(cells)) + decisive
	for _, other := range fits {
		if score := criterion(other, least, len(cells)); other.Law != f.Law && score < nearest {
			f.Rival, nearest = other.Law, score
		}
	}
	return f, true
}

func laws() []Law { return []Law{LawConstant, LawLinear, LawLogLinear, LawQuadratic} }

func medianOf(values []float64) float64 { return median(slices.Clone(values)) }

// medianVariance is the variance of a cell's log median, the mean over the cells that have enough samples.
func medianVariance(cells []Samples) float64 {
	sum := 0.0
	for _, c := range cells {
		p := Point{N: c.N, Estimate: Summarize(c.Values), Scatter: scatterOf(c.Values)} // no need for its drift
		if f := figure(p); !math.IsInf(f.variance, 0) {
			sum += f.variance
		}
	}
	return sum / float64(len(cells))
}

// criterion is AICc of a fit with one coefficient for a constant, else two, and the variance.
func criterion(f LawFit, least float64, lengths int) float64 {
	parameters := 3.0
	if f.Law == LawConstant {
		parameters = 2
	}
	n := float64(lengths)
	return n*math.Log(max(f.Misfit*f.Misfit, least)) + 2*parameters +
		2*parameters*(parameters+1)/(n-parameters-1)
}

// fitLaw minimises the squares of the residuals of log figure. What is searched is the fixed share at the
// shortest length; the factor follows from the mean.
func fitLaw(law Law, cells []Samples) LawFit {
	y, growth := make([]float64, len(cells)), make([]float64, len(cells))
	for i, c := range cells {
		y[i] = math.Log(medianOf(c.Values))
		growth[i] = law.of(float64(c.N)) / law.of(float64(cells[0].N))
	}
	misfit := func(share float64) float64 {
		residuals, mean := make([]float64, len(y)), 0.0
		for i := range y {
			residuals[i] = y[i] - math.Log(share+(1-share)*growth[i])
			mean += residuals[i] / float64(len(y))
		}
		sum := 0.0
		for _, r := range residuals {
			sum += (r - mean) * (r - mean)
		}
		return math.Sqrt(sum / float64(len(y)))
	}
	f := LawFit{Law: law}
	if law == LawConstant {
		f.Misfit = misfit(1)
		return f
	}
	const widest, precise = 30, 1e-6
	f.FixedFirst, f.Misfit = searchShare(widest, precise, misfit)
	last := (1 - f.FixedFirst) * growth[len(growth)-1]
	f.FixedLast = f.FixedFirst / (f.FixedFirst + last)
	return f
}

// searchShare minimises a function over shares from 0 to 1: on a grid of log odds as wide as is said, then by
// thirds between the neighbours of the best of them, as precisely as is said.
func searchShare(widest, precise float64, misfit func(share float64) float64) (share, least float64) {
	const step = 0.5
	at := func(odds float64) float64 { return misfit(1 / (1 + math.Exp(-odds))) }
	middle := 0.0
	for odds := -widest; odds <= widest; odds += step {
		if at(odds) < at(middle) {
			middle = odds
		}
	}
	lo, hi := middle-step, middle+step
	for hi-lo > precise {
		a, b := lo+(hi-lo)/3, hi-(hi-lo)/3
		if at(a) < at(b) {
			hi = b
		} else {
			lo = a
		}
	}
	share = 1 / (1 + math.Exp(-(lo+hi)/2))
	least = misfit(share)
	if none := misfit(0); none <= least {
		return 0, none
	}
	return share, least
}

// lawNote explains the column of laws.
const lawNote = "Law: 1, n, n log n or n² beside a fixed cost, by Akaike's criterion, of time and " +
	"of executed operations over all lengths (but those at which an approximation scores most " +
	"pairs), of memory over those that its exponent was fitted on; in percent the fixed cost's share at the " +
	"shortest of them. Not yet: the fixed cost is still more than a tenth at the longest, growth is not yet " +
	"asymptotic. Where time has a higher law than work, caches bend it."

// lawCell shows a law: "n + 12 %", "n or n log n", "n + 97 %, not yet".
func lawCell(f LawFit, ok bool) Cell {
	switch {
	case !ok:
		return words(absent)
	case !f.Fits():
		return words("none of them")
	}
	text := string(f.Law)
	if f.Rival != "" {
		text += " or " + string(f.Rival)
	}
	const worthTelling = 0.005
	if f.FixedFirst >= worthTelling {
		text += " + " + mostly(f.FixedFirst)
	}
	if f.Bent() {
		text += ", not yet"
	}
	return words(text)
}

// mostly is percent that does not round to everything.
func mostly(share float64) string {
	if share >= 0.995 {
		return ">99 %"
	}
	return percent(share)
}

// settledSamples are counted figures from a length on, and five of them at least: buffers of fixed size are
// smaller where there are few tokens: they are no fixed cost.
func settledSamples(points []Point, from int) []Samples {
	var list []Samples
	for i, p := range points {
		if p.N >= from || i >= len(points)-minLawLengths {
			list = append(list, Samples{p.N, []float64{p.Median}})
		}
	}
	return list
}
