package reports

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"attnbench/results"
)

// noiseFloor is how far apart two measurements of the same code are: an A/A check in every report. The
// samples of a cell were taken in turns with those of other cells, so every other one is a measurement under
// one name, and the rest under another. Each half has half of the samples, so their medians lie √2 times as
// far apart as those of two whole cells.
//
// It is the relative difference that 95 % of the cells keep to; ok is false where the cells are too few to
// tell. It does not hold what changes from process to process, or from day to day.
func (g *group) noiseFloor() (floor float64, cells int, ok bool) {
	const least, share = 10, 0.95 // of cells
	var apart []float64
	for _, c := range g.cells {
		times := c.units[results.Time]
		if len(times) < results.FullSamples {
			continue
		}
		var halves [2][]float64
		for i, x := range times {
			halves[i%2] = append(halves[i%2], x)
		}
		apart = append(apart, math.Abs(math.Log(median(halves[0])/median(halves[1])))/math.Sqrt2)
	}
	if len(apart) < least {
		return 0, len(apart), false
	}
	slices.Sort(apart)
	return math.Expm1(stat.Quantile(share, stat.Empirical, apart, nil)), len(apart), true
}

// floorFact says it.
func (g *group) floorFact() results.Field {
	text := "too few cells to tell"
	if floor, cells, ok := g.noiseFloor(); ok {
		text = fmt.Sprintf("A/A: two measurements of the same code differ by up to %.1f %% (95 %% of %d cells, "+
			"every other sample against the rest); not from process to process", 100*floor, cells)
	}
	return results.Field{Key: "noise floor", Value: text}
}
