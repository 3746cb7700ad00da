package claims

import (
	"math"
	"slices"
)

// settle says what would decide an inconclusive test, and how to measure it.
func (f *Finding) settle(c *Claim, at int, catalog Catalog) {
	of, against := c.sides(f.Test, at)
	wants := slices.Concat(of, against)
	lacking := func(w Want) bool {
		return slices.ContainsFunc(f.Evidence, func(e *Evidence) bool {
			return e.Problem != "" && (e.Want.Place == w.Place || len(f.Evidence) == 2)
		})
	}
	switch {
	case slices.ContainsFunc(wants, lacking):
		f.Settle, f.lacking = "measure these cells, on a quiet machine", !f.Known
		wants = slices.DeleteFunc(wants, func(w Want) bool { return !lacking(w) })
	case f.Test.Measure == MeasureExponent && c.Cells.Along == "n":
		f.Settle = "longer sequences: growth is fitted where it no longer changes"
		wants = append(wants, f.beyond(c, doubling)...)
	case f.Test.Measure == MeasureCrossover && math.IsInf(f.Ours.Hi, 1):
		f.Settle = "places beyond the range"
		wants = append(wants, f.beyond(c, doubling)...)
	case f.Test.Measure == MeasureCrossover && f.Ours.Lo == 0:
		f.Settle = "places below the range"
		wants = append(wants, f.beyond(c, halving)...)
	case f.Test.Measure == MeasureCrossover && f.bytes():
		f.Settle = "a place between those around the crossover"
		wants = f.pair(c, int(math.Sqrt(f.Ours.Lo*f.Ours.Hi)))
	case f.Quantity == QuantityError:
		f.Settle = "more draws: the same with other seeds"
		for i := range wants {
			wants[i].after = len(f.Evidence[0].values)
		}
	case f.Quantity == QuantityTime:
		f.Settle = "more samples: what several runs measured counts together"
	default:
		return // counted, and on the limit
	}
	f.wants, f.Runs = wants, Plan(wants, catalog)
}

// Steps beyond an axis.
const (
	doubling = 2.0
	halving  = 0.5
)

// beyond are the cells of a test one step beyond its axis.
func (f *Finding) beyond(c *Claim, step float64) []Want {
	at := c.at(f.Test)
	end := at[len(at)-1]
	if step < 1 {
		end = at[0]
	}
	next := int(float64(end) * step)
	if next < 1 {
		return nil
	}
	return f.pair(c, next)
}

// pair are the cells of a test at a place.
func (f *Finding) pair(c *Claim, place int) []Want {
	wants := []Want{c.want(c.series(f.Test.Of), place)}
	if f.Test.Against != "" {
		wants = append(wants, c.want(c.series(f.Test.Against), place))
	}
	return wants
}
