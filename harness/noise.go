package harness

import (
	"fmt"
	"math"
	"slices"
	"time"

	"attnbench/harness/machine"
	"attnbench/results"
)

// Bounds of what a cell's samples may look like without a warning.
const (
	farDeviation = 5     // robust standard deviations above the median, where a sample is an outlier
	leastScatter = 0.005 // of the median: a smaller deviation would call the clock's grain an outlier
	manyOutliers = 0.1   // of the samples, or two of them
	maxPressure  = 0.05  // of the time of sampling
)

// A lookout sees what else the machine does while a trial is sampled.
type lookout struct {
	before machine.Noise
	since  time.Duration // by the clock
}

func watch(clock Clock, host Host) *lookout { return &lookout{host.Noise(), clock.Now()} }

// pressure is the share of the time since the watch began in which some thread waited for a CPU.
func (l *lookout) pressure(clock Clock, host Host) machine.Figure {
	stalled, took := host.Noise().Since(l.before).Stalled, clock.Now()-l.since
	if took <= 0 {
		return machine.Figure{}
	}
	stalled.Value /= took.Seconds()
	return stalled
}

// noiseWarnings lists what speaks against samples, which are nanoseconds in the order in which they were
// taken.
func noiseWarnings(times []float64, pressure machine.Figure) []results.Warning {
	var list []results.Warning
	if pressure.Known && pressure.Value > maxPressure {
		list = append(list, results.Warning{
			Code: "pressure",
			Text: fmt.Sprintf("some thread of the machine waited for a CPU in %.0f %% of the time of sampling",
				100*pressure.Value),
			Remedy: "stop other programs, or take fewer --threads",
		})
	}
	if len(times) < minSamples {
		return list
	}
	if s := results.Summarize(times).Spread(); s > results.MaxSpread {
		list = append(list, results.Warning{
			Code: results.CodeUnstable, Text: fmt.Sprintf("the median is known to ±%.0f %% only", 100*s),
			Remedy: "measure on a quieter machine (bench doctor)",
		})
	}
	if drift := results.DriftOf(times); drift.Certain() {
		list = append(list, results.Warning{
			Code: results.CodeDrift, Text: driftText(drift.Change),
			Remedy: "let the machine warm up, stop other programs, and measure again",
		})
	}
	if count, worst := outliers(times); count >= 2 || float64(count) >= manyOutliers*float64(len(times)) {
		list = append(list, results.Warning{
			Code: "outliers",
			Text: fmt.Sprintf("%d of %d samples lie far above the others, up to %.3g times the median",
				count, len(times), worst),
			Remedy: "stop other programs, and measure again where the mean counts",
		})
	}
	return list
}

func driftText(change float64) string {
	verb := "rise"
	if change < 0 {
		verb = "fall"
	}
	return fmt.Sprintf("times %s by %.1f %% over the samples", verb, 100*math.Abs(change))
}

// outliers counts the samples that lie far above the others; worst is the largest over the median.
func outliers(times []float64) (count int, worst float64) {
	const normal = 1.4826 // standard deviations in a median absolute deviation of normal samples
	middle := median(times)
	var distances []float64
	for _, x := range times {
		distances = append(distances, math.Abs(x-middle))
	}
	n := float64(len(times))
	deviation := normal * median(distances) * n / (n - 2) // a few samples show too little of their scatter
	far := middle + farDeviation*max(deviation, leastScatter*middle)
	for _, x := range times {
		if x > far {
			count++
		}
	}
	return count, slices.Max(times) / middle
}
