package reports

import (
	"math"
	"slices"

	"attnbench/results"
)

// Samples are the measured values of one cell.
type Samples struct {
	N      int
	Values []float64
}

// Point is what they tell.
func (s Samples) Point() Point {
	return Point{s.N, Summarize(s.Values), results.DriftOf(s.Values), scatterOf(s.Values)}
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

// Cross finds where variant falls below baseline: the logarithm of the ratio of medians is interpolated over
// log length by a cubic through the lengths around, and the last change from dearer to cheaper counts. The
// interval holds the lengths around it at which the ratio does not differ from 1, by Student's t at 5 %.
func Cross(variant, baseline []Point) Crossover {
	v, b := shared(variant, baseline)
	if len(v) == 0 {
		return Crossover{Outcome: NotComputed}
	}
	k := newRatioCurve(v, b)
	c := k.locate()
	c.From, c.To = v[0].N, v[len(v)-1].N
	if c.Outcome == Crosses {
		c.Lo, c.Hi = k.interval(math.Log(c.N))
	}
	return c
}

// shared returns the points at lengths that both have, ascending.
func shared(variant, baseline []Point) (v, b []Point) {
	for _, x := range variant {
		i := slices.IndexFunc(baseline, func(y Point) bool { return y.N == x.N })
		if i >= 0 {
			v, b = append(v, x), append(b, baseline[i])
		}
	}
	return v, b
}

// ratioCurve is the logarithm of the ratio of two medians over the logarithm of the length.
type ratioCurve struct {
	x, y     []float64
	variance []float64 // of y
	quantile float64   // of Student's t, by the fewest degrees of freedom that a y has
}

func newRatioCurve(v, b []Point) *ratioCurve {
	k, ratios := new(ratioCurve), make([]figured, len(v))
	for i := range v {
		ratios[i] = lone(figure(v[i]).over(figure(b[i])))
	}
	more, fewest := drifting(ratios, quotient), math.Inf(1)
	for _, r := range ratios {
		k.x, k.y = append(k.x, r.x), append(k.y, r.y)
		k.variance = append(k.variance, max(r.variance+more, leastNoise*r.variance))
		fewest = min(fewest, r.degrees)
	}
	const least = 2 // lengths at least have their part in a value between them
	k.quantile = student(degreesWith(more, meanVariance(sampled(ratios)), least*fewest))
	return k
}

// nodes are the lengths that a value between the i-th and the next is interpolated from: these two, and the
// nearest on either side that are not too close to them.
func (k *ratioCurve) nodes(i int) []int {
	nodes := []int{i, i + 1}
	step := math.Log(minStep)
	for j := i - 1; j >= 0; j-- {
		if k.x[i]-k.x[j] >= step {
			nodes = append(nodes, j)
			break
		}
	}
	for j := i + 2; j < len(k.x); j++ {
		if k.x[j]-k.x[i+1] >= step {
			nodes = append(nodes, j)
			break
		}
	}
	return nodes
}

// at is the curve at x, between the i-th length and the next, and the half width of its 95 % interval.
func (k *ratioCurve) at(i int, x float64) (value, half float64) {
	nodes := k.nodes(i)
	variance := 0.0
	for _, j := range nodes {
		weight := 1.0 // Lagrange's
		for _, m := range nodes {
			if m != j {
				weight *= (x - k.x[m]) / (k.x[j] - k.x[m])
			}
		}
		value += weight * k.y[j]
		if weight != 0 {
			variance += weight * weight * k.variance[j]
		}
	}
	return value, k.quantile * math.Sqrt(variance)
}

// root is where the curve is 0 between the i-th length and the next, at which it has different signs.
func (k *ratioCurve) root(i int) float64 {
	lo, hi := k.x[i], k.x[i+1]
	for range 50 {
		middle := (lo + hi) / 2
		if value, _ := k.at(i, middle); (value < 0) == (k.y[i] < 0) {
			lo = middle
		} else {
			hi = middle
		}
	}
	return hi
}

// interval holds the lengths around the crossing at x at which the curve does not differ from 0: 0 or +Inf
// where they reach beyond the measured ones.
func (k *ratioCurve) interval(x float64) (lo, hi float64) {
	lo, hi = 0, math.Inf(1)
	gap := slices.IndexFunc(k.x, func(end float64) bool { return end >= x }) - 1
	for i := max(gap, 0); i >= 0 && lo == 0; i-- {
		if at, ok := k.apart(i, min(x, k.x[i+1]), k.x[i]); ok {
			lo = math.Exp(at)
		}
	}
	for i := max(gap, 0); i < len(k.x)-1 && math.IsInf(hi, 1); i++ {
		if at, ok := k.apart(i, max(x, k.x[i]), k.x[i+1]); ok {
			hi = math.Exp(at)
		}
	}
	return lo, hi
}

// apart is the first place on the way from one end to the other, between the i-th length and the next, at
// which the curve differs from 0; ok is false where it nowhere does.
func (k *ratioCurve) apart(i int, from, to float64) (place float64, ok bool) {
	const steps = 32
	differs := func(x float64) bool {
		value, half := k.at(i, x)
		return math.Abs(value) > half
	}
	inside := from
	for step := range steps {
		outside := from + (to-from)*float64(step+1)/steps
		if !differs(outside) {
			inside = outside
			continue
		}
		for range 20 {
			if middle := (inside + outside) / 2; differs(middle) {
				outside = middle
			} else {
				inside = middle
			}
		}
		return outside, true
	}
	return 0, false
}

// locate finds the last crossing at the lengths of cells.
func (k *ratioCurve) locate() Crossover {
	ratios := k.y
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
		c.Outcome, c.N = Crosses, math.Exp(k.root(last-1))
	}
	return c
}
