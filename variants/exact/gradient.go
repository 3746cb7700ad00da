package exact

import (
	"math"

	"gonum.org/v1/gonum/floats"

	"attnbench/variants"
)

// Gradient differentiates Attention.
func Gradient(p *variants.Problem, h variants.Head, dout []float64) variants.HeadGradients {
	return EditedGradient(p, h, dout, func(int, []float64) {})
}

// EditedGradient differentiates Edited (spec §1), row by row: with the weights w of a row and the gradient g
// of its output, the gradient of a logit is w_j (g·v_j - g·o). The edit must not depend on the logits that
// it leaves finite, but for adding to them.
func EditedGradient(p *variants.Problem, h variants.Head, dout []float64,
	edit func(row int, logits []float64)) variants.HeadGradients {
	s := p.Shape
	g := variants.HeadGradients{
		Q: make([]float64, s.N*s.D), K: make([]float64, s.S*s.D), V: make([]float64, s.S*s.E),
	}
	scale, valid := 1/math.Sqrt(float64(s.D)), p.ValidKeys(h.Batch)
	w, slope := make([]float64, s.S), make([]float64, s.S)
	for r, i := range h.Rows {
		q, up := h.Q[i*s.D:(i+1)*s.D], dout[r*s.E:(r+1)*s.E]
		for j := range w {
			w[j] = scale * floats.Dot(q, h.K[j*s.D:(j+1)*s.D])
			slope[j] = floats.Dot(up, h.V[j*s.E:(j+1)*s.E])
		}
		edit(i, w)
		Softmax(w, Visible(s, i), valid)
		mean := floats.Dot(w, slope)
		for j := range w {
			if w[j] == 0 {
				continue
			}
			slope[j] = scale * w[j] * (slope[j] - mean)
			floats.AddScaled(g.Q[i*s.D:(i+1)*s.D], slope[j], h.K[j*s.D:(j+1)*s.D])
			floats.AddScaled(g.K[j*s.D:(j+1)*s.D], slope[j], q)
			floats.AddScaled(g.V[j*s.E:(j+1)*s.E], w[j], up)
		}
	}
	return g
}
