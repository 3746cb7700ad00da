package linear

import (
	"math"

	"attnbench/variants"
)

// gradient differentiates naive pair by pair. With w_ij = φ(q_i)·φ(k_j) and z_i = Σ_j w_ij + ε,
//
//	∂L/∂w_ij = (g_i·v_j - g_i·o_i)/z_i    ∂L/∂v_j = Σ_i w_ij g_i/z_i
//
// (spec §3.4), and φ' is 1 where x > 0, e^x elsewhere.
func gradient(p *variants.Problem, h variants.Head, dout []float64) variants.HeadGradients {
	s, keys, valid := p.Shape, features(h.K), p.ValidKeys(h.Batch)
	out := naive(p, h)
	g := variants.HeadGradients{
		Q: make([]float64, len(h.Q)), K: make([]float64, len(h.K)), V: make([]float64, len(h.V)),
	}
	for r, i := range h.Rows {
		query, up := features(h.Q[i*s.D:][:s.D]), dout[r*s.E:][:s.E]
		seen := func(j int) bool { return (valid == nil || valid[j]) && !(s.Causal && j > i) }
		z := p.Float("eps")
		for j := range s.S {
			if seen(j) {
				z += dot(query, keys[j*s.D:])
			}
		}
		for j := range s.S {
			if !seen(j) {
				continue
			}
			key, w := keys[j*s.D:], dot(query, keys[j*s.D:])
			dw := (dot(up, h.V[j*s.E:]) - dot(up, out[r*s.E:])) / z
			for c := range s.D {
				g.Q[i*s.D+c] += dw * key[c] * slope(h.Q[i*s.D+c])
				g.K[j*s.D+c] += dw * query[c] * slope(h.K[j*s.D+c])
			}
			for c, x := range up {
				g.V[j*s.E+c] += w * x / z
			}
		}
	}
	return g
}

// slope is φ'(x).
func slope(x float64) float64 {
	if x > 0 {
		return 1
	}
	return math.Exp(x)
}
