package reports

import (
	"slices"

	"attnbench/results"
)

// An Estimate is the median of samples with its interval.
type Estimate results.Estimate

// Limits of what counts as known.
const (
	// MinSamples is the smallest number of samples with a 95 % interval of order statistics.
	MinSamples = results.MinSamples
	// MaxSpread is the half width of an interval, relative to the median, above which a cell is unstable.
	MaxSpread = results.MaxSpread

	confidence = 0.95
)

// Summarize estimates the median of values, of which there is at least one. It keeps values as they are.
func Summarize(values []float64) Estimate { return Estimate(results.Summarize(values)) }

// Spread is the larger half of the interval relative to the median, +Inf where there is no interval.
func (e Estimate) Spread() float64 { return results.Estimate(e).Spread() }

// Ratio estimates the ratio of two medians. Its interval holds all ratios of the two intervals, which is
// cautious.
func Ratio(over, under Estimate) Estimate {
	return Estimate{
		Median: over.Median / under.Median, Lo: over.Lo / under.Hi, Hi: over.Hi / under.Lo,
		Samples: min(over.Samples, under.Samples),
	}
}

// median of values, which are reordered.
func median(values []float64) float64 {
	slices.Sort(values)
	half := len(values) / 2
	if len(values)%2 == 1 {
		return values[half]
	}
	return (values[half-1] + values[half]) / 2
}
