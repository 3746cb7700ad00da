package reports

import (
	"math"

	"github.com/aclements/go-moremath/stats"
	"gonum.org/v1/gonum/stat/distuv"

	"attnbench/results"
)

// logError is the standard error of the logarithm of a median, from its interval: how far apart the two order
// statistics lie is compared with how far apart those of a normal distribution would. So it takes nothing
// from samples outside the interval, however far out they lie. 0 for what is
// counted, +Inf where there are too few samples; degrees are the degrees of freedom that it is worth.
func logError(e Estimate) (err, degrees float64) {
	switch {
	case e.Lo == e.Hi:
		return 0, math.Inf(1)
	case e.Samples < MinSamples || !(e.Lo > 0) || math.IsInf(e.Hi, 0):
		return math.Inf(1), 0
	}
	n := float64(e.Samples)
	ci := stats.QuantileCI(e.Samples, 0.5, confidence)
	score := func(order int) float64 { // of a normal order statistic, by Blom
		const offset = 0.375
		return distuv.UnitNormal.Quantile((float64(order) - offset) / (n + 1 - 2*offset))
	}
	scale := math.Log(e.Hi/e.Lo) / (score(ci.HiOrder) - score(ci.LoOrder))
	more := math.Pi/2 - 1 // the variance of the median is π/2n for many samples, π/2(n + more) for few
	if e.Samples%2 == 0 {
		const even = 1.35
		more = even
	}
	if e.Samples > results.FullSamples {
		const stopped = 1.05 // it went on until the interval was narrow: sooner where that is too narrow
		scale *= stopped
	}
	return scale * math.Sqrt(math.Pi/2/(n+more)), n - 1
}

// moved is the standard error that a drift adds to the logarithm of a median: samples moved away from where
// they began by half of the change at their middle.
func moved(d results.Drift) float64 {
	const likely = 0.05
	if d.Chance > likely {
		return 0
	}
	return math.Abs(d.Change) / 2.5
}

// student is the 97.5 % quantile of Student's t distribution, of the normal one for endless degrees.
func student(degrees float64) float64 {
	if math.IsInf(degrees, 1) {
		return distuv.UnitNormal.Quantile((1 + confidence) / 2)
	}
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: degrees}.Quantile((1 + confidence) / 2)
}

// combined is the standard error of a sum with weights of logarithms of medians, and its degrees of freedom
// by Welch and Satterthwaite. +Inf where a median that counts has no interval.
func combined(points []Point, weights []float64) (err, degrees float64) {
	variance, square := 0.0, 0.0
	for i, p := range points {
		e, d := logError(p.Estimate)
		e = math.Hypot(e, moved(p.Drift))
		if e == 0 || weights[i] == 0 {
			continue
		}
		v := e * e * weights[i] * weights[i]
		variance += v
		square += v * v / d
	}
	if variance == 0 || math.IsInf(variance, 0) {
		return math.Sqrt(variance), math.Inf(1)
	}
	return math.Sqrt(variance), variance * variance / square
}
