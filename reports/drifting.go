package reports

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// drifted is the square of what a median is off by, over the square of the change from the first to the last
// of its samples: half of the change.
const drifted = 0.5 * 0.5

// drifting is the variance of figures by what changes while a cell is sampled, such as the machine's state.
// It shows twice, neither time clearly where noise is as large: figures change over their samples by more
// than noise alone makes them, and lie farther from a smooth curve. So the mean of both surpluses is taken,
// each with the weight of what it is known to, and more: it says too little as often as too much, and
// to see no drift where there is some is the worse mistake. Where there is none, they mostly cancel.
//
// What lies off the curve by more than figures change is the curve's form, not drift. bends is offCurve's.
// Figures are in ascending order of length; the longest decide.
func drifting(figures []figured, bends int) surplus {
	const most, fewest, cautious = 8, 3, 1.6
	known := sampled(figures)
	if len(known) < fewest {
		return surplus{}
	}
	known = known[max(0, len(known)-most):]
	count, noise := float64(len(known)), meanVariance(known)
	changes, blur := 0.0, 0.0
	for _, f := range known {
		changes += drifted * f.change * f.change / count
		blur += drifted * f.blur / count
	}
	off, degrees := offCurve(known, bends)
	const dull = 3.8 // times as uncertain is the square of half a change as that of a median
	weight := count / dull
	if noise == 0 {
		return surplus{}
	}
	sum := weight * (changes - blur)
	if degrees >= 1 {
		sum += degrees * min(off-noise, changes)
	}
	return surplus{max(0, cautious*sum/(weight+degrees)), weight + degrees}
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

// scattered is the variance of figures by how far they are off a smooth curve, where they are farther off
// than noise within the cells makes them (an F test at 5 %): what changes from cell to cell shows there only.
// None where it does not show, or where there are too few lengths to see it.
func scattered(figures []figured, bends int) surplus {
	noise := meanVariance(figures)
	off, degrees := offCurve(figures, bends)
	if degrees < 1 || noise == 0 || math.IsInf(noise, 0) {
		return surplus{}
	}
	weights := make([]float64, len(figures))
	for i := range weights {
		weights[i] = 1
	}
	_, within := combined(figures, weights)
	if (distuv.F{D1: degrees, D2: within}).Survival(off/noise) > 1-confidence {
		return surplus{}
	}
	return surplus{off - noise, degrees}
}

// offCurve is the variance of figures about a polynomial, with its degrees of freedom: a cubic, or a parabola
// of few lengths, takes out the bend that a power law misses, which is no noise. bends is how many degrees
// more a curve has that is no power law.
func offCurve(figures []figured, bends int) (variance, degrees float64) {
	const many = 7
	terms := 3
	if len(figures) >= many {
		terms++
	}
	terms += bends
	degrees = float64(len(figures) - terms)
	if degrees < 1 {
		return 0, 0
	}
	powers, target := mat.NewDense(len(figures), terms, nil), mat.NewVecDense(len(figures), nil)
	mean := 0.0
	for _, f := range figures {
		mean += f.x / float64(len(figures))
	}
	for i, f := range figures {
		target.SetVec(i, f.y)
		power := 1.0
		for j := range terms {
			powers.Set(i, j, power)
			power *= f.x - mean
		}
	}
	var fit, rest mat.VecDense
	if fit.SolveVec(powers, target) != nil {
		return 0, 0 // lengths too close for a curve
	}
	rest.MulVec(powers, &fit)
	rest.SubVec(target, &rest)
	return mat.Dot(&rest, &rest) / degrees, degrees
}
