package linformer

import (
	"math"

	"attnbench/variants"
)

// gradient differentiates naive: softmax attention over the slots gives ∂L/∂K̄ and ∂L/∂V̄, and then
//
//	∂L/∂K = Eᵀ·∂L/∂K̄    ∂L/∂E = ∂L/∂K̄·Kᵀ
//
// and so for V and F (spec §2). A matrix that serves keys and values gets the sum of both.
func gradient(p *variants.Problem, h variants.Head, dout []float64) variants.HeadGradients {
	d, e, slots, valid := p.Shape.D, p.Shape.E, p.Int("k"), p.ValidKeys(h.Batch)
	forValues := "proj_v"
	if one(p) {
		forValues = "proj_k"
	}
	keyMatrix, valueMatrix := p.PerHead("proj_k", h.Head, 3), p.PerHead(forValues, h.Head, 3)
	keys, values := compress(keyMatrix, h.K, slots, d, valid), compress(valueMatrix, h.V, slots, e, valid)
	dKeys, dValues := make([]float64, len(keys)), make([]float64, len(values))
	g := variants.HeadGradients{Q: make([]float64, len(h.Q)), Inputs: map[string][]float64{}}
	for r, i := range h.Rows {
		q, dq, up := h.Q[i*d:][:d], g.Q[i*d:][:d], dout[r*e:][:e]
		weights := attend(q, keys, slots)
		along, mean := make([]float64, slots), 0.0
		for c, weight := range weights {
			for x, u := range up {
				along[c] += u * values[c*e+x]
				dValues[c*e+x] += weight * u
			}
			mean += weight * along[c]
		}
		for c, weight := range weights {
			slope := weight * (along[c] - mean) / math.Sqrt(float64(d))
			for x := range q {
				dq[x] += slope * keys[c*d+x]
				dKeys[c*d+x] += slope * q[x]
			}
		}
	}
	for _, name := range []string{"proj_k", forValues} {
		t, _ := p.Input(name)
		g.Inputs[name] = make([]float64, t.Len())
	}
	g.K = expand(keyMatrix, ofHead(p, g.Inputs["proj_k"], h), dKeys, h.K, slots, d, valid)
	g.V = expand(valueMatrix, ofHead(p, g.Inputs[forValues], h), dValues, h.V, slots, e, valid)
	if frozen(p) {
		g.Inputs = nil
	}
	return g
}

// attend returns the weights of a query over the slots.
func attend(q, keys []float64, slots int) []float64 {
	weights, top, sum := make([]float64, slots), math.Inf(-1), 0.0
	for c := range weights {
		for x, a := range q {
			weights[c] += a * keys[c*len(q)+x] / math.Sqrt(float64(len(q)))
		}
		top = math.Max(top, weights[c])
	}
	for c, logit := range weights {
		weights[c] = math.Exp(logit - top)
		sum += weights[c]
	}
	for c := range weights {
		weights[c] /= sum
	}
	return weights
}

// ofHead is the part of a matrix's gradient that belongs to a head.
func ofHead(p *variants.Problem, x []float64, h variants.Head) []float64 {
	if p.Text("sharing") != "none" {
		return x
	}
	size := len(x) / p.Shape.Heads
	return x[h.Head*size:][:size]
}

// expand returns the gradient of rows [s, width] by that of compress(matrix, rows), and adds the matrix's.
func expand(
	matrix []float32, dMatrix, dSlots, rows []float64, slots, width int, valid []bool,
) []float64 {
	s, dRows := len(rows)/width, make([]float64, len(rows))
	for c := range slots {
		for j := range s {
			if valid != nil && !valid[j] {
				continue
			}
			for x, slope := range dSlots[c*width : (c+1)*width] {
				dRows[j*width+x] += float64(matrix[c*s+j]) * slope
				dMatrix[c*s+j] += slope * rows[j*width+x]
			}
		}
	}
	return dRows
}
