package reformer

import (
	"attnbench/variants"
	"attnbench/variants/tile"
)

// Limits of one step of the engine: queries of a tile, keys of a visit.
const (
	mostQueries = 128
	mostKeys    = 128
)

type plan struct {
	schedule
	shape    variants.Shape
	p        *variants.Problem
	operands tile.Operands
	order    *order
	engine   *tile.Engine
	queries  int // of a tile: a chunk, or an even share of one
	shares   int // tiles of a chunk
	slice    int // the first of those that run: as many as threads, so that their rows stay in the cache
	round    int // that runs
	dedup    bool

	top, sum []float32 // [slices, n]: the softmax of every query between rounds; for gradients, after the last
	acc      []float32 // [slices at hand, n, e]: its unnormalised output, where out cannot hold it
	views    []view    // per worker
	visit    func(w *tile.Walk, job int)
	back     *backward // nil where no gradients are asked for
}

func newPlan(p *variants.Problem, ws *variants.Workspace) variants.Attention {
	l := &plan{
		p: p, shape: p.Shape, dedup: p.Bool("dedup"),
		operands: tile.NewOperands(p, ws), order: newOrder(p, ws),
	}
	l.schedule = newSchedule(p, l.order)
	l.shares = ceilDiv(l.chunk, mostQueries)
	l.queries = ceilDiv(l.chunk, l.shares)
	c := tile.Config{
		Kernels: p.Kernels, Pool: p.Pool, Type: p.Type, D: p.Shape.D, E: p.Shape.E, Scale: 1,
		Queries: l.queries, Keys: mostKeys,
	}
	l.engine = tile.New(ws, c)
	switch tokens := p.Shape.Slices() * p.Shape.N; {
	case p.Backward:
		l.top, l.sum = variants.Save[float32](ws, tokens), variants.Save[float32](ws, tokens)
	case l.rounds > 1:
		l.top, l.sum = variants.Alloc[float32](ws, tokens), variants.Alloc[float32](ws, tokens)
	}
	if l.rounds > 1 && p.Type != variants.F32 {
		l.acc = variants.Alloc[float32](ws, min(p.Pool.Threads(), p.Shape.Slices())*p.Shape.N*p.Shape.E)
	}
	l.views = make([]view, p.Pool.Threads())
	for i := range l.views {
		l.views[i].allocate(ws, l)
	}
	l.visit = l.tile
	if p.Backward {
		l.planBackward(ws, c)
	}
	return l
}

// Prepare fills the tables of the hash.
func (l *plan) Prepare() { l.order.Prepare() }

// Forward computes out from q and v; k is ignored.
func (l *plan) Forward(out, q, _, v variants.Floats) {
	l.operands.Set(out, q, variants.Floats{}, v)
	l.zeroMasked()
	for l.slice = 0; l.slice < l.shape.Slices(); l.slice += l.p.Pool.Threads() {
		slices := min(l.p.Pool.Threads(), l.shape.Slices()-l.slice)
		l.order.Run(q, l.slice, slices)
		for l.round = range l.rounds {
			l.pass(slices * l.chunks * l.shares)
		}
	}
	l.operands.Clear()
}

// pass runs one round of the slices at hand.
func (l *plan) pass(jobs int) {
	if l.slice == 0 && l.round == 0 {
		l.engine.Run(jobs, l.visit)
		return
	}
	l.engine.Continue(jobs, l.visit)
}

// Executed is the number of floating-point operations of the last Forward.
func (l *plan) Executed() int64 { return l.order.Executed() + l.engine.Executed() }

// Traces returns the bucket of every token within its round; a token that the key mask hides is in the bucket
// after the last.
func (l *plan) Traces() map[string]variants.Tensor {
	t := variants.Tensor{Dims: []int{l.shape.Slices(), l.rounds, l.shape.N}}
	t.I64 = make([]int64, len(l.order.bucket))
	for i, b := range l.order.bucket {
		t.I64[i] = int64(b)
	}
	return map[string]variants.Tensor{"buckets": t}
}

// zeroMasked clears the outputs of tokens that the key mask hides: no tile holds them.
func (l *plan) zeroMasked() {
	for slice := range l.shape.Slices() {
		for t, valid := range l.p.ValidKeys(slice / l.shape.Heads) {
			if !valid {
				l.operands.Out(slice).Slice(t*l.shape.E, (t+1)*l.shape.E).Clear()
			}
		}
	}
}

// tile takes a tile of queries through what its chunk sees in the round.
func (l *plan) tile(w *tile.Walk, job int) {
	tiles := l.chunks * l.shares
	slice := l.slice + job/tiles
	if c := l.view(w, slice, job%tiles); c != nil {
		l.begin(w, slice, c.queries)
		l.meetAll(w, c)
		l.end(w, slice)
	}
}

// view prepares the worker's view for a tile of queries, nil where it has none.
func (l *plan) view(w *tile.Walk, slice, tile int) *view {
	chunk, share := tile/l.shares, tile%l.shares
	valid := l.order.valid[slice/l.shape.Heads]
	first := min(chunk*l.chunk+share*l.queries, valid)
	last := min(first+l.queries, (chunk+1)*l.chunk, valid)
	if first >= last {
		return nil
	}
	c := &l.views[w.Worker()]
	c.begin(slice, first, last)
	return c
}

// meetAll lets the tile visit all that its chunk sees.
func (l *plan) meetAll(w *tile.Walk, c *view) {
	parts, count := l.parts(l.round, c.first/l.chunk, l.order.valid[c.slice/l.shape.Heads])
	for _, part := range parts[:count] {
		l.meet(w, c, part)
	}
}

// meet lets the tile visit the keys of a part.
func (l *plan) meet(w *tile.Walk, c *view, keys part) {
	tokens := l.order.part(l.order.token, c.slice, int(keys.round))
	for from := keys.from; from < keys.to; from += mostKeys {
		visit := tile.Keys{Scale: l.norms(c.slice)}
		visit.Rows = tile.List(tokens[from:min(from+mostKeys, keys.to)])
		visit.Spans = c.spans(int(keys.round), visit.Index)
		visit.Pairs = c.pairs(visit.Index, visit.Spans)
		w.Visit(l.operands.Q(c.slice), l.operands.V(c.slice), visit)
	}
	c.end(keys)
}

func (l *plan) norms(slice int) []float32 { return l.order.norm[slice*l.shape.N : (slice+1)*l.shape.N] }

// begin starts the softmax of the queries, or goes on with that of the rounds before.
func (l *plan) begin(w *tile.Walk, slice int, queries []int32) {
	q, rows := l.operands.Q(slice), tile.List(queries)
	if l.round == 0 {
		w.Begin(q, rows)
		return
	}
	acc, top, sum := l.softmax(slice)
	w.Resume(q, rows, acc, top, sum)
}

// end leaves the softmax to the next round, or writes the output in the last.
func (l *plan) end(w *tile.Walk, slice int) {
	if l.round == l.rounds-1 {
		w.End(l.operands.Out(slice))
		if l.back != nil {
			_, top, sum := l.softmax(slice)
			w.Statistics(top, sum)
		}
		return
	}
	acc, top, sum := l.softmax(slice)
	w.Suspend(acc, top, sum)
}

// softmax is what Suspend and Resume hand over for a head; its accumulator is the output itself where that
// is float32.
func (l *plan) softmax(slice int) (acc, top, sum []float32) {
	n, size := l.shape.N, l.shape.N*l.shape.E
	acc = l.operands.Out(slice).F32
	if acc == nil {
		acc = l.acc[(slice-l.slice)*size:][:size]
	}
	return acc, l.top[slice*n : (slice+1)*n], l.sum[slice*n : (slice+1)*n]
}
