package reports

import (
	"cmp"
	"math"
	"slices"

	"attnbench/results"
)

// A contrast holds two cells whose times are compared.
type contrast [2]*measured

// contrasts tells which of the comparisons of one table find more than noise. A table of many would find
// some by chance alone, so their U tests are corrected together.
type contrasts struct {
	floor float64 // see group.noiseFloor; 0 where it is not known
	p     map[contrast]float64
}

// newContrasts tests pairs of cells, each once. Those of marked cells are not to be among them: they are
// not judged, and would only make the rest harder to tell apart.
func newContrasts(floor float64, pairs []contrast) contrasts {
	t := contrasts{floor, make(map[contrast]float64)}
	var tested []contrast
	var p []float64
	for _, pair := range pairs {
		if _, again := t.p[pair]; again {
			continue
		}
		t.p[pair] = 1
		tested = append(tested, pair)
		p = append(p, rank(pair[0].units[results.Time], pair[1].units[results.Time]).p)
	}
	for i, corrected := range holm(p) {
		t.p[tested[i]] = corrected
	}
	return t
}

// differ reports whether the times of a pair that was tested differ by more than noise.
func (t contrasts) differ(pair contrast) bool {
	p, tested := t.p[pair]
	return tested && p <= alpha && above(t.floor, pair[0].median()/pair[1].median())
}

// placement is what two plans of one mechanism may differ by in one process: they lie at other addresses,
// which the halves of one cell do not. Runs of one mechanism under two names show it.
const placement = 0.02

// placementText is that in a note.
func placementText() string { return percent(placement) }

// above reports whether a ratio, whichever way round, is larger than a noise floor, and than what lies in the
// placement of buffers.
func above(floor, ratio float64) bool {
	return math.Abs(math.Log(ratio)) > math.Log1p(max(floor, placement))
}

// leaders are the cells, by length, that are faster than every other ranked cell by more than noise. Only the
// one with the smallest median can be, so that one alone is compared with the rest.
func (s *setting) leaders() map[int]*measured {
	led := make(map[int]*measured)
	var pairs []contrast
	for _, n := range s.lengths() {
		ranked := s.rankedAt(n)
		if len(ranked) < 2 {
			continue
		}
		led[n] = ranked[0]
		for _, c := range ranked[1:] {
			pairs = append(pairs, contrast{ranked[0], c})
		}
	}
	t := newContrasts(s.floor, pairs)
	for _, pair := range pairs {
		if !t.differ(pair) {
			delete(led, pair[0].N)
		}
	}
	return led
}

// rankedAt are the ranked cells of a length, ascending by time.
func (s *setting) rankedAt(n int) []*measured {
	var list []*measured
	for _, x := range s.series {
		if c := x.at(n); c != nil && c.ranked() {
			list = append(list, c)
		}
	}
	slices.SortStableFunc(list, func(a, b *measured) int { return cmp.Compare(a.median(), b.median()) })
	return list
}
