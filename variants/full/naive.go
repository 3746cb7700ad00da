package full

import (
	"math"

	"attnbench/variants"
)

// naive is the definition, row by row: weights exp(q_i·k_j/√d) over the keys that row i may see, divided by
// their sum. It uses nothing of the exact oracle, which the suite measures errors with: a test compares the
// two.
func naive(p *variants.Problem, h variants.Head) []float64 {
	e := p.Shape.E
	out := make([]float64, len(h.Rows)*e)
	for r, i := range h.Rows {
		o := out[r*e : (r+1)*e]
		for j, weight := range naiveWeights(p, h, i) {
			for c := range o {
				o[c] += weight * h.V[j*e+c]
			}
		}
	}
	return out
}

// naiveWeights are the weights of one row, one for each leading key up to the last that causality shows:
// all 0 where there is no key to see.
func naiveWeights(p *variants.Problem, h variants.Head, i int) []float64 {
	d, visible, top := p.Shape.D, p.Shape.S, math.Inf(-1)
	if p.Shape.Causal {
		visible = max(0, i+p.Shape.S-p.Shape.N+1) // bottom-right aligned
	}
	valid := p.ValidKeys(h.Batch)
	weights := make([]float64, min(visible, p.Shape.S))
	for j := range weights {
		weights[j] = math.Inf(-1)
		if valid == nil || valid[j] {
			weights[j] = dot(h.Q[i*d:(i+1)*d], h.K[j*d:]) / math.Sqrt(float64(d))
		}
		top = math.Max(top, weights[j])
	}
	if math.IsInf(top, -1) {
		return make([]float64, len(weights))
	}
	var sum float64
	for j, logit := range weights {
		weights[j] = math.Exp(logit - top)
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
