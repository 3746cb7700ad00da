package reports

import (
	"math"
	"slices"

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

	parts [2]float64 // of a ratio: y of the figure above and of that below the line
}

// figure is what the samples of a cell tell. variance is 0 for what is counted, +Inf where there are too few
// samples.
func figure(p Point) figured {
	f := figured{x: math.Log(float64(p.N)), y: math.Log(p.Median), change: math.Log1p(p.Drift.Change)}
	scale := p.scatter()
	if scale == 0 || math.IsInf(scale, 0) {
		f.variance, f.degrees, f.blur = scale, math.Inf(1), scale
		return f
	}
	const efficiency = 0.91 // of Theil and Sen's slope of normal samples, beside that of least squares
	n := float64(p.Samples)
	f.variance, f.degrees = scale*scale*math.Pi/2/(n+correction(p.Samples)), freedom(n)
	f.blur = scale * scale * 12 / n / efficiency
	return f
}

// over is the logarithm of the ratio of two figures at one length. What both drift by alike is not in it.
func (f figured) over(under figured) figured {
	both := []figured{f, under}
	variance, degrees := combined(both, []float64{1, -1})
	return figured{
		f.x, f.y - under.y, variance, degrees, f.change - under.change, f.blur + under.blur,
		[2]float64{f.y, under.y},
	}
}

// correction is what the variance of the median of normal samples, π/2n for many, takes more than n for few.
func correction(samples int) float64 {
	if samples%2 == 0 {
		const even = 1.35
		return even
	}
	return math.Pi/2 - 1
}

// scatterOf is the standard deviation of the logarithm of a sample, from the quartiles: how far apart they
// lie is compared with how far apart those of a normal distribution would. So it takes nothing from samples
// outside them, however far out they lie, and of more samples than the interval of the median does, by which
// sampling stops. Where samples are few that interval is the wider one and is taken. 0 for what is counted,
// +Inf where there are too few samples.
func scatterOf(values []float64) float64 {
	if len(values) < MinSamples {
		return math.Inf(1)
	}
	sorted, n := slices.Sorted(slices.Values(values)), float64(len(values))
	const quarters = 4
	order := min(stats.QuantileCI(len(values), 0.5, confidence).LoOrder, int(n/quarters+1))
	const offset = 0.375 // of the score of a normal order statistic, by Blom
	score := distuv.UnitNormal.Quantile((n + 1 - float64(order) - offset) / (n + 1 - 2*offset))
	lo, hi := sorted[order-1], sorted[len(sorted)-order]
	if lo <= 0 {
		return math.Inf(1)
	}
	return math.Log(hi/lo) / (2 * score)
}

// scatter is that of the samples of a point, right on average.
func (p Point) scatter() float64 {
	if p.Scatter == 0 || math.IsInf(p.Scatter, 0) {
		return p.Scatter
	}
	const square = 0.65 // the square of an estimate that is right on average is too large on average
	scale := p.Scatter / math.Sqrt(1+square/(float64(p.Samples)-1))
	if p.Samples > results.FullSamples && p.Spread() <= results.Precision {
		const stopped = 2 // sampling went on until the interval was narrow: sooner where it is too narrow
		scale *= 1 + stopped/float64(p.Samples)
	}
	return scale
}

// freedom is the number of degrees of freedom of the scatter of so many samples.
func freedom(samples float64) float64 {
	const few, share = 7, 0.37
	return min(samples-1, max(few, share*samples))
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
	if more <= 0 || math.IsInf(variance, 0) {
		return degrees
	}
	whole := 1 + more/variance
	return whole * whole * degrees
}
