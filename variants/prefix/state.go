package prefix

import (
	"slices"

	"attnbench/variants"
	"attnbench/variants/kernel"
)

// state is the sum of φ(k) [v 1] over some keys. Row r is 2^ref[r] times what is stored.
type state struct {
	sum   []float32 // [features, stride of e]: Σ φ(k) v
	total []float32 // [features]: Σ φ(k)
	ref   []float32 // [features]
}

func newState(ws *variants.Workspace, features, stride int) state {
	return state{
		sum:   variants.Alloc[float32](ws, features*stride),
		total: variants.Alloc[float32](ws, features),
		ref:   variants.Alloc[float32](ws, features),
	}
}

// reset makes s the sum over no key.
func (s *state) reset() {
	clear(s.sum)
	clear(s.total)
	for r := range s.ref {
		s.ref[r] = kernel.Lowest
	}
}

func (s *state) copy(from *state) {
	copy(s.sum, from.sum)
	copy(s.total, from.total)
	copy(s.ref, from.ref)
}

// rescale changes the references of s.
func (w *worker) rescale(s *state, ref []float32) {
	if slices.Equal(s.ref, ref) {
		return
	}
	for r := range ref {
		w.factor[r] = s.ref[r] - ref[r]
	}
	w.kernels.Exp2(w.factor, w.factor)
	w.kernels.ScaleRows(w.features, w.cols, s.sum, w.lds, s.sum, w.lds, w.factor)
	for r, f := range w.factor {
		s.total[r] *= f
	}
	copy(s.ref, ref)
}

// combine makes dst the sum of a and b, relative to the larger reference of each row. dst may be one of them.
func (w *worker) combine(dst, a, b *state) {
	for r := range w.factor {
		ref := max(a.ref[r], b.ref[r])
		w.factor[r], w.other[r] = a.ref[r]-ref, b.ref[r]-ref
		dst.ref[r] = ref
	}
	w.kernels.Exp2(w.factor, w.factor)
	w.kernels.Exp2(w.other, w.other)
	for r, f := range w.factor {
		g := w.other[r]
		dst.total[r] = f*a.total[r] + g*b.total[r]
		at := r * w.lds
		mix(dst.sum[at:][:w.cols], a.sum[at:][:w.cols], b.sum[at:][:w.cols], f, g)
	}
}

// mix computes dst = f·x + g·y, four at a time: lengths are multiples of the lanes. A causal chunk needs it
// for every row of the state, so it has to cost little beside the products.
func mix(dst, x, y []float32, f, g float32) {
	for ; len(dst) >= 4 && len(x) >= 4 && len(y) >= 4; dst, x, y = dst[4:], x[4:], y[4:] {
		dst[0] = f*x[0] + g*y[0]
		dst[1] = f*x[1] + g*y[1]
		dst[2] = f*x[2] + g*y[2]
		dst[3] = f*x[3] + g*y[3]
	}
}
