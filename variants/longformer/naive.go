package longformer

import (
	"math"
	"slices"

	"attnbench/variants"
)

// naive is the definition, row by row: softmax over the keys that naiveKeys names, with the tensors of a
// global row where it is one.
func naive(p *variants.Problem, h variants.Head) []float64 {
	d, e := p.Shape.D, p.Shape.E
	global, own := naiveGlobals(p), naiveOwn(p, h)
	out := make([]float64, len(h.Rows)*e)
	for r, i := range h.Rows {
		x := h
		if global[i] {
			x = own
		}
		keys := naiveKeys(p, h, global, i)
		for at, weight := range naiveWeights(x.Q[i*d:(i+1)*d], x.K, keys) {
			for c := range e {
				out[r*e+c] += weight * x.V[keys[at]*e+c]
			}
		}
	}
	return out
}

// naiveGlobals says of every token whether it is global.
func naiveGlobals(p *variants.Problem) []bool {
	global := make([]bool, p.Shape.N)
	index, given := p.Input(globalIndex)
	for i := range global {
		global[i] = i < p.Int("globals") || given && slices.Contains(index.I64, int64(i))
	}
	return global
}

// naiveOwn is the head as the rows of global tokens see it.
func naiveOwn(p *variants.Problem, h variants.Head) variants.Head {
	if _, own := p.Input("q_global"); own {
		h.Q = variants.Float64(p.PerHead("q_global", h.Head, 3))
		h.K = variants.Float64(p.PerHead("k_global", h.Head, 3))
		h.V = variants.Float64(p.PerHead("v_global", h.Head, 3))
	}
	return h
}

// naiveKeys lists the keys that row i sees, none where its token is masked.
func naiveKeys(p *variants.Problem, h variants.Head, global []bool, i int) (keys []int) {
	valid := p.ValidKeys(h.Batch)
	if valid != nil && !valid[i] {
		return nil // the row of a masked token is 0
	}
	step := p.Ints("dilation")[0]
	if list := p.Ints("dilation"); len(list) > 1 {
		step = list[h.Head]
	}
	for j := range p.Shape.N {
		t := (j - i) / step
		inBand := (j-i)%step == 0 && max(t, -t) <= p.Int("window")/2
		if (valid == nil || valid[j]) && (!p.Shape.Causal || j <= i) && (global[i] || global[j] || inBand) {
			keys = append(keys, j)
		}
	}
	return keys
}

// naiveWeights are softmax of q·k_j/√d over the keys j.
func naiveWeights(q, k []float64, keys []int) []float64 {
	weights, top := make([]float64, len(keys)), math.Inf(-1)
	for x, j := range keys {
		weights[x] = dot(q, k[j*len(q):]) / math.Sqrt(float64(len(q)))
		top = max(top, weights[x])
	}
	var sum float64
	for x, logit := range weights {
		weights[x] = math.Exp(logit - top)
		sum += weights[x]
	}
	for x := range weights {
		weights[x] /= sum
	}
	return weights
}

// naiveGradient differentiates naive (spec §1): with weights p_ij and g_i = ∂L/∂o_i, the gradient of a logit
// is p_ij (g_i·v_j - g_i·o_i). That of a global row goes to the tensors that it uses.
func naiveGradient(p *variants.Problem, h variants.Head, dout []float64) variants.HeadGradients {
	e := p.Shape.E
	global, own := naiveGlobals(p), naiveOwn(p, h)
	g := variants.HeadGradients{
		Q: make([]float64, len(h.Q)), K: make([]float64, len(h.K)), V: make([]float64, len(h.V)),
	}
	ofOwn := g
	if _, given := p.Input("q_global"); given {
		ofOwn = variants.HeadGradients{Inputs: map[string][]float64{}}
		for name, x := range map[string]*[]float64{
			"q_global": &ofOwn.Q, "k_global": &ofOwn.K, "v_global": &ofOwn.V,
		} {
			t, _ := p.Input(name)
			all, size := make([]float64, t.Len()), t.Len()/p.Shape.Heads
			ofOwn.Inputs[name], *x = all, all[h.Head*size:(h.Head+1)*size]
		}
		g.Inputs = ofOwn.Inputs
	}
	for r, i := range h.Rows {
		x, to := h, g
		if global[i] {
			x, to = own, ofOwn
		}
		naiveRow(p.Shape, x, to, i, naiveKeys(p, h, global, i), dout[r*e:(r+1)*e])
	}
	return g
}

// naiveRow adds what row i contributes: up is the gradient of its output.
func naiveRow(s variants.Shape, x variants.Head, to variants.HeadGradients, i int, keys []int, up []float64) {
	d, e := s.D, s.E
	weights, mean := naiveWeights(x.Q[i*d:(i+1)*d], x.K, keys), 0.0
	for at, weight := range weights { // g_i·o_i
		mean += weight * dot(up, x.V[keys[at]*e:])
	}
	for at, weight := range weights {
		j := keys[at]
		slope := weight * (dot(up, x.V[j*e:]) - mean) / math.Sqrt(float64(d))
		for c := range d {
			to.Q[i*d+c] += slope * x.K[j*d+c]
			to.K[j*d+c] += slope * x.Q[i*d+c]
		}
		for c := range e {
			to.V[j*e+c] += weight * up[c]
		}
	}
}

func dot(a, b []float64) (sum float64) {
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}
