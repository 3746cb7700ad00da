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

func newState(
	ws *variants.Workspace, alloc func(*variants.Workspace, int) []float32, features, stride int,
) state {
	return state{
		sum:   alloc(ws, features*stride),
		total: alloc(ws, features),
		ref:   alloc(ws, features),
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
		dst.total[r] = f*a.total[r] + w.other[r]*b.total[r]
	}
	w.kernels.MixRows(w.features, w.cols, dst.sum, w.lds, a.sum, w.lds, b.sum, w.lds, w.factor, w.other)
}
