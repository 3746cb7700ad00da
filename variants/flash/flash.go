// Package flash is exact softmax attention computed tile by tile, so that no n×s matrix exists:
//
//	out = softmax(Q·Kᵀ/√d + M)·V
//
// with a running maximum and sum for each query (spec §1; Dao et al. 2022, arXiv 2205.14135, algorithm 1;
// Rabe and Staats 2021, arXiv 2112.05682). Time O(n·s), memory O(1) beyond the output. It is the baseline
// that an approximation has to beat: the same numbers as full attention without its memory traffic.
package flash

import (
	"strconv"

	"attnbench/variants"
	"attnbench/variants/tile"
)

// Mechanism declares flash.
func Mechanism() *variants.Mechanism {
	return &variants.Mechanism{
		Name: "flash", Title: "Flash", Summary: "exact attention in tiles, nothing of size n² stored",
		Paper: "Dao et al. 2022, arXiv 2205.14135",
		Role:  variants.Exact, Family: "exact", SameAs: "full",
		Time:   variants.Growth{Text: "n²", Exponent: 2},
		Memory: variants.Growth{Text: "n", Exponent: 1},
		Options: []variants.Option{
			{Name: "tile_q", Kind: variants.Int, Derived: "from n and the SIMD path", Min: 1, Max: 4096,
				Doc: "query rows of a tile of Forward"},
			{Name: "tile_k", Kind: variants.Int, Derived: "from s and the SIMD path", Min: 1, Max: 4096,
				Doc: "keys of a tile of Forward"},
		},
		Fidelity:   []variants.Fidelity{{Causal: true}, {Causal: false}},
		Derive:     chooseTiles,
		Cost:       variants.DenseCost,
		Pairs:      variants.DensePairs,
		New:        newPlan,
		Definition: naive,

		Gradient: naiveGradient, BackwardCost: variants.DenseBackwardCost,
		NewDecoder: newDecoder, DecodeCost: variants.DenseDecodeCost,
	}
}

// chooseTiles sets the tile sizes from the shape and the register tile of the SIMD path alone, never from
// cache sizes, so that two machines with the same path compute the same bits.
func chooseTiles(p *variants.Problem) error {
	queries, keys := tile.Sizes(p.Kernels, p.Shape.N, p.Shape.S)
	if !p.Given("tile_q") {
		p.Set("tile_q", strconv.Itoa(queries))
	}
	if !p.Given("tile_k") {
		p.Set("tile_k", strconv.Itoa(keys))
	}
	return nil
}

// newDecoder keeps keys and values of all tokens, and cuts long contexts of few heads into parts.
func newDecoder(p *variants.Problem, ws *variants.Workspace) variants.Decoder {
	return tile.NewDenseCache(p, ws, true)
}

func newPlan(p *variants.Problem, ws *variants.Workspace) variants.Attention {
	return tile.NewDense(p, ws, p.Int("tile_q"), p.Int("tile_k"), false)
}
