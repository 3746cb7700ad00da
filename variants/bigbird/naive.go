package bigbird

import (
	"math"

	"attnbench/variants"
	"attnbench/variants/exact"
)

// naive is the definition: softmax attention over the keys of the listed blocks, each with a weight of its
// own.
func naive(p *variants.Problem, h variants.Head) []float64 { return exact.Edited(p, h, weigh(p, h)) }

// naiveGradient is its derivative.
func naiveGradient(p *variants.Problem, h variants.Head, dout []float64) variants.HeadGradients {
	return exact.EditedGradient(p, h, dout, weigh(p, h))
}

// weigh adds the logarithm of how often a row sees each key to its logits. The row of a masked token sees
// none.
func weigh(p *variants.Problem, h variants.Head) func(row int, logits []float64) {
	block, valid := p.Int("block"), p.ValidKeys(h.Batch)
	return func(row int, logits []float64) {
		times := blockWeights(p, h.Head, row/block)
		for key := range logits {
			if valid != nil && !valid[row] {
				logits[key] = math.Inf(-1)
				continue
			}
			logits[key] += math.Log(times[key/block])
		}
	}
}

// blockWeights is how often each key block counts for a query block (spec §6.1): once if the first or the
// last block, its window or its random ids name it, or as often as they do.
func blockWeights(p *variants.Problem, head, query int) []float64 {
	n, r := p.Shape.N/p.Int("block"), p.Int("random")
	weight := make([]float64, n)
	if query == 0 || query == n-1 {
		for id := range weight {
			weight[id] = 1
		}
		return weight
	}
	weight[0]++
	weight[n-1]++
	for id := query - 1; id <= query+1; id++ {
		if id != 0 && id != n-1 {
			weight[id]++
		}
	}
	random, _ := p.Input("random_blocks")
	for t := range r {
		weight[random.I64[(head*(n-2)+query-1)*r+t]]++
	}
	if !p.Bool("count_duplicates") {
		for id := range weight {
			weight[id] = min(weight[id], 1)
		}
	}
	return weight
}
