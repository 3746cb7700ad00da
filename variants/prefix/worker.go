package prefix

import (
	"slices"

	"attnbench/variants"
	"attnbench/variants/kernel"
)

// block is the number of keys whose products with a chunk's queries are taken at a time: queries before a
// block see none of it. It is a multiple of every set's lanes.
const block = 16

// span is the number of tokens that a causal state takes at a time. The products of a span's keys with its
// own queries grow with it, the passes over the state shrink.
const span = 32

// worker computes chunks.
type worker struct {
	kernels  *kernel.Set // with ahead
	shape    variants.Shape
	features int
	divisor  Divisor
	cols     int // e rounded up to lanes
	lds      int // of states
	fmap     Map

	ld             int       // of the next three
	keys, queries  []float32 // [features, tokens]
	span           int       // tokens that a state takes at a time: the whole chunk where it is not causal
	ldw            int
	weights        []float32 // [block, ldw]: of a block of keys with the queries of a causal span
	values, output []float32 // [tokens, cols], where operands are not float32 or e not a multiple of the lanes
	tokens         []float32 // [tokens, d]: queries or keys of operands that are not float32
	bottom         []float32 // [tokens]: denominators, then their inverses
	bottoms        []float32 // [slices, n]: all denominators, where gradients need them; else nil
	ones           []float32

	ref, next, factor, other []float32 // [features]

	local, mixed state // of the segment at hand; and with all keys before it
	executed     int64
	ahead        *kernel.Ahead // what the next chunk of a head reads
}

// newWorker allocates a worker; causal ones have what rows need that see a part of the keys.
func newWorker(e *Engine, ws *variants.Workspace, m Map, causal bool) worker {
	w := worker{ahead: new(kernel.Ahead), shape: e.shape, features: e.features, divisor: e.divisor, fmap: m}
	w.kernels = e.kernels.Ahead(w.ahead)
	w.cols = e.kernels.Pad(e.shape.E)
	w.span = e.chunk
	w.ld, w.lds = stride(e.kernels.Pad(e.chunk)), stride(w.cols)
	floats := func(n int) []float32 { return variants.Alloc[float32](ws, n) }
	w.keys, w.queries = floats(w.features*w.ld), floats(w.features*w.ld)
	if e.elements != variants.F32 {
		w.tokens = floats(e.chunk * e.shape.D)
	}
	if w.cols != e.shape.E || e.elements != variants.F32 {
		w.values, w.output = floats(e.chunk*w.cols), floats(e.chunk*w.cols)
	}
	w.bottom, w.ones = floats(w.ld), floats(w.ld)
	for _, x := range []*[]float32{&w.ref, &w.next, &w.factor, &w.other} {
		*x = floats(w.features)
	}
	if causal {
		w.span = min(span, e.chunk)
		w.ldw = stride(e.kernels.Pad(w.span))
		w.weights = floats(block * w.ldw)
		alloc := variants.Alloc[float32]
		w.local = newState(ws, alloc, w.features, w.lds)
		if e.segments > 1 {
			w.mixed = newState(ws, alloc, w.features, w.lds)
		}
	}
	return w
}

// stride is the distance of rows of the given number of columns: an odd number of cache lines. Even ones,
// powers of two above all, map the rows of a panel to few sets of the first-level cache.
func stride(cols int) int {
	const line = 16 // floats
	return ((cols+line-1)/line | 1) * line
}

// Prepare fills constant tables.
func (e *Engine) Prepare() {
	for i := range e.workers {
		for c := range e.workers[i].ones {
			e.workers[i].ones[c] = 1
		}
	}
}

// mapKeys makes the features of keys from c on and moves s to their references. It returns c with as many
// as fit.
func (w *worker) mapKeys(c Chunk, k variants.Floats, s *state) Chunk {
	copy(w.ref, s.ref)
	c.Count = w.fmap.Keys(w.keys, w.ld, w.tokensOf(c, k), c, w.ref, w.next)
	w.rescale(s, w.ref)
	return c
}

// lookAhead says what lies behind a chunk, to be asked for during so many operations: as many tokens again
// of a head's keys, queries and values, of those that are read. Operands that are not float32 are short, and
// left alone.
func (w *worker) lookAhead(c Chunk, flops int64, k, q, v variants.Floats) {
	part := func(x variants.Floats, width int) []float32 {
		from := (c.From + c.Count) * width
		if from >= len(x.F32) {
			return nil
		}
		return x.F32[from:min(from+c.Count*width, len(x.F32))]
	}
	d, e := w.shape.D, w.shape.E
	w.ahead.Plan(flops, part(k, d), part(q, d), part(v, e))
}

// flopsOfState is what it takes to absorb so many keys, or to read for so many queries.
func (w *worker) flopsOfState(count int) int64 { return w.flops(count, w.cols, w.features) }

// absorb adds count of the chunk's keys, those from at on, to s.
func (w *worker) absorb(at, count int, values []float32, s *state) {
	keys := w.keys[at:]
	w.kernels.Gemm(w.features, w.cols, count, keys, w.ld, values[at*w.cols:], w.cols, s.sum, w.lds, true)
	w.kernels.SumRows(w.features, w.kernels.Pad(count), keys, w.ld, s.total)
	w.executed += w.flopsOfState(count)
}

// read starts count of the chunk's output rows, those from at on: the product of their queries with s.
func (w *worker) read(at, count int, s *state, out []float32) {
	queries, bottom, cols := w.queries[at:], w.bottom[at:], w.kernels.Pad(count)
	w.kernels.GemmT(count, w.cols, w.features, queries, w.ld, s.sum, w.lds, out[at*w.cols:], w.cols, false)
	clear(bottom[:cols])
	w.kernels.DotCols(w.features, cols, queries, w.ld, s.total, bottom)
	w.executed += w.flopsOfState(count)
}

// own adds to count output rows, those from at on, what the keys of the same tokens give them, those at or
// before each query.
func (w *worker) own(at, count int, values, out []float32) {
	for from, end := at, at+count; from < end; from += block {
		keys, queries := min(block, end-from), end-from
		cols := w.kernels.Pad(queries)
		k, q := w.keys[from:], w.queries[from:]
		w.kernels.GemmT(keys, cols, w.features, k, w.ld, q, w.ld, w.weights, w.ldw, false)
		for j := range keys {
			clear(w.weights[j*w.ldw:][:j])
		}
		w.kernels.DotCols(keys, cols, w.weights, w.ldw, w.ones, w.bottom[from:])
		v, to := values[from*w.cols:], out[from*w.cols:]
		w.kernels.GemmT(queries, w.cols, keys, w.weights, w.ldw, v, w.cols, to, w.cols, true)
		w.executed += w.flops(keys, cols, w.features) + w.flops(queries, w.cols, keys)
	}
}

// finish divides the output rows and stores them.
func (w *worker) finish(c Chunk, out []float32, to variants.Floats) {
	const smallest = 0x1p-126
	for i, sum := range w.bottom[:c.Count] {
		x := w.divisor.of(sum)
		if w.bottoms != nil {
			w.bottoms[c.Head*w.shape.N+c.From+i] = x
		}
		w.bottom[i] = 0
		if x >= smallest || x <= -smallest {
			w.bottom[i] = 1 / x
		}
	}
	e := w.shape.E
	if to.F32 != nil {
		w.kernels.ScaleRows(c.Count, e, to.F32[c.From*e:], e, out, w.cols, w.bottom)
		return
	}
	w.kernels.ScaleRows(c.Count, e, out, w.cols, out, w.cols, w.bottom)
	w.kernels.Narrow(c.Count, e, to.BF16[c.From*e:], e, out, w.cols)
}

// align multiplies the chunk's key features, which are relative to w.ref, so that they are relative to ref.
func (w *worker) align(c Chunk, ref []float32) {
	if slices.Equal(w.ref, ref) {
		return
	}
	for r := range ref {
		w.factor[r] = w.ref[r] - ref[r]
	}
	w.kernels.Exp2(w.factor, w.factor)
	w.kernels.ScaleRows(w.features, c.Count, w.keys, w.ld, w.keys, w.ld, w.factor)
}

// Tokens returns a chunk's rows of q or k [batch, heads, n, d] as float32, [c.Count, d], for one worker.
func (e *Engine) Tokens(worker int, c Chunk, x variants.Floats) []float32 {
	n := x.Len() / e.shape.Slices() / e.shape.D
	return e.workers[worker].tokensOf(c, rows(x, c.Head, n, e.shape.D))
}

// tokensOf returns the chunk's rows of q or k [n, d] as float32, [count, d].
func (w *worker) tokensOf(c Chunk, x variants.Floats) []float32 {
	d := w.shape.D
	if x.F32 != nil {
		return x.F32[c.From*d:][:c.Count*d]
	}
	w.kernels.Widen(c.Count, d, w.tokens, d, x.BF16[c.From*d:], d)
	return w.tokens[:c.Count*d]
}

// rowsOf returns the chunk's values, [count, cols], padded where e is not a multiple of the lanes.
func (w *worker) rowsOf(c Chunk, v variants.Floats) []float32 {
	e := w.shape.E
	switch {
	case w.values == nil:
		return v.F32[c.From*e:]
	case v.BF16 != nil:
		w.kernels.Widen(c.Count, e, w.values, w.cols, v.BF16[c.From*e:], e)
	default:
		for j := range c.Count {
			copy(w.values[j*w.cols:], v.F32[(c.From+j)*e:][:e])
		}
	}
	return w.values
}

// outputOf returns where the output rows of the chunk are computed: in place where they can be.
func (w *worker) outputOf(c Chunk, out variants.Floats) []float32 {
	if w.output == nil {
		return out.F32[c.From*w.shape.E:]
	}
	return w.output
}

func (w *worker) flops(m, n, k int) int64 { return 2 * int64(m) * int64(n) * int64(k) }
