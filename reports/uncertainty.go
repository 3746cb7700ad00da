package reports

import (
	"math"

	"github.com/aclements/go-moremath/stats"
	"gonum.org/v1/gonum/stat/distuv"

	"attnbench/results"
)

// A figured is the logarithm of a median, or of a ratio of two, at one length, with what its samples tell of
// how far off it is.
type figured struct {
	x, y              float64 // logarithms of the length and of the figure
	variance, degrees float64 // of y by the noise within its cells, with the degrees of freedom it is worth
	change, blur      float64 // of y over its samples, and the variance that noise alone gives that change
}

// figure is what the samples of a cell tell. variance is 0 for what is counted, +Inf where there are too few
// samples.
func figure(p Point) figured {
	f := figured{x: math.Log(float64(p.N)), y: math.Log(p.Median), change: math.Log1p(p.Drift.Change)}
	scale := scatter(p.Estimate)
	if scale == 0 || math.IsInf(scale, 0) {
		f.variance, f.degrees, f.blur = scale, math.Inf(1), scale
		return f
	}
	const efficiency = 0.91 // of Theil and Sen's slope of normal samples, beside that of least squares
	n := float64(p.Samples)
	f.variance, f.degrees = scale*scale*math.Pi/2/(n+correction(p.Samples)), n-1
	f.blur = scale * scale * 12 / n / efficiency
	return f
}

// over is the logarithm of the ratio of two figures at one length. What both drift by alike is not in it.
func (f figured) over(under figured) figured {
	both := []figured{f, under}
	variance, degrees := combined(both, []float64{1, -1})
	return figured{f.x, f.y - under.y, variance, degrees, f.change - under.change, f.blur + under.blur}
}

// correction is what the variance of the median of normal samples, π/2n for many, takes more than n for few.
func correction(samples int) float64 {
	if samples%2 == 0 {
		const even = 1.35
		return even
	}
	return math.Pi/2 - 1
}

// scatter is the standard deviation of the logarithm of a sample, from the interval of the median: how far
// apart the two order statistics lie is compared with how far apart those of a normal distribution would. So
// it takes nothing from samples outside the interval, however far out they lie. 0 for what is counted, +Inf
// where there are too few samples.
func scatter(e Estimate) float64 {
	switch {
	case e.Lo == e.Hi:
		return 0
	case e.Samples < MinSamples || !(e.Lo > 0) || math.IsInf(e.Hi, 0):
		return math.Inf(1)
	}
	n := float64(e.Samples)
	ci := stats.QuantileCI(e.Samples, 0.5, confidence)
	score := func(order int) float64 { // of a normal order statistic, by Blom
		const offset = 0.375
		return distuv.UnitNormal.Quantile((float64(order) - offset) / (n + 1 - 2*offset))
	}
	scale := math.Log(e.Hi/e.Lo) / (score(ci.HiOrder) - score(ci.LoOrder))
	const square = 0.65 // the square of an estimate that is right on average is too large on average
	scale /= math.Sqrt(1 + square/(n-1))
	if e.Samples > results.FullSamples && e.Spread() <= results.Precision {
		const stopped = 1.05 // sampling went on until the interval was narrow: sooner where it is too narrow
		scale *= stopped
	}
	return scale
}

// student is the 97.5 % quantile of Student's t distribution, of the normal one for endless degrees.
func student(degrees float64) float64 {
	if math.IsInf(degrees, 1) {
		return distuv.UnitNormal.Quantile((1 + confidence) / 2)
	}
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: degrees}.Quantile((1 + confidence) / 2)
}

// combined is the variance of a sum of figures with weights by the noise within cells, and its degrees of
// freedom by Welch and Satterthwaite. +Inf where a figure that counts has no interval.
func combined(figures []figured, weights []float64) (variance, degrees float64) {
	square := 0.0
	for i, f := range figures {
		if f.variance == 0 || weights[i] == 0 {
			continue
		}
		v := f.variance * weights[i] * weights[i]
		variance += v
		square += v * v / f.degrees
	}
	if variance == 0 || math.IsInf(variance, 0) {
		return variance, math.Inf(1)
	}
	return variance, variance * variance / square
}

// degreesWith is the degrees of freedom of a variance by noise with more, of which none has to be estimated.
func degreesWith(more, variance, degrees float64) float64 {
	if more == 0 || math.IsInf(variance, 0) {
		return degrees
	}
	whole := 1 + more/variance
	return whole * whole * degrees
}
