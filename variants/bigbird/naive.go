package bigbird

import (
	"math"

	"attnbench/variants"
)

// naive is the definition, row by row: softmax over the keys of the listed blocks, each with a weight of its
// own.
func naive(p *variants.Problem, h variants.Head) []float64 {
	d, e, block := p.Shape.D, p.Shape.E, p.Int("block")
	valid := p.ValidKeys(h.Batch)
	out := make([]float64, len(h.Rows)*e)
	for r, i := range h.Rows {
		if valid != nil && !valid[i] {
			continue // the row of a masked token is 0
		}
		weight := blockWeights(p, h.Head, i/block)
		logits, top := make([]float64, p.Shape.N), math.Inf(-1)
		for j := range logits {
			logits[j] = math.Inf(-1)
			if weight[j/block] == 0 || valid != nil && !valid[j] {
				continue
			}
			logits[j] = 0
			for c := range d {
				logits[j] += h.Q[i*d+c] * h.K[j*d+c] / math.Sqrt(float64(d))
			}
			top = max(top, logits[j])
		}
		var sum float64
		for j, logit := range logits {
			w := weight[j/block] * math.Exp(logit-top)
			sum += w
			for c := range e {
				out[r*e+c] += w * h.V[j*e+c]
			}
		}
		for c := range e {
			out[r*e+c] /= sum
		}
	}
	return out
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
