package results

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// A Drift is a trend of samples over the order in which they were taken.
type Drift struct {
	Change float64 // from the first to the last, relative to their level: Theil and Sen's median of slopes
	Chance float64 // of a rank correlation with the order like this one without drift: Kendall's, two-sided
}

// DriftOf looks for drift. Below MinSamples there is none to be seen.
func DriftOf(values []float64) Drift {
	const most = 200 // samples: there are pairs of all
	if every := (len(values) + most - 1) / most; every > 1 {
		var thin []float64
		for i := 0; i < len(values); i += every {
			thin = append(thin, values[i])
		}
		values = thin
	}
	n := len(values)
	if n < MinSamples {
		return Drift{Chance: 1}
	}
	logs := make([]float64, n)
	for i, x := range values {
		logs[i] = math.Log(x)
	}
	slopes := make([]float64, 0, n*(n-1)/2)
	level, fall := 0, uint64(0) // pairs, by the sign of their difference: a branch could not be foretold
	for i, x := range logs {
		for j, y := range logs[i+1:] {
			slopes = append(slopes, (y-x)/float64(j+1))
			if x == y {
				level++
			} else {
				fall += math.Float64bits(y-x) >> 63
			}
		}
	}
	score := float64(len(slopes)-level) - 2*float64(fall) // pairs that rise less pairs that fall
	m := float64(n)
	deviations := (math.Abs(score) - 1) / math.Sqrt(m*(m-1)*(2*m+5)/18)
	return Drift{
		Change: math.Expm1(ranked(slopes, len(slopes)/2) * (m - 1)),
		Chance: min(1, 2*distuv.UnitNormal.Survival(deviations)),
	}
}

// ranked is the value that has so many smaller ones before it, by Hoare's selection: there are thousands, and
// sorting them takes most of the time of a trial. It reorders values.
func ranked(values []float64, rank int) float64 {
	for lo, hi := 0, len(values)-1; lo < hi; {
		pivot, i, j := values[lo+(hi-lo)/2], lo, hi
		for i <= j {
			for values[i] < pivot {
				i++
			}
			for values[j] > pivot {
				j--
			}
			if i <= j {
				values[i], values[j] = values[j], values[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case rank <= j:
			hi = j
		case rank >= i:
			lo = i
		default:
			return values[rank]
		}
	}
	return values[rank]
}

// Certain reports whether there is a drift beyond chance (at 1 %) that matters: by more than 1 %, beside
// which less is lost in what is asked of an interval.
func (d Drift) Certain() bool { return d.Chance < 0.01 && math.Abs(d.Change) > 0.01 }
