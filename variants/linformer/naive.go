package linformer

import (
	"math"

	"attnbench/variants"
)

// naive is the definition: compress, then softmax attention over the slots.
func naive(p *variants.Problem, h variants.Head) []float64 {
	d, e, slots := p.Shape.D, p.Shape.E, p.Int("k")
	valid := p.ValidKeys(h.Batch)
	keys := compress(p.PerHead("proj_k", h.Head, 3), h.K, slots, d, valid)
	forValues := "proj_v"
	if p.Text("sharing") == "kv" || p.Text("sharing") == "layerwise" {
		forValues = "proj_k"
	}
	values := compress(p.PerHead(forValues, h.Head, 3), h.V, slots, e, valid)
	out := make([]float64, len(h.Rows)*e)
	weights := make([]float64, slots)
	for r, i := range h.Rows {
		top, sum := math.Inf(-1), 0.0
		for c := range weights {
			weights[c] = 0
			for x := range d {
				weights[c] += h.Q[i*d+x] * keys[c*d+x] / math.Sqrt(float64(d))
			}
			top = math.Max(top, weights[c])
		}
		for c, logit := range weights {
			weights[c] = math.Exp(logit - top)
			sum += weights[c]
		}
		for c, weight := range weights {
			for x := range e {
				out[r*e+x] += weight / sum * values[c*e+x]
			}
		}
	}
	return out
}

// compress returns matrix·rows, [slots, width]: rows is [s, width], and a row that is not valid counts as
// zero.
func compress(matrix []float32, rows []float64, slots, width int, valid []bool) []float64 {
	s := len(rows) / width
	out := make([]float64, slots*width)
	for c := range slots {
		slot := out[c*width : (c+1)*width]
		for j, weight := range matrix[c*s : (c+1)*s] {
			if weight == 0 || valid != nil && !valid[j] {
				continue
			}
			for x, value := range rows[j*width : (j+1)*width] {
				slot[x] += float64(weight) * value
			}
		}
	}
	return out
}
