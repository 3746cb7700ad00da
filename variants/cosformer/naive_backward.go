package cosformer

import (
	"math"

	"attnbench/variants"
)

// gradient differentiates naive pair by pair. With z_i = Σ_j w_ij
//
//	∂L/∂w_ij = (g_i·v_j - g_i·o_i)/z_i    ∂L/∂v_j = Σ_i w_ij g_i/z_i
//
// (spec §3.4); where z_i is below 10⁻⁶ that stands in for it, a constant: there the term with o_i is missing.
func gradient(p *variants.Problem, h variants.Head, dout []float64) variants.HeadGradients {
	s, valid, longest := p.Shape, p.ValidKeys(h.Batch), p.Int("max_len")
	out := naive(p, h)
	g := variants.HeadGradients{
		Q: make([]float64, len(h.Q)), K: make([]float64, len(h.K)), V: make([]float64, len(h.V)),
	}
	for r, i := range h.Rows {
		q, up := h.Q[i*s.D:][:s.D], dout[r*s.E:][:s.E]
		seen := func(j int) bool { return (valid == nil || valid[j]) && !(s.Causal && j > i) }
		z, shared := 0.0, 0.0
		for j := range s.S {
			if seen(j) {
				z += weight(q, h.K[j*s.D:], i-j, longest)
			}
		}
		if z >= 1e-6 {
			shared = dot(up, out[r*s.E:])
		}
		z = max(z, 1e-6)
		for j := range s.S {
			if !seen(j) {
				continue
			}
			k, near := h.K[j*s.D:], math.Cos(math.Pi/2*float64(i-j)/float64(longest))
			dw := (dot(up, h.V[j*s.E:]) - shared) / z
			for c := range s.D {
				g.Q[i*s.D+c] += dw * near * max(k[c], 0) * step(q[c])
				g.K[j*s.D+c] += dw * near * max(q[c], 0) * step(k[c])
			}
			w := weight(q, k, i-j, longest)
			for c, x := range up {
				g.V[j*s.E+c] += w * x / z
			}
		}
	}
	return g
}

// step is the slope of relu at x.
func step(x float64) float64 {
	if x > 0 {
		return 1
	}
	return 0
}

// dot is the product of x with as many elements of y.
func dot(x, y []float64) (sum float64) {
	for i, v := range x {
		sum += v * y[i]
	}
	return sum
}
