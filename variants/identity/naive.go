package identity

import "attnbench/variants"

// naive is the definition: o_i = v_i.
func naive(p *variants.Problem, h variants.Head) []float64 {
	e := p.Shape.E
	var out []float64
	for _, i := range h.Rows {
		out = append(out, h.V[i*e:(i+1)*e]...)
	}
	return out
}

// gradient is the derivative: dv_i = do_i.
func gradient(p *variants.Problem, h variants.Head, dout []float64) variants.HeadGradients {
	e := p.Shape.E
	g := variants.HeadGradients{
		Q: make([]float64, len(h.Q)), K: make([]float64, len(h.K)), V: make([]float64, len(h.V)),
	}
	for r, i := range h.Rows {
		copy(g.V[i*e:(i+1)*e], dout[r*e:(r+1)*e])
	}
	return g
}
