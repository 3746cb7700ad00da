package prefix

import (
	"attnbench/variants"
	"attnbench/variants/kernel"
)

// Derivative makes the features of one worker once more for gradients, and takes gradients by features back
// to tokens. It may write features in another way than Map did: attention is the product of its keys and
// queries, with Products() of them, of which the first ones, as many as Map has, are those of the keys that
// Map's state is made of. A key's features are relative to the level of its chunk, the reference of feature
// 0, and a query's denominator to that too.
type Derivative interface {
	// Products is the number of features.
	Products() int
	// Level is the level of a causal chunk that starts with c, and how many tokens of c fit it, at least one.
	// Levels never fall from one chunk to the next.
	Level(c Chunk) (level float32, taken int)
	// Refs writes the reference of every feature at a level.
	Refs(level float32, ref []float32)
	// Keys writes the features of the keys of c, k [c.Count, d], to dst, [Products, ld], each at its level.
	Keys(dst []float32, ld int, k []float32, c Chunk, level []float32)
	// Queries writes those of the queries of c, times a factor of each query's own. bottom holds the
	// denominators that Forward found; it gets those that belong to what is written, 0 for a row without
	// gradient.
	Queries(dst []float32, ld int, q []float32, c Chunk, level, bottom []float32)
	// PullKeys writes dk [c.Count, d], given the gradient by the features of the keys of c, part of those of
	// the last call of Keys. It may change grad.
	PullKeys(dk, k []float32, c Chunk, grad []float32, ldg int, features []float32, ld int)
	// PullQueries is PullKeys for queries.
	PullQueries(dq, q []float32, c Chunk, grad []float32, ldg int, features []float32, ld int)
}

// Backward computes gradients by the rule of spec §3.4. With G_i = [g_i/z_i, -(g_i·o_i)/z_i], V_j = [v_j, 1]
// and the states S = Σ φ(k_j) V_jᵀ and R = Σ φ(q_i) G_iᵀ,
//
//	∂φ(q_i) = S·G_i    ∂φ(k_j) = R·V_j    ∂v_j = Rᵀ·φ(k_j)
//
// over all tokens; in causal attention S is that of the keys up to the query, R that of the queries from the
// key on. S comes from Forward, which keeps it at the borders of stretches: there it is picked up and carried
// on, never taken back.
type Backward struct {
	*Engine
	products int
	pieces   int      // of each head's queries
	moments  []moment // of pieces, or after segments
	scratch  []backWorker

	dout, result, q, k, v []float32
	to                    variants.Gradients

	sumQueries, addUp, pullKeys, wholeHead, sumAfter, joinAfter, oneSegment func(worker, job int)
}

// NewBackward lets e keep what gradients need; one Derivative for each worker.
func NewBackward(e *Engine, ws *variants.Workspace, maps []Derivative) *Backward {
	b := &Backward{Engine: e, products: maps[0].Products()}
	slices := e.shape.Slices()
	b.pieces = e.segments - 1
	if !e.shape.Causal {
		b.pieces = pieces(slices, e.shape.N)
	}
	e.kept = newKept(e, ws)
	b.moments = make([]moment, slices*b.pieces)
	for i := range b.moments {
		b.moments[i] = newMoment(ws, b.products, e.shape.E)
	}
	b.scratch = make([]backWorker, len(maps))
	for i, m := range maps {
		b.scratch[i] = newBackWorker(b, ws, m)
	}
	b.sumQueries, b.addUp, b.pullKeys = b.sumQueriesJob, b.addUpJob, b.pullKeysJob
	b.wholeHead, b.oneSegment = b.wholeHeadJob, b.oneSegmentJob
	b.sumAfter, b.joinAfter = b.sumAfterJob, b.joinAfterJob
	return b
}

// BackwardTokens is the largest number of tokens that a Derivative gets at a time.
func (e *Engine) BackwardTokens() int {
	if e.shape.Causal { // a stretch ends with the first chunk past its length
		return min(stretch+e.chunk, e.shape.N)
	}
	return e.chunk
}

// Run computes all gradients of operands.
func (b *Backward) Run(to variants.Gradients, dout, out, q, k, v []float32) {
	b.to, b.dout, b.result, b.q, b.k, b.v = to, dout, out, q, k, v
	for i := range b.scratch {
		b.scratch[i].executed = 0
	}
	if b.shape.Causal {
		b.causal()
	} else {
		b.bidirectional()
	}
	b.to, b.dout, b.result, b.q, b.k, b.v = variants.Gradients{}, nil, nil, nil, nil, nil
}

// Executed is the number of floating-point operations in products of the last Run.
func (b *Backward) Executed() int64 {
	var sum int64
	for i := range b.scratch {
		sum += b.scratch[i].executed
	}
	return sum
}

// moment is a sum of products of features with rows [x, y]: columns 0 to e-1, and e.
type moment struct {
	sum []float32 // [products, stride of e+1]
	ref []float32 // [products]
}

func newMoment(ws *variants.Workspace, products, e int) moment {
	return moment{
		sum: variants.Alloc[float32](ws, products*stride(e+1)),
		ref: variants.Alloc[float32](ws, products),
	}
}

// backWorker is one worker's scratch.
type backWorker struct {
	kernels  *kernel.Set
	shape    variants.Shape
	fmap     Derivative
	divisor  Divisor
	features int // of Map
	products int
	cols     int // e rounded up to lanes

	ld             int       // of features and packed rows
	keys, queries  []float32 // [products, ld]: features, in one place where they are not needed together
	packedG        []float32 // [e+1, ld]: Gᵀ
	packedV        []float32 // [e+1, ld]: Vᵀ
	ldg            int       // of g and moments
	g              []float32 // [tokens, ldg]: G
	grad           []float32 // [products, ld of pairs]
	ldp            int
	slopes, pairs  []float32 // [step, ldp], of causal attention: gradients of weights; weights
	values, dv     []float32 // [tokens, cols], where e is not a multiple of the lanes
	level, bottom  []float32 // by token
	slant          []float32 // by token: -(g·o)/z
	ones           []float32
	total, factor  []float32 // by feature
	all            []float32 // by feature: 1
	ref            []float32 // by feature
	starts         []int32   // of the chunks of a stretch, and its end
	past           moment    // S
	future, joined moment    // R of the segment at hand; and with all that follows
	executed       int64
}

func newBackWorker(b *Backward, ws *variants.Workspace, m Derivative) backWorker {
	e, tokens := b.Engine, b.BackwardTokens()
	w := backWorker{
		kernels: e.kernels, shape: e.shape, fmap: m, divisor: e.divisor, features: e.features, products: b.products,
		cols: e.kernels.Pad(e.shape.E),
	}
	floats := func(n int) []float32 { return variants.Alloc[float32](ws, n) }
	w.ld, w.ldg = stride(e.kernels.Pad(tokens)+e.kernels.Lanes), stride(e.shape.E+1)
	w.ldp = w.ld
	w.queries = floats(w.products * w.ld)
	w.keys = w.queries
	if e.shape.Causal {
		w.ldp = stride(e.kernels.Pad(step))
		w.keys = floats(w.products * w.ld)
		w.slopes, w.pairs = floats(step*w.ldp), floats(step*w.ldp)
		w.starts = variants.Alloc[int32](ws, tokens+1)
		w.joined = newMoment(ws, w.products, e.shape.E)
	}
	w.packedG, w.packedV = floats((e.shape.E+1)*w.ld), floats((e.shape.E+1)*w.ld)
	w.g, w.grad = floats(tokens*w.ldg), floats(w.products*w.ldp)
	if w.cols != e.shape.E {
		w.values, w.dv = floats(tokens*w.cols), floats(tokens*w.cols)
	}
	for _, x := range []*[]float32{&w.level, &w.bottom, &w.slant, &w.ones} {
		*x = floats(w.ld)
	}
	for _, x := range []*[]float32{&w.total, &w.factor, &w.ref, &w.all} {
		*x = floats(w.products)
	}
	w.past, w.future = newMoment(ws, w.products, e.shape.E), newMoment(ws, w.products, e.shape.E)
	return w
}

// Prepare fills constant tables.
func (b *Backward) Prepare() {
	for i := range b.scratch {
		fill(b.scratch[i].ones, 1)
		fill(b.scratch[i].all, 1)
	}
}
