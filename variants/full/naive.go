package full

import (
	"math"

	"attnbench/variants"
)

// naive is the definition, row by row: weights exp(q_i·k_j/√d) over the keys that row i may see, divided by
// their sum. It uses nothing of the exact oracle, which the suite measures errors with: a test compares the
// two.
func naive(p *variants.Problem, h variants.Head) []float64 {
	d, e := p.Shape.D, p.Shape.E
	valid := p.ValidKeys(h.Batch)
	out := make([]float64, len(h.Rows)*e)
	logits := make([]float64, p.Shape.S)
	for r, i := range h.Rows {
		visible, top := p.Shape.S, math.Inf(-1)
		if p.Shape.Causal {
			visible = max(0, i+p.Shape.S-p.Shape.N+1) // bottom-right aligned
		}
		for j := range min(visible, p.Shape.S) {
			logits[j] = math.Inf(-1)
			if valid == nil || valid[j] {
				logits[j] = dot(h.Q[i*d:(i+1)*d], h.K[j*d:]) / math.Sqrt(float64(d))
			}
			top = math.Max(top, logits[j])
		}
		if math.IsInf(top, -1) {
			continue // no key to see: the row is 0
		}
		o, sum := out[r*e:(r+1)*e], 0.0
		for j := range min(visible, p.Shape.S) {
			weight := math.Exp(logits[j] - top)
			sum += weight
			for c := range o {
				o[c] += weight * h.V[j*e+c]
			}
		}
		for c := range o {
			o[c] /= sum
		}
	}
	return out
}

func dot(a, b []float64) (sum float64) {
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}
