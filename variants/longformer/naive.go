package longformer

import (
	"math"
	"slices"

	"attnbench/variants"
)

// naive is the definition, row by row: softmax over the keys that sees names, with the tensors of a global
// row where it is one.
func naive(p *variants.Problem, h variants.Head) []float64 {
	d, e := p.Shape.D, p.Shape.E
	valid := p.ValidKeys(h.Batch)
	global := make([]bool, p.Shape.N)
	index, given := p.Input("global_index")
	for i := range global {
		global[i] = i < p.Int("globals") || given && slices.Contains(index.I64, int64(i))
	}
	step := p.Ints("dilation")[0]
	if list := p.Ints("dilation"); len(list) > 1 {
		step = list[h.Head]
	}
	qg, kg, vg := h.Q, h.K, h.V
	if _, own := p.Input("q_global"); own {
		qg = variants.Float64(p.PerHead("q_global", h.Head, 3))
		kg = variants.Float64(p.PerHead("k_global", h.Head, 3))
		vg = variants.Float64(p.PerHead("v_global", h.Head, 3))
	}
	out := make([]float64, len(h.Rows)*e)
	for r, i := range h.Rows {
		if valid != nil && !valid[i] {
			continue // the row of a masked token is 0
		}
		q, k, v := h.Q, h.K, h.V
		if global[i] {
			q, k, v = qg, kg, vg
		}
		var keys []int
		for j := range p.Shape.N {
			t := (j - i) / step
			inBand := (j-i)%step == 0 && max(t, -t) <= p.Int("window")/2
			if (valid == nil || valid[j]) && (!p.Shape.Causal || j <= i) && (global[i] || global[j] || inBand) {
				keys = append(keys, j)
			}
		}
		attend(out[r*e:(r+1)*e], q[i*d:(i+1)*d], k, v, keys)
	}
	return out
}

// attend computes one row: softmax of q·k_j/√d over the keys j, times v.
func attend(out, q, k, v []float64, keys []int) {
	logits, top := make([]float64, len(keys)), math.Inf(-1)
	for x, j := range keys {
		for c, qc := range q {
			logits[x] += qc * k[j*len(q)+c] / math.Sqrt(float64(len(q)))
		}
		top = max(top, logits[x])
	}
	var sum float64
	for x, j := range keys {
		weight := math.Exp(logits[x] - top)
		sum += weight
		for c := range out {
			out[c] += weight * v[j*len(out)+c]
		}
	}
	for c := range out {
		out[c] /= sum
	}
}
