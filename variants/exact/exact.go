// Package exact is softmax attention in float64 on gonum: what every approximation is measured against.
package exact

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"

	"attnbench/variants"
)

// rowsAtOnce bounds the oracle's own memory: scores of so many query rows are held at a time.
const rowsAtOnce = 64

// Attention computes the wanted rows of softmax(Q·Kᵀ/√d + M)·V for one head (spec §1): [len(h.Rows), e]. Keys
// that the problem's mask or causality hides have weight 0; a row that sees no key is 0.
func Attention(p *variants.Problem, h variants.Head) []float64 {
	return Edited(p, h, func(int, []float64) {})
}

// Edited is Attention with an edit of each row's logits, which are those of keys 0, 1, …, before masks and
// softmax.
func Edited(p *variants.Problem, h variants.Head, edit func(row int, logits []float64)) []float64 {
	s := p.Shape
	out := make([]float64, len(h.Rows)*s.E)
	scores := make([]float64, rowsAtOnce*s.S)
	queries := make([]float64, rowsAtOnce*s.D)
	valid := p.ValidKeys(h.Batch)
	for first := 0; first < len(h.Rows); first += rowsAtOnce {
		rows := h.Rows[first:min(first+rowsAtOnce, len(h.Rows))]
		keys := 0
		for i, r := range rows {
			copy(queries[i*s.D:(i+1)*s.D], h.Q[r*s.D:])
			keys = max(keys, Visible(s, r))
		}
		if keys == 0 {
			continue
		}
		q := general(len(rows), s.D, s.D, queries)
		w := general(len(rows), keys, keys, scores)
		blas64.Gemm(blas.NoTrans, blas.Trans, 1/math.Sqrt(float64(s.D)), q, general(keys, s.D, s.D, h.K), 0, w)
		for i, r := range rows {
			edit(r, scores[i*keys:(i+1)*keys])
			Softmax(scores[i*keys:(i+1)*keys], Visible(s, r), valid)
		}
		o := general(len(rows), s.E, s.E, out[first*s.E:])
		blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, w, general(keys, s.E, s.E, h.V), 0, o)
	}
	return out
}

func general(rows, cols, stride int, data []float64) blas64.General {
	return blas64.General{Rows: rows, Cols: cols, Stride: stride, Data: data}
}

// Visible is the number of leading keys that causality lets a query row see: all of them in attention that is
// not causal.
func Visible(s variants.Shape, row int) int {
	if !s.Causal {
		return s.S
	}
	return min(max(row+s.S-s.N+1, 0), s.S)
}

// Softmax replaces logits by weights: those from visible on and those that are not valid (nil: all are) get
// weight 0. Where nothing is left all weights are 0.
func Softmax(logits []float64, visible int, valid []bool) {
	for j := range logits {
		if j >= visible || valid != nil && !valid[j] {
			logits[j] = math.Inf(-1)
		}
	}
	top := floats.Max(logits)
	if math.IsInf(top, -1) {
		clear(logits)
		return
	}
	for j, x := range logits {
		logits[j] = math.Exp(x - top)
	}
	floats.Scale(1/floats.Sum(logits), logits)
}
