package prefix

// pieces is the number of pieces that the queries of a head are cut into, so that a few heads occupy many
// threads.
func pieces(slices, n int) int {
	return max(1, min((enoughJobs+slices-1)/slices, n/shortest))
}

// bidirectional computes the gradients of attention over all keys: those of the queries, which leave R of
// their pieces, its sum, then those of keys and values.
func (b *Backward) bidirectional() {
	slices := b.shape.Slices()
	b.pool.Run(slices*b.pieces, b.sumQueries)
	if b.pieces > 1 {
		b.pool.Run(slices, b.addUp)
	}
	b.pool.Run(slices*b.keySpans(), b.pullKeys)
}

// all is the state of all keys of a head.
func (b *Backward) all(head int) *state { return &b.states[(head+1)*b.segments-1] }

func (b *Backward) sumQueriesJob(worker, job int) {
	w, s := &b.scratch[worker], b.shape
	head, piece := job/b.pieces, job%b.pieces
	q, dq := part(b.q, head, s.N, s.D), part(b.to.Q, head, s.N, s.D)
	level := b.all(head).ref[0]
	w.load(b.all(head), b.workers[0].lds)
	r := b.moments[job]
	w.reset(r, level)
	fill(w.level, level)
	from, to := piece*s.N/b.pieces, (piece+1)*s.N/b.pieces
	for ; from < to; from += b.chunk {
		c := Chunk{head, from, min(b.chunk, to-from)}
		x := q[c.From*s.D:][:c.Count*s.D]
		copy(w.bottom, b.kept.bottom[head*s.N+from:][:c.Count])
		w.fmap.Queries(w.queries, w.ld, x, c, w.level[:c.Count], w.bottom[:c.Count])
		w.upstream(c, part(b.dout, head, s.N, s.E), part(b.result, head, s.N, s.E))
		w.absorb(r, w.products, c.Count, w.queries, w.g, w.ldg, w.slant)
		w.through(w.features, c.Count, w.past, w.packedG)
		w.fmap.PullQueries(dq[c.From*s.D:][:c.Count*s.D], x, c, w.grad, w.ldp, w.queries, w.ld)
	}
}

// addUpJob adds R of all pieces of a head to that of the first.
func (b *Backward) addUpJob(_, head int) {
	all := b.moments[head*b.pieces:][:b.pieces]
	for _, m := range all[1:] {
		for i, x := range m.sum {
			all[0].sum[i] += x
		}
	}
}

func (b *Backward) keySpans() int {
	return (b.shape.S + spanChunks*b.chunk - 1) / (spanChunks * b.chunk)
}

func (b *Backward) pullKeysJob(worker, job int) {
	w, s := &b.scratch[worker], b.shape
	head, span := job/b.keySpans(), job%b.keySpans()
	k, dk := part(b.k, head, s.S, s.D), part(b.to.K, head, s.S, s.D)
	v, dv := part(b.v, head, s.S, s.E), part(b.to.V, head, s.S, s.E)
	r := b.moments[head*b.pieces]
	fill(w.level, b.all(head).ref[0])
	from := span * spanChunks * b.chunk
	to := min(from+spanChunks*b.chunk, s.S)
	for ; from < to; from += b.chunk {
		c := Chunk{head, from, min(b.chunk, to-from)}
		x := k[c.From*s.D:][:c.Count*s.D]
		w.fmap.Keys(w.keys, w.ld, x, c, w.level[:c.Count])
		w.pack(c, w.packedV, v[c.From*s.E:], s.E, w.ones)
		w.toValues(c.Count, w.keys, r, w.target(c, dv), false)
		w.store(c, dv)
		w.through(w.products, c.Count, r, w.packedV)
		w.fmap.PullKeys(dk[c.From*s.D:][:c.Count*s.D], x, c, w.grad, w.ldp, w.keys, w.ld)
	}
}

func fill(x []float32, value float32) {
	for i := range x {
		x[i] = value
	}
}
