package reports

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Samples are the measured values of one cell.
type Samples struct {
	N      int
	Values []float64
}

// Outcome of a crossover search.
type Outcome string

// Outcomes.
const (
	Crosses     Outcome = "crosses"
	Always      Outcome = "always"
	NotInRange  Outcome = "not within the range"
	NotComputed Outcome = "no common length"
)

// A Crossover is the length from which a variant costs less than a baseline, up to the longest length at
// which both were measured.
type Crossover struct {
	Outcome   Outcome
	N, Lo, Hi float64 // with a 95 % interval: Lo is 0 where it reaches below the range, Hi +Inf where beyond
	From, To  int     // the range: lengths at which both were measured
	Several   bool    // the curves cross more than once; N is the last time
}

// resamples of the bootstrap behind an interval.
const resamples = 400

// Cross finds where variant falls below baseline: medians are interpolated linearly in log length and log
// figure, and the last change from dearer to cheaper counts. The interval is a bootstrap over the samples of
// every cell, seeded by the arguments alone.
func Cross(variant, baseline []Samples) Crossover {
	v, b := shared(variant, baseline)
	if len(v) == 0 {
		return Crossover{Outcome: NotComputed}
	}
	ratios := make([]float64, len(v))
	for i := range v {
		ratios[i] = math.Log(median(slices.Clone(v[i].Values)) / median(slices.Clone(b[i].Values)))
	}
	c := locate(v, ratios)
	c.From, c.To = v[0].N, v[len(v)-1].N
	if c.Outcome == Crosses {
		c.Lo, c.Hi = interval(v, b)
	}
	return c
}

// shared returns the cells at lengths that both have, ascending.
func shared(variant, baseline []Samples) (v, b []Samples) {
	for _, x := range variant {
		i := slices.IndexFunc(baseline, func(y Samples) bool { return y.N == x.N })
		if i >= 0 {
			v, b = append(v, x), append(b, baseline[i])
		}
	}
	return v, b
}

// locate finds the last crossing of log ratios at the lengths of cells.
func locate(cells []Samples, ratios []float64) Crossover {
	last, crossings := -1, 0
	for i := 1; i < len(ratios); i++ {
		if (ratios[i-1] < 0) != (ratios[i] < 0) {
			crossings++
			last = i
		}
	}
	c := Crossover{Several: crossings > 1}
	switch end := ratios[len(ratios)-1]; {
	case end >= 0:
		c.Outcome = NotInRange
	case last < 0:
		c.Outcome = Always
	default:
		x0, x1 := math.Log(float64(cells[last-1].N)), math.Log(float64(cells[last].N))
		t := ratios[last-1] / (ratios[last-1] - ratios[last])
		c.Outcome, c.N = Crosses, math.Exp(x0+t*(x1-x0))
	}
	return c
}

// interval is the bootstrap's. A resample that always wins counts as a crossing at 0, one that never does as
// one at infinity.
func interval(v, b []Samples) (lo, hi float64) {
	src := rand.NewPCG(1, uint64(len(v)))
	over, under := resamplers(v, src), resamplers(b, src)
	ratios, found := make([]float64, len(v)), make([]float64, resamples)
	for k := range found {
		for i := range v {
			ratios[i] = math.Log(over[i].median() / under[i].median())
		}
		switch c := locate(v, ratios); c.Outcome {
		case Crosses:
			found[k] = c.N
		case Always:
			found[k] = 0
		default:
			found[k] = math.Inf(1)
		}
	}
	slices.Sort(found)
	return found[resamples/40], found[resamples-1-resamples/40]
}

// resampler draws medians of bootstrap resamples, each in constant time: the places of a resample are
// uniform, so their k-th smallest is Beta-distributed.
type resampler struct {
	sorted []float64
	middle distuv.Beta // place of the middle element, the lower one of two
	rng    *rand.Rand
}

func resamplers(cells []Samples, src rand.Source) []resampler {
	list := make([]resampler, len(cells))
	for i, c := range cells {
		n := len(c.Values)
		k := float64((n + 1) / 2)
		list[i] = resampler{
			sorted: slices.Sorted(slices.Values(c.Values)), rng: rand.New(src),
			middle: distuv.Beta{Alpha: k, Beta: float64(n) - k + 1, Src: src},
		}
	}
	return list
}

func (r resampler) median() float64 {
	n := len(r.sorted)
	place := r.middle.Rand()
	lower := r.at(place)
	if n%2 == 1 {
		return lower
	}
	// The next place is the smallest of the n/2 that are above.
	above := place + (1-place)*(1-math.Pow(r.rng.Float64(), 2/float64(n)))
	return (lower + r.at(above)) / 2
}

func (r resampler) at(place float64) float64 {
	n := len(r.sorted)
	return r.sorted[min(n-1, int(place*float64(n)))]
}
