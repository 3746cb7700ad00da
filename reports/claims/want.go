package claims

import (
	"fmt"
	"slices"

	"attnbench/results"
)

// A Want is a cell that a claim needs. Its SIMD path is open; its options are all that the claim names, by
// name.
type Want struct {
	Cell  results.Cell
	Place int // on the claim's axis
	Draws int // seeds that it is wanted from
	after int // seeds that are there already
}

// want is the cell of a series at a place on the axis. Beyond the axis, options are those of its end.
func (c *Claim) want(s *Series, place int) Want {
	x := &c.Cells
	cell := results.Cell{
		Variant: s.Variant, N: x.N, D: x.Dim, Heads: x.Heads, Batch: x.Batch, Causal: x.Causal, Pass: x.Pass,
		DType: x.DType, Threads: x.Threads, Input: x.Input, Head: s.Head,
	}
	switch x.Along {
	case "n":
		cell.N = place
	case "d":
		cell.D = place
	case "heads":
		cell.Heads = place
	case "batch":
		cell.Batch = place
	default:
		text, _ := optionText(int64(place))
		cell.Options = append(cell.Options, results.Option{Name: x.Along, Value: text})
	}
	for name, value := range s.Options {
		if list, ok := value.([]any); ok {
			i, _ := slices.BinarySearch(x.Values, place)
			value = list[min(i, len(list)-1)]
		}
		text, _ := optionText(value)
		cell.Options = append(cell.Options, results.Option{Name: name, Value: text})
	}
	sortOptions(cell.Options)
	return Want{Cell: cell, Place: place, Draws: x.Draws}
}

// places are those of a test that have a verdict of their own: exponent and crossover have one for all, 0.
func (c *Claim) places(t *Test) []int {
	if t.Measure == MeasureExponent || t.Measure == MeasureCrossover {
		return []int{0}
	}
	return c.at(t)
}

// sides are the cells that a verdict needs: of one series, and of the other or none.
func (c *Claim) sides(t *Test, place int) (of, against []Want) {
	at := []int{place}
	if place == 0 {
		at = c.at(t)
	}
	for _, n := range at {
		of = append(of, c.want(c.series(t.Of), n))
		if t.Against == "" {
			continue
		}
		if t.AgainstAt != 0 {
			n = t.AgainstAt
		}
		against = append(against, c.want(c.series(t.Against), n))
	}
	return of, against
}

// Wants are the cells that the claim's tests need, each once.
func (c *Claim) Wants() []Want {
	var list []Want
	seen := map[string]bool{}
	for i := range c.Tests {
		t := &c.Tests[i]
		if c.lacking(t) != "" {
			continue
		}
		for _, place := range c.places(t) {
			of, against := c.sides(t, place)
			for _, w := range append(of, against...) {
				if name := w.Cell.Name(); !seen[name] {
					seen[name], list = true, append(list, w)
				}
			}
		}
	}
	return list
}

// lacking is the series of a test that has no variant, or nothing.
func (c *Claim) lacking(t *Test) string {
	for _, name := range []string{t.Of, t.Against} {
		if name != "" && c.series(name).Variant == "" {
			return name
		}
	}
	return ""
}

func sortOptions(options []results.Option) {
	slices.SortFunc(options, func(a, b results.Option) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
}

// Settings are all options and values that a series asks for.
func (c *Claim) Settings(s *Series) []results.Option {
	var list []results.Option
	for _, n := range c.Cells.Values {
		for _, o := range c.want(s, n).Cell.Options {
			if !slices.Contains(list, o) {
				list = append(list, o)
			}
		}
	}
	return list
}

// SeriesError puts file and line of a series in front of an error about it.
func (c *Claim) SeriesError(i int, err error) error {
	return c.errorAt(fmt.Sprintf("series.%d.variant", i), "%w", err)
}
