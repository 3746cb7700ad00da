package prefix

import "slices"

// load makes past the state s, whose references it keeps.
func (w *backWorker) load(s *state, lds int) {
	e := w.shape.E
	for r := range w.features {
		row := w.past.sum[r*w.ldg:]
		copy(row[:e], s.sum[r*lds:])
		row[e] = s.total[r]
	}
	copy(w.past.ref, s.ref)
}

// move changes the references of past, a sum over keys, to those of a level, which is not below them but
// where past is 0.
func (w *backWorker) move(level float32) {
	w.fmap.Refs(level, w.ref)
	n := w.features
	if slices.Equal(w.past.ref[:n], w.ref[:n]) {
		return
	}
	for r := range n {
		w.factor[r] = min(w.past.ref[r]-w.ref[r], 0)
	}
	w.scale(w.past, n)
}

// moveBack changes the references of s, a sum over queries, to those of a level that is not above its own.
// What multiplies a key's features falls where they are relative to less.
func (w *backWorker) moveBack(s moment, level float32) {
	w.fmap.Refs(level, w.ref)
	if slices.Equal(s.ref, w.ref) {
		return
	}
	for r := range w.factor {
		w.factor[r] = w.ref[r] - s.ref[r]
	}
	w.scale(s, w.products)
}

// scale multiplies the first n rows of s by powers of 2, w.factor, and makes them relative to w.ref.
func (w *backWorker) scale(s moment, n int) {
	f := w.factor[:n]
	w.kernels.Exp2(f, f)
	w.kernels.ScaleRows(n, w.shape.E+1, s.sum, w.ldg, s.sum, w.ldg, f)
	copy(s.ref, w.ref[:n])
}

// reset makes s the sum over nothing, at a level.
func (w *backWorker) reset(s moment, level float32) {
	clear(s.sum)
	w.fmap.Refs(level, s.ref)
}

// absorb adds the products of features with rows, those of count tokens, to the first n rows of s; last
// holds what belongs to column e. Padding columns of rows are 0.
func (w *backWorker) absorb(s moment, n, count int, features, rows []float32, ldr int, last []float32) {
	e := w.shape.E
	w.kernels.Gemm(n, w.cols, count, features, w.ld, rows, ldr, s.sum, w.ldg, true)
	w.count(n, w.cols, count)
	total := w.total[:n]
	clear(total)
	w.kernels.DotRows(n, count, features, w.ld, last, total)
	for r, x := range total {
		s.sum[r*w.ldg+e] += x
	}
}

func (w *backWorker) count(m, n, k int) { w.executed += 2 * int64(m) * int64(n) * int64(k) }

// upstream makes G and Gᵀ of the tokens of c from the upstream gradient and the output, [n, e] of a head,
// and the denominators in w.bottom.
func (w *backWorker) upstream(c Chunk, dout, out []float32) {
	e := w.shape.E
	for i := range c.Count {
		at := (c.From + i) * e
		inverse := float32(0)
		if w.bottom[i] != 0 {
			inverse = 1 / w.bottom[i]
		}
		w.slant[i] = 0
		if !w.divisor.constant(w.bottom[i]) {
			w.slant[i] = -dot(dout[at:at+e], out[at:at+e]) * inverse
		}
		w.bottom[i] = inverse
	}
	w.kernels.ScaleRows(c.Count, e, w.g, w.ldg, dout[c.From*e:], e, w.bottom)
	w.pack(c, w.packedG, w.g, w.ldg, w.slant)
}

// pack transposes rows [count, e] and puts last below them.
func (w *backWorker) pack(c Chunk, dst, rows []float32, ld int, last []float32) {
	e := w.shape.E
	w.kernels.Pack(c.Count, e, dst, w.ld, rows, ld, 1)
	copy(dst[e*w.ld:][:c.Count], last)
}

// dot is x·y, in four sums.
func dot(x, y []float32) float32 {
	var s0, s1, s2, s3 float32
	for ; len(x) >= 4 && len(y) >= 4; x, y = x[4:], y[4:] {
		s0 += x[0] * y[0]
		s1 += x[1] * y[1]
		s2 += x[2] * y[2]
		s3 += x[3] * y[3]
	}
	for i := range x {
		s0 += x[i] * y[i]
	}
	return (s0 + s1) + (s2 + s3)
}

// rowsOf returns the values of c, v [s, e] of a head, padded where e is not a multiple of the lanes.
func (w *backWorker) rowsOf(c Chunk, v []float32) []float32 {
	e := w.shape.E
	if w.values == nil {
		return v[c.From*e:]
	}
	for j := range c.Count {
		copy(w.values[j*w.cols:], v[(c.From+j)*e:][:e])
	}
	return w.values
}

// target returns where the gradient of the values of c is computed, and store puts it where it belongs.
func (w *backWorker) target(c Chunk, dv []float32) []float32 {
	if w.dv == nil {
		return dv[c.From*w.shape.E:]
	}
	return w.dv
}

func (w *backWorker) store(c Chunk, dv []float32) {
	e := w.shape.E
	if w.dv == nil {
		return
	}
	for j := range c.Count {
		copy(dv[(c.From+j)*e:][:e], w.dv[j*w.cols:])
	}
}

// through is the first n rows of the gradient by features: the products of a moment with packed rows.
func (w *backWorker) through(n, count int, s moment, packed []float32) {
	cols, e := w.kernels.Pad(count), w.shape.E
	w.kernels.Gemm(n, cols, e+1, s.sum, w.ldg, packed, w.ld, w.grad, w.ldp, false)
	w.count(n, cols, e+1)
}

// toValues is the gradient of values that R gives, dv [count, cols].
func (w *backWorker) toValues(count int, features []float32, s moment, dv []float32, add bool) {
	w.kernels.GemmT(count, w.cols, w.products, features, w.ld, s.sum, w.ldg, dv, w.cols, add)
	w.count(count, w.cols, w.products)
}

func part(x []float32, head, rows, cols int) []float32 {
	return x[head*rows*cols : (head+1)*rows*cols]
}
