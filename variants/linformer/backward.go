package linformer

import "attnbench/variants"

// expander takes gradients of slots back to keys, values and matrices,
//
//	∂K = Eᵀ·∂K̄    ∂E = Σ ∂K̄·Kᵀ
//
// one block of keys at a time: the block of E is read once for all heads that share it, and the block of ∂E
// is the job's own, so that its sum over heads has one order.
type expander struct {
	*compressor
	block        int // keys
	keys, values spread
	workers      []expandWorker
	step         func(worker, job int)
}

// spread is the backward pass of a side.
type spread struct {
	*side
	slots     []float32 // [slices, slots, width]: gradient of the side's slots
	rows, to  []float32 // of the call: K or V, and its gradient, [slices, s, width]
	gradients []float32 // of the call: that of the matrices
}

// expandWorker is one worker's scratch.
type expandWorker struct {
	ld       int       // of the next two
	matrix   []float32 // [slots, ld]: ∂E of the block
	packed   []float32 // [width, ld]: Kᵀ
	rows     []float32 // [block, padded]: K with masked rows cleared
	slots    []float32 // [slots, padded]: ∂K̄, where the width is not a multiple of the lanes
	to       []float32 // [block, padded]: ∂K, there too
	executed int64
}

func newExpander(ws *variants.Workspace, c *compressor) *expander {
	set, shape := c.p.Kernels, c.p.Shape
	x := &expander{compressor: c, block: min(set.Side(), shape.S)}
	x.keys, x.values = x.newSpread(ws, &c.keys), x.newSpread(ws, &c.values)
	width, padded := max(shape.D, shape.E), max(c.keys.padded, c.values.padded)
	floats := func(n int) []float32 { return variants.Alloc[float32](ws, n) }
	for range c.p.Pool.Threads() {
		w := expandWorker{ld: c.stride(x.block)}
		if !frozen(c.p) {
			w.matrix, w.packed = floats(c.slots*w.ld), floats(width*w.ld)
		}
		if c.p.Valid != nil && !frozen(c.p) {
			w.rows = floats(x.block * width)
		}
		if c.keys.ragged() || c.values.ragged() {
			w.slots, w.to = floats(c.slots*padded), floats(x.block*padded)
		}
		x.workers = append(x.workers, w)
	}
	x.step = x.expand
	return x
}

func (x *expander) newSpread(ws *variants.Workspace, s *side) spread {
	return spread{side: s, slots: variants.Alloc[float32](ws, x.p.Shape.Slices()*x.compressor.slots*s.width)}
}

// ragged reports whether rows end within a vector.
func (s *side) ragged() bool { return s.width != s.padded }

// run computes the gradients of k and v and of the matrices, given those of the slots.
func (x *expander) run(g variants.Gradients, k, v []float32) {
	x.keys.rows, x.keys.to, x.keys.gradients = k, g.K, g.Inputs["proj_k"]
	x.values.rows, x.values.to, x.values.gradients = v, g.V, g.Inputs["proj_v"]
	for i := range x.workers {
		x.workers[i].executed = 0
	}
	x.p.Pool.Run(x.blocks()*x.matrices(), x.step)
	for _, s := range []*spread{&x.keys, &x.values} {
		s.rows, s.to, s.gradients = nil, nil, nil
	}
}

func (x *expander) blocks() int { return (x.p.Shape.S + x.block - 1) / x.block }

// matrices is the number of matrices that blocks are taken of.
func (x *expander) matrices() int {
	switch {
	case one(x.p):
		return 1
	case x.p.Text("sharing") == "none":
		return 2 * x.p.Shape.Heads
	}
	return 2
}

// expand works on one block of one matrix.
func (x *expander) expand(worker, job int) {
	w, matrix := &x.workers[worker], job%x.matrices()
	from := job / x.matrices() * x.block
	count := min(x.block, x.p.Shape.S-from)
	s := &x.keys
	if matrix%2 == 1 {
		s = &x.values
	}
	head, step := 0, 1 // slices that share the matrix
	if x.p.Text("sharing") == "none" {
		head, step = matrix/2, x.p.Shape.Heads
	}
	for slice := head; slice < x.p.Shape.Slices(); slice += step {
		x.expandSlice(w, s, slice, head, from, count, slice > head)
		if one(x.p) {
			x.expandSlice(w, &x.values, slice, head, from, count, true)
		}
	}
	if frozen(x.p) {
		return
	}
	length := x.p.Shape.S
	for slot := range x.compressor.slots {
		copy(s.gradients[(head*x.compressor.slots+slot)*length+from:][:count], w.matrix[slot*w.ld:])
	}
}

// expandSlice adds one head's part to ∂E of a block and computes its rows of ∂K.
func (x *expander) expandSlice(w *expandWorker, s *spread, slice, head, from, count int, add bool) {
	set, slots, n := x.p.Kernels, x.compressor.slots, x.p.Shape.S
	at := (slice*n + from) * s.width
	dSlots := s.slots[slice*slots*s.width:][:slots*s.width]
	if !frozen(x.p) {
		rows := x.valid(w, s, slice, from, count, s.rows[at:][:count*s.width])
		set.Pack(count, s.width, w.packed, w.ld, rows, s.width, 1)
		set.Gemm(slots, set.Pad(count), s.width, dSlots, s.width, w.packed, w.ld, w.matrix, w.ld, add)
		w.executed += 2 * int64(slots) * int64(set.Pad(count)*s.width)
	}

	to := s.to[at:][:count*s.width]
	out := to
	if s.ragged() {
		for slot := range slots {
			copy(w.slots[slot*s.padded:][:s.width], dSlots[slot*s.width:])
		}
		dSlots, out = w.slots, w.to
	}
	stride := x.stride(n)
	matrix := s.matrix[head*slots*stride+from:]
	set.GemmT(count, s.padded, slots, matrix, stride, dSlots, s.padded, out, s.padded, false)
	w.executed += 2 * int64(slots) * int64(count*s.padded)
	if s.ragged() {
		for j := range count {
			copy(to[j*s.width:][:s.width], out[j*s.padded:])
		}
	}
	if valid := x.p.ValidKeys(slice / x.p.Shape.Heads); valid != nil {
		for j := range count {
			if !valid[from+j] {
				clear(to[j*s.width:][:s.width])
			}
		}
	}
}

// valid returns rows of K or V with those of masked keys cleared.
func (x *expander) valid(w *expandWorker, s *spread, slice, from, count int, rows []float32) []float32 {
	valid := x.p.ValidKeys(slice / x.p.Shape.Heads)
	if valid == nil {
		return rows
	}
	copy(w.rows, rows)
	for j := range count {
		if !valid[from+j] {
			clear(w.rows[j*s.width:][:s.width])
		}
	}
	return w.rows
}

// executed is the number of floating-point operations of the last run.
func (x *expander) executed() int64 {
	var sum int64
	for i := range x.workers {
		sum += x.workers[i].executed
	}
	return sum
}
