// Package full is textbook softmax attention:
//
//	out = softmax(Q·Kᵀ/√d + M)·V
//
// (Vaswani et al. 2017, arXiv 1706.03762, equation 1; spec §1). It computes the n×s matrix of every head,
// holds all of them until the call returns, and reads them again: the O(n²) time and memory that efficient
// attention is compared with.
package full

import (
	"attnbench/variants"
	"attnbench/variants/tile"
)

// Mechanism declares full.
func Mechanism() *variants.Mechanism {
	return &variants.Mechanism{
		Name: "full", Title: "Full", Summary: "exact attention that writes its n×s matrix",
		Paper: "Vaswani et al. 2017, arXiv 1706.03762",
		Role:  variants.Exact, Family: "exact",
		Time:       variants.Growth{Text: "n²", Exponent: 2},
		Memory:     variants.Growth{Text: "n²", Exponent: 2},
		Fidelity:   []variants.Fidelity{{Causal: true}, {Causal: false}},
		Cost:       variants.DenseCost,
		Pairs:      variants.DensePairs,
		New:        newPlan,
		Definition: naive,

		Gradient: naiveGradient, BackwardCost: backwardCost,
		NewDecoder: newDecoder, DecodeCost: variants.DenseDecodeCost,
	}
}

// backwardCost is twice that of forward (spec §8): the weights are kept, so no score is computed again.
func backwardCost(p *variants.Problem) variants.Cost {
	return variants.Cost{FLOPs: 2 * variants.DenseCost(p).FLOPs}
}

// Sides of a tile. The scores of its queries against all keys are written, read, written and read again: the
// fewer queries, the nearer they stay, until a tile is too narrow for the products.
const (
	keptQueries = 48
	keptKeys    = 192
)

// newDecoder keeps keys and values of all tokens; a token is one pass over those of a head.
func newDecoder(p *variants.Problem, ws *variants.Workspace) variants.Decoder {
	return tile.NewDenseCache(p, ws, false)
}

func newPlan(p *variants.Problem, ws *variants.Workspace) variants.Attention {
	return tile.NewDense(p, ws, keptQueries, keptKeys, true)
}
