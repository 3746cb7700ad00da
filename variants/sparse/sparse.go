// Package sparse is the attention of Sparse Transformers (Child et al. 2019, arXiv 1904.10509; spec §7.4): of
// its past a query sees about two square roots, in one softmax over the union of two sets.
//
//	strided   the last stride keys, itself included, and every stride-th key before them
//	fixed     the keys of its own segment of stride positions, and the last summary keys of each earlier one
//
// All heads have the same sets. Time O(n·(stride + n/stride)), with summary columns n·(stride +
// n·summary/stride).
package sparse

import (
	"fmt"

	"attnbench/variants"
)

// The patterns.
const (
	strided = "strided"
	fixed   = "fixed"
)

// Mechanism declares sparse.
func Mechanism() *variants.Mechanism {
	return &variants.Mechanism{
		Name: "sparse", Title: "Sparse Transformer",
		Summary: "the recent past, and columns of keys of all of the past",
		Paper:   "Child et al. 2019, arXiv 1904.10509",
		Role:    variants.Approximation, Family: "pattern",
		Time:       variants.Growth{Text: "n·(l + n/l)", Exponent: 2},
		Memory:     variants.Growth{Text: "n", Exponent: 1},
		OnlyCausal: "both patterns are sets of the past",
		NoCross:    "columns of keys are positions of the queries' own sequence",
		Options: []variants.Option{
			{Name: "pattern", Kind: variants.Choice, Default: strided, Choices: []string{strided, fixed},
				Doc: "strided: the last keys and every stride-th one; " +
					"fixed: the own segment and the ends of earlier ones"},
			{Name: "stride", Kind: variants.Int, Default: "64", Min: 1, Max: variants.MaxLength,
				Doc: "positions of a segment, of the recent past and between columns; √n balances the two sets"},
			{Name: "summary", Kind: variants.Int, Default: "8", Min: 1, Max: variants.MaxLength,
				Doc: "fixed: keys at the end of a segment that all later queries see, at most stride"},
		},
		Fidelity: []variants.Fidelity{
			{Causal: true, Options: "stride=64"},
			{Causal: true, Options: "pattern=fixed,stride=64,summary=8"},
		},
		Derive:     check,
		Cost:       cost,
		Pairs:      pairs,
		New:        newPlan,
		Definition: naive,

		Gradient: naiveGradient, BackwardCost: backwardCost,
		NewDecoder: newDecoder, DecodeCost: decodeCost,
	}
}

// check refuses what the declarations cannot express. The default summary shrinks with the stride: strided
// attention has none.
func check(p *variants.Problem) error {
	stride, summary := p.Int("stride"), p.Int("summary")
	if summary <= stride {
		return nil
	}
	if p.Given("summary") {
		return fmt.Errorf("summary=%d is more than stride=%d: a segment has no more keys", summary, stride)
	}
	p.Set("summary", fmt.Sprint(stride))
	return nil
}

func cost(p *variants.Problem) variants.Cost { return variants.PairsCost(p.Shape, pairs(p, nil)) }

func backwardCost(p *variants.Problem) variants.Cost {
	return variants.PairsBackwardCost(p.Shape, pairs(p, nil))
}

// pairs counts the distinct pairs. A query in segment m of a head sees m keys of the columns that are not in
// its recent past, or m times the summary.
func pairs(p *variants.Problem, _ []float32) int64 {
	n, stride := int64(p.Shape.N), int64(p.Int("stride"))
	segments, rest := n/stride, n%stride
	recent := triangle(min(n, stride)) + max(n-stride, 0)*stride
	columns := stride*triangle(segments-1) + segments*rest
	if p.Text("pattern") == fixed {
		recent = segments*triangle(stride) + triangle(rest)
		columns *= int64(p.Int("summary"))
	}
	return (recent + columns) * int64(p.Shape.Slices())
}

// triangle is 1 + 2 + … + n.
func triangle(n int64) int64 { return n * (n + 1) / 2 }
