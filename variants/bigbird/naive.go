package bigbird

import (
	"math"

	"attnbench/variants"
)

// naive is the definition, row by row: softmax over the keys of the listed blocks, each with a weight of its
// own.
func naive(p *variants.Problem, h variants.Head) []float64 {
	e := p.Shape.E
	out := make([]float64, len(h.Rows)*e)
	for r, i := range h.Rows {
		for j, weight := range naiveWeights(p, h, i) {
			for c := range e {
				out[r*e+c] += weight * h.V[j*e+c]
			}
		}
	}
	return out
}

// naiveWeights are the weights of all keys in one row, none where its token is masked.
func naiveWeights(p *variants.Problem, h variants.Head, i int) []float64 {
	d, block := p.Shape.D, p.Int("block")
	valid := p.ValidKeys(h.Batch)
	if valid != nil && !valid[i] {
		return nil // the row of a masked token is 0
	}
	times := blockWeights(p, h.Head, i/block)
	weights, top := make([]float64, p.Shape.N), math.Inf(-1)
	for j := range weights {
		weights[j] = math.Inf(-1)
		if times[j/block] == 0 || valid != nil && !valid[j] {
			continue
		}
		weights[j] = dot(h.Q[i*d:(i+1)*d], h.K[j*d:]) / math.Sqrt(float64(d))
		top = max(top, weights[j])
	}
	var sum float64
	for j, logit := range weights {
		weights[j] = times[j/block] * math.Exp(logit-top)
		sum += weights[j]
	}
	for j := range weights {
		weights[j] /= sum
	}
	return weights
}

// naiveGradient differentiates naive (spec §1): with weights p_ij and g_i = ∂L/∂o_i, the gradient of a logit
// is p_ij (g_i·v_j - g_i·o_i).
func naiveGradient(p *variants.Problem, h variants.Head, dout []float64) variants.HeadGradients {
	d, e := p.Shape.D, p.Shape.E
	g := variants.HeadGradients{
		Q: make([]float64, len(h.Q)), K: make([]float64, len(h.K)), V: make([]float64, len(h.V)),
	}
	for r, i := range h.Rows {
		up := dout[r*e : (r+1)*e]
		weights, mean := naiveWeights(p, h, i), 0.0
		for j, weight := range weights { // g_i·o_i
			mean += weight * dot(up, h.V[j*e:])
		}
		for j, weight := range weights {
			slope := weight * (dot(up, h.V[j*e:]) - mean) / math.Sqrt(float64(d))
			for c := range d {
				g.Q[i*d+c] += slope * h.K[j*d+c]
				g.K[j*d+c] += slope * h.Q[i*d+c]
			}
			for c := range e {
				g.V[j*e+c] += weight * up[c]
			}
		}
	}
	return g
}

func dot(a, b []float64) (sum float64) {
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
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
