package recurrent

import (
	"attnbench/variants"
	"attnbench/variants/kernel"
)

// block is the number of queries whose products with keys are taken at a time: a block of queries meets no
// key behind it. It is a multiple of the rows of most register tiles.
const block = 24

// worker computes runs. Matrices by token have a row for each token of a run.
type worker struct {
	decays
	*Engine

	slice, head int // that is open
	columns     columns

	state []float32 // [d, lde]: before the run; of the open columns, as everything that has lde columns

	qbuf, kbuf []float32 // [chunk, ldk]: rows of q and k that cannot be used in place
	wide       []float32 // [chunk, ldk or lde]: rows of another number format
	flipped    []float32 // [d, ldt]: kᵀ
	weights    []float32 // [chunk, ldt]: q kᵀ
	values     []float32 // [chunk, lde]: ũ
	output     []float32 // [chunk, lde], where products cannot write to out; or nil
	overlaps   []float32 // [chunk, ldt]: k kᵀ; only with the delta rule, as all below
	missed     []float32 // [chunk, lde]: what the state lacks, K S - Ṽ and so on: ũ is -β times it
	step       []float32 // [chunk]: -β

	ldk, lde, ldt int
	executed      int64
	kernels       *kernel.Set   // the engine's, with ahead
	ahead         *kernel.Ahead // what the next run of a head reads
}

// columns are some columns of values, output and state.
type columns struct{ first, count int }

// run is a number of tokens that are taken at once.
type run struct {
	from, count int
	q, k        rows
}

// rows are rows of a matrix.
type rows struct {
	x  []float32
	ld int
}

func (r rows) at(row int) []float32 { return r.x[row*r.ld:] }

func newWorker(e *Engine, ws *variants.Workspace) worker {
	set, s := e.kernels, e.shape
	floats := func(n int) []float32 { return variants.Alloc[float32](ws, n) }
	w := worker{Engine: e, decays: newDecays(e, ws), ahead: new(kernel.Ahead)}
	w.kernels = set.Ahead(w.ahead)
	w.ldk, w.lde, w.ldt = stride(set.Pad(s.D)), stride(e.cols), stride(set.Pad(e.chunk))
	w.state = floats(s.D * w.lde)
	w.qbuf, w.kbuf = floats(e.chunk*w.ldk), floats(e.chunk*w.ldk)
	if e.elements != variants.F32 {
		w.wide = floats(e.chunk * max(w.ldk, w.lde))
	}
	w.flipped, w.weights = floats(s.D*w.ldt), floats(e.chunk*w.ldt)
	w.values = floats(e.chunk * w.lde)
	if !e.direct() {
		w.output = floats(e.chunk * w.lde)
	}
	if e.Step != "" {
		w.overlaps, w.missed, w.step = floats(e.chunk*w.ldt), floats(e.chunk*w.lde), floats(e.chunk)
	}
	return w
}

// stride is the distance of rows of the given number of columns: an odd number of cache lines. Even ones,
// powers of two above all, map the rows of a panel to few sets of the first-level cache.
func stride(cols int) int {
	const line = 16 // floats
	return ((cols+line-1)/line | 1) * line
}

// openHead makes some columns of a head the worker's.
func (w *worker) openHead(slice int, c columns) {
	w.slice, w.head, w.columns = slice, slice%w.shape.Heads, c
	switch w.Decay {
	case PerHead:
		w.same = w.constant(w.head)
	case PerToken:
		w.perToken = w.tokens(w.head)
	}
}

// begin finds the run that starts at a token, of tokens below to, and makes its keys and ũ from the state.
func (w *worker) begin(from, to, end int) run {
	r := run{from: from, count: w.countTokens(from, to, end)}
	w.loadKeys(&r)
	w.makeValues(r)
	return r
}

// loadQueries loads the run's queries where loadKeys has not.
func (w *worker) loadQueries(r *run) {
	if w.Decay != PerChannel {
		r.q = w.tokenRows(w.q, *r, w.qbuf)
	}
}

// loadKeys loads the run's keys and makes what needs nothing else. Where decay is by row it loads queries
// too: both want the same powers.
func (w *worker) loadKeys(r *run) {
	r.k = w.tokenRows(w.k, *r, w.kbuf)
	if w.Decay == PerChannel {
		w.scaleTokens(r)
	}
	w.kernels.Pack(r.count, w.shape.D, w.flipped, w.ldt, r.k.x, r.k.ld, 1)
	if w.Step != "" {
		w.makeOverlaps(*r)
	}
}

// scaleTokens scales the run's queries and keys by powers of the decay. Before decoding there are no queries.
func (w *worker) scaleTokens(r *run) {
	d, q := w.shape.D, w.q
	r.q = r.k
	if q.Len() > 0 {
		r.q = w.tokenRows(q, *r, w.qbuf)
	}
	w.kernels.PowerRows(r.count, d, w.qbuf, w.ldk, r.q.x, r.q.ld, w.kbuf, w.ldk, r.k.x, r.k.ld, w.logs, w.ldk,
		float32(w.scale))
	r.q, r.k = rows{w.qbuf, w.ldk}, rows{w.kbuf, w.ldk}
}

// tokenRows returns the run's rows of q or k.
func (w *worker) tokenRows(x variants.Floats, r run, buffer []float32) rows {
	d := w.shape.D
	at := (w.slice*w.shape.N + r.from) * d
	in := rows{nil, d}
	if x.F32 != nil {
		in.x = x.F32[at:][:r.count*d]
	} else {
		in = rows{buffer, w.ldk}
		w.kernels.Widen(r.count, d, buffer, w.ldk, x.BF16[at:], d)
	}
	if w.states != nil && in.ld%w.kernels.Lanes != 0 { // gradients need whole vectors
		for i := range r.count {
			copy(buffer[i*w.ldk:], in.x[i*d:][:d])
		}
		in = rows{buffer, w.ldk}
	}
	return in
}

// valueRows writes the open columns of the run's rows of x [n, e] to dst, each times a factor.
func (w *worker) valueRows(dst []float32, x variants.Floats, r run, factors []float32) {
	e, c := w.shape.E, w.columns
	at, cols := (w.slice*w.shape.N+r.from)*e+c.first, min(c.count, e-c.first)
	if x.F32 != nil {
		w.kernels.ScaleRows(r.count, cols, dst, w.lde, x.F32[at:], e, factors)
		return
	}
	w.kernels.Widen(r.count, cols, w.wide, w.lde, x.BF16[at:], e)
	w.kernels.ScaleRows(r.count, cols, dst, w.lde, w.wide, w.lde, factors)
}

func (w *worker) makeValues(r run) {
	if w.Step != "" {
		w.solve(r)
		return
	}
	w.valueRows(w.values, w.v, r, w.grow)
}

// lookAhead says what lies behind a run: as many tokens again of q, k, v and decays by row. Operands that are
// not float32 are short, and left alone.
func (w *worker) lookAhead(r run) {
	s := w.shape
	from := r.from + r.count
	to := min(from+r.count, s.N)
	part := func(x variants.Floats, width int) []float32 {
		if x.F32 == nil {
			return nil
		}
		return x.F32[(w.slice*s.N+from)*width : (w.slice*s.N+to)*width]
	}
	var decays []float32
	if w.Decay == PerChannel {
		decays = w.channels(w.head)[from*s.D : to*s.D]
	}
	w.ahead.Plan(w.flopsOf(r.count), decays, part(w.k, s.D), part(w.v, s.E), part(w.q, s.D), part(w.out, s.E))
}

// flopsOf is about what the products of a run's answer are, and its share in the state.
func (w *worker) flopsOf(count int) int64 {
	cols := w.columns.count
	return flops(count, cols, 2*w.shape.D) + flops(count, w.shape.D+cols, count/2)
}

// answer computes the run's rows of the output.
func (w *worker) answer(r run) {
	w.loadQueries(&r)
	out := w.outputRows(r)
	w.multiplyTo(out, r.count, w.shape.D, r.q, w.state, false)
	for from := 0; from < r.count; from += block {
		n := min(block, r.count-from)
		w.weightRows(r, from, n)
		w.multiplyTo(rows{out.at(from), out.ld}, n, from+n, rows{w.weights[from*w.ldt:], w.ldt}, w.values, true)
	}
	w.writeOutput(out, r)
}

// weightRows makes rows from to from+n of tril(Q Kᵀ).
func (w *worker) weightRows(r run, from, n int) {
	w.products(from, n, r.q, w.flipped, w.shape.D, w.weights)
	clearAbove(w.weights, w.ldt, from, n, 1)
}

// multiply computes c = a·b, or adds it, for the open columns of b [k, lde] and c [m, lde].
func (w *worker) multiply(m, k int, a rows, b, c []float32, add bool) {
	w.multiplyTo(rows{c, w.lde}, m, k, a, b, add)
}

// multiplyTo is multiply to other rows.
func (w *worker) multiplyTo(c rows, m, k int, a rows, b []float32, add bool) {
	w.kernels.Gemm(m, w.columns.count, k, a.x, a.ld, b, w.lde, c.x, c.ld, add)
	w.executed += flops(m, w.columns.count, k)
}

// multiplyT is multiply with a [k, m] transposed.
func (w *worker) multiplyT(m, k int, a rows, b, c []float32) {
	w.kernels.GemmT(m, w.columns.count, k, a.x, a.ld, b, w.lde, c, w.lde, true)
	w.executed += flops(m, w.columns.count, k)
}

// products computes rows from to from+n of a·b, whose columns behind those rows nobody needs: b is [k, ldt].
func (w *worker) products(from, n int, a rows, b []float32, k int, c []float32) {
	cols := w.kernels.Pad(from + n)
	w.kernels.Gemm(n, cols, k, a.at(from), a.ld, b, w.ldt, c[from*w.ldt:], w.ldt, false)
	w.executed += flops(n, cols, k)
}

// clearAbove clears what is above the diagonal in rows from to from+n, and the last diagonals below that
// with keep = 0.
func clearAbove(x []float32, ld, from, n, keep int) {
	for i := from; i < from+n; i++ {
		clear(x[i*ld+i+keep : i*ld+from+n])
	}
}

// outputRows are the open columns of the run's rows of the output, or what writeOutput brings there.
func (w *worker) outputRows(r run) rows {
	if !w.direct() {
		return rows{w.output, w.lde}
	}
	return rows{w.out.F32[(w.slice*w.shape.N+r.from)*w.shape.E+w.columns.first:], w.shape.E}
}

// writeOutput scales the run's rows of the output where that is not done yet, and stores those that are not
// there yet.
func (w *worker) writeOutput(x rows, r run) {
	e, c := w.shape.E, w.columns
	if w.byToken() {
		w.kernels.ScaleRows(r.count, c.count, x.x, x.ld, x.x, x.ld, w.shrink)
	}
	if w.direct() {
		return
	}
	at, cols := (w.slice*w.shape.N+r.from)*e+c.first, min(c.count, e-c.first)
	if w.out.BF16 != nil {
		w.kernels.Narrow(r.count, cols, w.out.BF16[at:], e, x.x, x.ld)
		return
	}
	for i := range r.count {
		copy(w.out.F32[at+i*e:][:cols], x.at(i))
	}
}

// advance takes the state behind the run.
func (w *worker) advance(r run) {
	w.multiplyT(w.shape.D, r.count, r.k, w.values, w.state)
	if w.Decay != None {
		w.kernels.ScaleRows(w.shape.D, w.columns.count, w.state, w.lde, w.state, w.lde, w.carry)
	}
}

// saveColumns copies the open columns of x [d, lde] to a matrix [d, cols].
func (w *worker) saveColumns(to, x []float32) {
	for c := range w.shape.D {
		copy(to[c*w.cols+w.columns.first:][:w.columns.count], x[c*w.lde:])
	}
}

// loadColumns copies a matrix [d, cols] to x [d, lde].
func (w *worker) loadColumns(x, from []float32) {
	for c := range w.shape.D {
		copy(x[c*w.lde:][:w.cols], from[c*w.cols:])
	}
}

func flops(m, n, k int) int64 { return 2 * int64(m) * int64(n) * int64(k) }
