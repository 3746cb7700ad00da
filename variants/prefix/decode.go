package prefix

import "attnbench/variants"

// TokenMap is a Map that makes the features of one token side by side: a decoder then needs no lanes for
// tokens that are not there.
type TokenMap interface {
	Map
	// Key and Query are Keys and Queries of a chunk of one token in decoding, with ld = 1: they may write up to
	// whole lanes behind the features, and 15 numbers more.
	Key(dst, k []float32, c Chunk, ref, next []float32)
	Query(dst, q []float32, c Chunk, ref []float32)
}

// Decoder takes one token at a time: it adds the token's key to the state of its head, then reads the state
// with the query. Its maps get a token as a chunk of one.
type Decoder struct {
	engine *Engine  // makes the state of a context
	tokens []worker // take single tokens
	states []state  // of each head

	position, count int
	fill, token     func(worker, head int)
}

// NewDecoder is New for decoding.
func NewDecoder(p *variants.Problem, ws *variants.Workspace, config Config, maps []Map) *Decoder {
	e := &Engine{shape: p.Shape, elements: p.Type, kernels: p.Kernels, pool: p.Pool, features: config.Features,
		chunk: config.Chunk, divisor: config.Divisor, segments: 1}
	d := &Decoder{engine: e, states: make([]state, p.Shape.Slices())}
	single := *e
	single.chunk = 1
	for _, m := range maps {
		context, token := newWorker(e, ws, m, false), newWorker(&single, ws, m, false)
		context.lds, token.lds = context.cols, token.cols
		e.workers, d.tokens = append(e.workers, context), append(d.tokens, token)
	}
	for i := range d.states {
		d.states[i] = newState(ws, variants.Recurrent[float32], e.features, p.Kernels.Pad(p.Shape.E))
	}
	d.fill, d.token = d.fillHead, d.decodeHead
	return d
}

// Prefill is variants.Decoder's.
func (d *Decoder) Prefill(k, v variants.Floats, count int) {
	d.engine.k, d.engine.v, d.count = k, v, count
	d.engine.pool.Run(len(d.states), d.fill)
	d.engine.release()
}

func (d *Decoder) fillHead(worker, head int) {
	e, w, s := d.engine, &d.engine.workers[worker], &d.states[head]
	k, v := rows(e.k, head, e.shape.S, e.shape.D), rows(e.v, head, e.shape.S, e.shape.E)
	s.reset()
	for from := 0; from < d.count; {
		c := w.mapKeys(Chunk{head, from, min(e.chunk, d.count-from)}, k, s)
		w.absorb(0, c.Count, w.rowsOf(c, v), s)
		w.rescale(s, w.next)
		from += c.Count
	}
}

// Decode is variants.Decoder's.
func (d *Decoder) Decode(position int, out, q, k, v variants.Floats) {
	e := d.engine
	e.out, e.q, e.k, e.v, d.position = out, q, k, v, position
	for i := range d.tokens {
		d.tokens[i].executed = 0
	}
	e.pool.Run(len(d.states), d.token)
	e.release()
}

func (d *Decoder) decodeHead(worker, head int) {
	e, w, s := d.engine, &d.tokens[worker], &d.states[head]
	at, here := Chunk{head, d.position, 1}, Chunk{head, 0, 1} // in the sequence, in the operands
	k, v := rows(e.k, head, 1, e.shape.D), rows(e.v, head, 1, e.shape.E)
	q, out := rows(e.q, head, 1, e.shape.D), rows(e.out, head, 1, e.shape.E)
	to := w.outputOf(here, out)
	copy(w.ref, s.ref)
	if m, ok := w.fmap.(TokenMap); ok {
		m.Key(w.keys, w.tokensOf(here, k), at, w.ref, w.next)
		w.rescale(s, w.ref)
		w.absorbOne(w.rowsOf(here, v), s)
		m.Query(w.queries, w.tokensOf(here, q), at, s.ref)
		w.readOne(s, to)
	} else {
		w.fmap.Keys(w.keys, w.ld, w.tokensOf(here, k), at, w.ref, w.next)
		w.rescale(s, w.ref)
		w.absorb(0, 1, w.rowsOf(here, v), s)
		w.fmap.Queries(w.queries, w.ld, w.tokensOf(here, q), at, nil, s.ref)
		w.read(0, 1, s, to)
	}
	w.finish(here, to, out)
	w.rescale(s, w.next)
}

// absorbOne is absorb of one token whose features are side by side.
func (w *worker) absorbOne(value []float32, s *state) {
	w.kernels.Gemm(w.features, w.cols, 1, w.keys, 1, value, w.cols, s.sum, w.lds, true)
	for r, x := range w.keys[:w.features] {
		s.total[r] += x
	}
	w.executed += w.flops(1, w.cols, w.features)
}

// readOne is read of one token whose features are side by side.
func (w *worker) readOne(s *state, out []float32) {
	w.kernels.GemmT(1, w.cols, w.features, w.queries, 1, s.sum, w.lds, out, w.cols, false)
	w.bottom[0] = dot(w.queries[:w.features], s.total)
	w.executed += w.flops(1, w.cols, w.features)
}

// Executed is the number of floating-point operations in the products of the last Decode.
func (d *Decoder) Executed() int64 {
	var sum int64
	for i := range d.tokens {
		sum += d.tokens[i].executed
	}
	return sum
}

// Prepare fills constant tables.
func (d *Decoder) Prepare() { d.engine.Prepare() }
