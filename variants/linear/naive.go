package linear

import (
	"math"

	"attnbench/variants"
)

// features is φ(x) = elu(x) + 1 of every element (equation 7 of the paper).
func features(x []float64) []float64 {
	phi := make([]float64, len(x))
	for i, v := range x {
		phi[i] = math.Exp(v)
		if v > 0 {
			phi[i] = v + 1
		}
	}
	return phi
}

// naive is spec §7.1 with one weight for every pair: what the sums of the fast path amount to. A row without
// a key is 0, also with ε = 0.
func naive(p *variants.Problem, h variants.Head) []float64 {
	s, keys, valid := p.Shape, features(h.K), p.ValidKeys(h.Batch)
	out := make([]float64, len(h.Rows)*s.E)
	for r, i := range h.Rows {
		query, row, sum := features(h.Q[i*s.D:][:s.D]), out[r*s.E:][:s.E], 0.0
		for j := range s.S {
			if valid != nil && !valid[j] || s.Causal && j > i {
				continue
			}
			weight := dot(query, keys[j*s.D:])
			sum += weight
			for c := range row {
				row[c] += weight * h.V[j*s.E+c]
			}
		}
		for c := range row {
			if sum > 0 {
				row[c] /= sum + p.Float("eps")
			}
		}
	}
	return out
}

// dot is the product of x with as many elements of y.
func dot(x, y []float64) (sum float64) {
	for i, v := range x {
		sum += v * y[i]
	}
	return sum
}
