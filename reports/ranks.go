package reports

import (
	"cmp"
	"math"
	"slices"

	"github.com/aclements/go-moremath/stats"
)

// ranks is what the order of two sets of samples, a and b, says about them.
type ranks struct {
	p     float64 // of no difference: the two-sided U test, exact as far as benchstat's is
	above float64 // share of pairs in which b is above a, ties count half: 0.5 where neither tends to be
	stock float64 // the p that benchstat prints, which is another where values tie and sizes differ
}

// rank compares two sets of samples, neither of them empty. The test is the one of benchstat but for one
// case, in which that one is wrong: where values tie and sizes differ, the distribution of U has no symmetry,
// so that the probability of its other tail must be counted for itself.
func rank(a, b []float64) ranks {
	test, err := stats.MannWhitneyUTest(a, b, stats.LocationDiffers) // in benchstat's order
	if err != nil {                                                  // all values are equal
		return ranks{p: 1, above: 0.5, stock: 1}
	}
	pairs := float64(len(a) * len(b))
	r := ranks{p: math.Min(test.P, 1), above: 1 - test.U/pairs, stock: test.P}
	limit := stats.MannWhitneyTiesExactLimit
	if ties := tieCounts(a, b); len(ties) < len(a)+len(b) && len(a) != len(b) && max(len(a), len(b)) <= limit {
		low := stats.UDist{N1: len(a), N2: len(b), T: ties}.CDF(test.U)
		high := stats.UDist{N1: len(b), N2: len(a), T: ties}.CDF(pairs - test.U)
		r.p = math.Min(2*math.Min(low, high), 1)
	}
	return r
}

// tieCounts counts how often each value stands in the two sets, in ascending order of the values.
func tieCounts(a, b []float64) []int {
	all := slices.Concat(a, b)
	slices.Sort(all)
	var counts []int
	for i, v := range all {
		if i > 0 && v == all[i-1] {
			counts[len(counts)-1]++
		} else {
			counts = append(counts, 1)
		}
	}
	return counts
}

// dominance is Cliff's delta: 1 where every sample of b is above every one of a, -1 where all are below, 0
// where neither tends to be.
func (r ranks) dominance() float64 { return 2*r.above - 1 }

// ratioInterval is the 95 % interval of how many times larger b is than a: the factors by which a can be
// multiplied so that the U test finds no difference at 5 %. The bounds are infinite where there are too few
// samples for one, or where a value is not positive.
func ratioInterval(a, b []float64) (lo, hi float64) {
	out := outermost(len(a), len(b))
	if out == 0 || slices.Min(a) <= 0 || slices.Min(b) <= 0 {
		return math.Inf(-1), math.Inf(1)
	}
	ratios := make([]float64, 0, len(a)*len(b))
	for _, y := range b {
		for _, x := range a {
			ratios = append(ratios, y/x)
		}
	}
	slices.Sort(ratios)
	return ratios[out-1], ratios[len(ratios)-out]
}

// outermost is the largest rank u, counted from 1, so that U is below u with a probability of at most 2.5 %
// where nothing differs; 0 where there is none.
func outermost(n1, n2 int) int {
	const tail = (1 - confidence) / 2
	mean, variance := float64(n1*n2)/2, float64(n1*n2*(n1+n2+1))/12
	u := max(0, int(mean-stats.StdNormal.InvCDF(1-tail)*math.Sqrt(variance)))
	if max(n1, n2) > stats.MannWhitneyExactLimit {
		return u
	}
	exact := stats.UDist{N1: n1, N2: n2}
	below := func(u int) float64 { return exact.CDF(float64(u - 1)) }
	for u > 0 && below(u) > tail {
		u--
	}
	for below(u+1) <= tail {
		u++
	}
	return u
}

// holm corrects the p of tests that are made together (Holm 1979): to call those at most 5 % a difference is
// wrong about any of them in 5 % of cases where nothing differs.
func holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, k int) int { return cmp.Compare(p[i], p[k]) })
	corrected, least := make([]float64, len(p)), 0.0
	for place, i := range order {
		least = math.Max(least, math.Min(1, float64(len(p)-place)*p[i]))
		corrected[i] = least
	}
	return corrected
}
