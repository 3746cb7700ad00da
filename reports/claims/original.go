package claims

import (
	"math"
	"slices"

	"attnbench/reports"
)

// original is the figure that a test has in the publication, NaN where it has none: given, or by the same
// estimators from the numbers that were printed. A crossover that does not come is +Inf, one that lies below
// the range is 0.
func (c *Claim) original(t *Test, place int) float64 {
	if t.Original != nil {
		return *t.Original
	}
	if c.quantity(t) != c.Cells.Quantity {
		return math.NaN()
	}
	switch t.Measure {
	case MeasureExponent:
		return exponentOf(c.printed(t.Of, c.at(t)))
	case MeasureCrossover:
		return crossingOf(c.printed(t.Of, c.at(t)), c.printed(t.Against, c.at(t)))
	case MeasureRatio:
		under := place
		if t.AgainstAt != 0 {
			under = t.AgainstAt
		}
		return c.number(t.Against, under) / c.number(t.Of, place)
	}
	return c.number(t.Of, place)
}

// number is what was printed for a series at a place, NaN where nothing was.
func (c *Claim) number(series string, place int) float64 {
	s := c.series(series)
	if len(s.Published) == 0 {
		return math.NaN()
	}
	return s.Published[slices.Index(c.Cells.Values, place)]
}

// printed are the numbers of a series at places, without noise.
func (c *Claim) printed(series string, at []int) []reports.Point {
	var list []reports.Point
	for _, n := range at {
		if v := c.number(series, n); v > 0 {
			list = append(list, reports.Point{N: n, Estimate: exactly(v)})
		}
	}
	return list
}

func exponentOf(points []reports.Point) float64 {
	g, ok := reports.FitGrowth(points)
	if !ok {
		return math.NaN()
	}
	return g.Exponent
}

func crossingOf(of, against []reports.Point) float64 {
	switch c := reports.Cross(of, against); c.Outcome {
	case reports.Crosses:
		return c.N
	case reports.Always:
		return 0
	case reports.NotInRange:
		return math.Inf(1)
	}
	return math.NaN()
}

// exactly is the estimate of what has no noise.
func exactly(v float64) reports.Estimate {
	return reports.Estimate{Median: v, Lo: v, Hi: v, Samples: 1}
}
