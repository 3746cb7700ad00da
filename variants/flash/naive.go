package flash

import (
	"math"

	"attnbench/variants"
	"attnbench/variants/exact"
)

// naive is the definition: softmax attention itself. The tiles are an order of evaluation, not another
// function.
func naive(p *variants.Problem, h variants.Head) []float64 { return exact.Attention(p, h) }

// naiveGradient is the derivative of softmax attention (spec §1), row by row: with the weights w of a row,
// the gradient of a logit is w_j (g·v_j - g·o).
func naiveGradient(p *variants.Problem, h variants.Head, dout []float64) variants.HeadGradients {
	s := p.Shape
	g := variants.HeadGradients{
		Q: make([]float64, s.N*s.D), K: make([]float64, s.S*s.D), V: make([]float64, s.S*s.E),
	}
	for r, i := range h.Rows {
		q, up := h.Q[i*s.D:(i+1)*s.D], dout[r*s.E:(r+1)*s.E]
		w, slope := make([]float64, s.S), make([]float64, s.S)
		for j := range w {
			w[j] = dot(q, h.K[j*s.D:]) / math.Sqrt(float64(s.D))
			slope[j] = dot(up, h.V[j*s.E:])
		}
		exact.Softmax(w, exact.Visible(s, i), p.ValidKeys(h.Batch))
		mean := dot(w, slope)
		for j := range w {
			slope[j] = w[j] * (slope[j] - mean) / math.Sqrt(float64(s.D))
			axpy(g.Q[i*s.D:(i+1)*s.D], slope[j], h.K[j*s.D:])
			axpy(g.K[j*s.D:(j+1)*s.D], slope[j], q)
			axpy(g.V[j*s.E:(j+1)*s.E], w[j], up)
		}
	}
	return g
}

// axpy adds a·x to y.
func axpy(y []float64, a float64, x []float64) {
	for c := range y {
		y[c] += a * x[c]
	}
}

func dot(a, b []float64) (sum float64) {
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}
