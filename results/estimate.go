package results

import (
	"math"
	"slices"

	"golang.org/x/perf/benchmath"
)

// An Estimate is the median of samples with its interval. The harness samples until the interval is narrow,
// and reports print it: both take it from [Summarize].
type Estimate struct {
	Median, Lo, Hi float64 // the bounds are infinite below MinSamples
	Samples        int
}

const (
	// MinSamples is the smallest number of samples with a 95 % interval of order statistics.
	MinSamples = 6
	// MaxSpread is the half width of an interval, relative to the median, above which a time is unstable.
	MaxSpread = 0.05
	// Precision is the half width of an interval, relative to the median, at which a cell has enough samples.
	Precision = 0.02
	// FullSamples is the number that every cell gets, time allowing. More follow until the interval is narrow.
	FullSamples = 10

	confidence = 0.95
)

// Summarize estimates the median of values, of which there is at least one, with the interval of order
// statistics that benchstat prints. It keeps values as they are.
func Summarize(values []float64) Estimate {
	thresholds := benchmath.DefaultThresholds
	s := benchmath.AssumeNothing.Summary(benchmath.NewSample(slices.Clone(values), &thresholds), confidence)
	return Estimate{s.Center, s.Lo, s.Hi, len(values)}
}

// Spread is the larger half of the interval relative to the median, +Inf where there is no interval.
func (e Estimate) Spread() float64 {
	return math.Max(e.Hi/e.Median-1, 1-e.Lo/e.Median)
}
