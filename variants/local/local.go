// Package local is block-local attention: a query sees the keys of its own block and of the lookback blocks
// before it, never of a later one (spec §7.5; Tay et al. 2021, arXiv 2011.04006, with blocks that are
// contiguous). Time O(n·block·(lookback+1)).
package local

import (
	"math"

	"attnbench/variants"
	"attnbench/variants/tile"
)

// Mechanism declares local.
func Mechanism() *variants.Mechanism {
	return &variants.Mechanism{
		Name: "local", Title: "Block-local", Summary: "the own block of keys and a few blocks before it",
		Paper: "Tay et al. 2021, arXiv 2011.04006",
		Role:  variants.Approximation, Family: "pattern",
		Time:   variants.Growth{Text: "n·b", Exponent: 1},
		Memory: variants.Growth{Text: "1", Exponent: 0},
		Options: []variants.Option{
			{Name: "block", Default: "64", Min: 1, Max: variants.MaxLength, Doc: "positions of a block"},
			{Name: "lookback", Default: "0", Max: variants.MaxLength, Doc: "blocks before the own one"},
		},
		NoCross:    "blocks of queries and of keys must be the same positions",
		Fidelity:   []variants.Fidelity{{Causal: true, Options: "block=256,lookback=1"}, {Options: "block=64"}},
		Cost:       cost,
		Pairs:      pairs,
		New:        newPlan,
		Definition: naive,

		Gradient: naiveGradient, BackwardCost: backwardCost,
		NewDecoder: newDecoder, DecodeCost: decodeCost,
	}
}

func cost(p *variants.Problem) variants.Cost { return variants.PairsCost(p.Shape, pairs(p, nil)) }

func backwardCost(p *variants.Problem) variants.Cost {
	return variants.PairsBackwardCost(p.Shape, pairs(p, nil))
}

// pairs counts block by block.
func pairs(p *variants.Problem, _ []float32) int64 {
	s, block, sum := p.Shape, p.Int("block"), 0
	for first := 0; first < s.N; first += block {
		rows := min(block, s.N-first)
		sum += rows * (min(first, p.Int("lookback")*block) + rows)
		if s.Causal {
			sum -= rows * (rows - 1) / 2
		}
	}
	return int64(sum) * int64(s.Slices())
}

type plan struct {
	tile.Operands
	*tile.Engine
	shape   variants.Shape
	block   int // positions of a block
	before  int // keys before it
	queries int // rows of a query tile, the last of a block maybe fewer
	tiles   int // query tiles of a block
	visit   func(w *tile.Walk, job int)
	back    *backward // nil where no gradients are asked for
}

func newPlan(p *variants.Problem, ws *variants.Workspace) variants.Attention {
	s, block := p.Shape, min(p.Int("block"), p.Shape.N)
	queries, keys := tile.Sizes(p.Kernels, block, s.N)
	a := &plan{
		Operands: tile.NewOperands(p, ws), shape: s, block: block,
		before: min(p.Int("lookback"), s.N) * block, queries: queries, tiles: (block + queries - 1) / queries,
	}
	c := tile.Config{
		Kernels: p.Kernels, Pool: p.Pool, Type: p.Type, D: s.D, E: s.E,
		Scale: 1 / math.Sqrt(float64(s.D)), Queries: queries, Keys: keys,
	}
	a.Engine, a.visit = tile.New(ws, c), a.tile
	if p.Backward {
		a.back = newBackward(a, ws, c)
	}
	return a
}

// Forward computes out from q, k and v: see variants.Attention.
func (a *plan) Forward(out, q, k, v variants.Floats) {
	a.Set(out, q, k, v)
	a.Run(a.shape.Slices()*a.each(), a.visit)
	a.Clear()
}

// each is the number of query tiles of a head.
func (a *plan) each() int { return (a.shape.N + a.block - 1) / a.block * a.tiles }

// tile computes one query tile.
func (a *plan) tile(w *tile.Walk, job int) {
	head := job / a.each()
	rows, keys := a.meeting(head, job%a.each())
	if rows.Count <= 0 {
		return
	}
	w.Begin(a.Q(head), rows)
	w.Visit(a.K(head), a.V(head), keys)
	w.End(a.Out(head))
	if a.back != nil {
		w.Statistics(a.statistics(head), nil)
	}
}

// meeting returns the rows of a head's i-th query tile, none where the last block has no more, and the keys
// that they see.
func (a *plan) meeting(head, i int) (tile.Rows, tile.Keys) {
	first := i / a.tiles * a.block
	start, end := first+i%a.tiles*a.queries, min(first+a.block, a.shape.N)
	keys := tile.Keys{Rows: tile.Range(max(0, first-a.before), end), Bias: a.Bias(head)}
	if a.shape.Causal {
		keys.Band, keys.Lo = true, -tile.Unlimited
	}
	return tile.Range(start, min(start+a.queries, end)), keys
}
