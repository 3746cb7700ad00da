package cosformer

import (
	"math"

	"attnbench/variants"
)

// weight is relu(q)·relu(k) times the cosine of the positions' distance (equations 9 and 10 of the paper).
func weight(q, k []float64, distance, longest int) (sum float64) {
	for c, x := range q {
		sum += max(x, 0) * max(k[c], 0)
	}
	return sum * math.Cos(math.Pi/2*float64(distance)/float64(longest))
}

// naive is spec §7.2 with one weight for every pair: what the sums of the fast path amount to.
func naive(p *variants.Problem, h variants.Head) []float64 {
	s, valid := p.Shape, p.ValidKeys(h.Batch)
	out := make([]float64, len(h.Rows)*s.E)
	for r, i := range h.Rows {
		row, sum := out[r*s.E:][:s.E], 0.0
		for j := range s.S {
			if valid != nil && !valid[j] || s.Causal && j > i {
				continue
			}
			w := weight(h.Q[i*s.D:][:s.D], h.K[j*s.D:][:s.D], i-j, p.Int("max_len"))
			sum += w
			for c := range row {
				row[c] += w * h.V[j*s.E+c]
			}
		}
		for c := range row {
			row[c] /= max(sum, 1e-6)
		}
	}
	return out
}
