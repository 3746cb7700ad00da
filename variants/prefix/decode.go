package prefix

import "attnbench/variants"

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
func NewDecoder(p *variants.Problem, ws *variants.Workspace, features int, maps []Map) *Decoder {
	e := &Engine{shape: p.Shape, elements: p.Type, kernels: p.Kernels, pool: p.Pool, features: features,
		chunk: ChunkSize(p), segments: 1}
	d := &Decoder{engine: e, states: make([]state, p.Shape.Slices())}
	single := *e
	single.chunk = 1
	for _, m := range maps {
		context, token := newWorker(e, ws, m, false), newWorker(&single, ws, m, false)
		context.lds, token.lds = context.cols, token.cols
		e.workers, d.tokens = append(e.workers, context), append(d.tokens, token)
	}
	for i := range d.states {
		d.states[i] = newState(ws, variants.Recurrent[float32], features, p.Kernels.Pad(p.Shape.E))
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
		w.absorb(c, w.rowsOf(c, v), s)
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
	copy(w.ref, s.ref)
	w.fmap.Keys(w.keys, w.ld, w.tokensOf(here, rows(e.k, head, 1, e.shape.D)), at, w.ref, w.next)
	w.rescale(s, w.ref)
	w.absorb(here, w.rowsOf(here, rows(e.v, head, 1, e.shape.E)), s)
	w.fmap.Queries(w.queries, w.ld, w.tokensOf(here, rows(e.q, head, 1, e.shape.D)), at, nil, s.ref)
	out := rows(e.out, head, 1, e.shape.E)
	to := w.outputOf(here, out)
	w.read(here, s, to)
	w.finish(here, to, out)
	w.rescale(s, w.next)
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
