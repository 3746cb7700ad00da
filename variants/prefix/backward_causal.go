package prefix

// step is the largest number of tokens whose own products causal gradients take at a time. They grow with
// it, the passes over the states shrink.
const step = 32

// causal computes the gradients of causal attention. Where there are heads enough for all threads, each is
// worked through from end to start; else R after all segments is made first, and the segments are
// independent then. Both do the same arithmetic.
func (b *Backward) causal() {
	slices := b.shape.Slices()
	if b.segments == 1 || slices >= b.pool.Threads() {
		b.pool.Run(slices, b.wholeHead)
		return
	}
	b.pool.Run(slices*(b.segments-1), b.sumAfter)
	b.pool.Run(slices, b.joinAfter)
	b.pool.Run(slices*b.segments, b.oneSegment)
}

// after is R of all queries after a segment but the last.
func (b *Backward) after(head, segment int) moment { return b.moments[head*(b.segments-1)+segment] }

func (b *Backward) wholeHeadJob(worker, head int) {
	w := &b.scratch[worker]
	for segment := b.segments - 1; segment >= 0; segment-- {
		b.segment(w, head, segment, false)
		if segment > 0 {
			b.join(w, head, segment, w.future)
		}
	}
}

// join makes R after segment-1 of own, that of the segment, and R after it. Its level is that of own.
func (b *Backward) join(w *backWorker, head, segment int, own moment) {
	to := b.after(head, segment-1)
	if segment == b.segments-1 {
		if &to.sum[0] != &own.sum[0] {
			copy(to.sum, own.sum)
			copy(to.ref, own.ref)
		}
		return
	}
	w.combine(to, b.after(head, segment), own)
}

// combine makes to the sum of later, a moment at a level not below that of own, and own.
func (w *backWorker) combine(to, later, own moment) {
	for r := range w.factor {
		w.factor[r] = own.ref[r] - later.ref[r]
	}
	w.kernels.Exp2(w.factor, w.factor)
	w.kernels.MixRows(w.products, w.shape.E+1, to.sum, w.ldg, own.sum, w.ldg, later.sum, w.ldg, w.all, w.factor)
	copy(to.ref, own.ref)
}

// sumAfterJob makes R of one segment's own queries, but for the first.
func (b *Backward) sumAfterJob(worker, job int) {
	w := &b.scratch[worker]
	head, segment := job/(b.segments-1), job%(b.segments-1)+1
	b.segment(w, head, segment, true)
	to := b.after(head, segment-1)
	copy(to.sum, w.future.sum)
	copy(to.ref, w.future.ref)
}

func (b *Backward) joinAfterJob(worker, head int) {
	for segment := b.segments - 1; segment > 0; segment-- {
		b.join(&b.scratch[worker], head, segment, b.after(head, segment-1))
	}
}

func (b *Backward) oneSegmentJob(worker, job int) {
	b.segment(&b.scratch[worker], job/b.segments, job%b.segments, false)
}

// segment goes through the stretches of a segment from the last to the first, and leaves R of its queries in
// w.future; nothing else where only that is wanted.
func (b *Backward) segment(w *backWorker, head, segment int, only bool) {
	first, last := b.stretches(head, segment)
	_, to := b.bounds(segment)
	for i := last - 1; i >= first; i-- {
		from := int(b.kept.start[i])
		c := Chunk{head, from, to - from}
		w.cut(c)
		if i == last-1 {
			w.reset(w.future, w.level[c.Count-1])
		}
		b.express(w, c, only)
		if !only {
			b.ahead(w, c, i)
		}
		b.back(w, c, segment, only)
		to = from
	}
}

// cut finds the chunks of a stretch and their levels.
func (w *backWorker) cut(c Chunk) {
	w.starts = w.starts[:0]
	for at := 0; at < c.Count; {
		level, taken := w.fmap.Level(Chunk{c.Head, c.From + at, min(step, c.Count-at)})
		w.starts = append(w.starts, int32(at))
		fill(w.level[at:at+taken], level)
		at += taken
	}
	w.starts = append(w.starts, int32(c.Count))
}

// express makes features and packed rows of a stretch.
func (b *Backward) express(w *backWorker, c Chunk, only bool) {
	s := b.shape
	copy(w.bottom, b.kept.bottom[c.Head*s.N+c.From:][:c.Count])
	q := part(b.q, c.Head, s.N, s.D)[c.From*s.D:][:c.Count*s.D]
	w.fmap.Queries(w.queries, w.ld, q, c, w.level[:c.Count], w.bottom[:c.Count])
	w.upstream(c, part(b.dout, c.Head, s.N, s.E), part(b.result, c.Head, s.N, s.E))
	if only {
		return
	}
	k := part(b.k, c.Head, s.N, s.D)[c.From*s.D:][:c.Count*s.D]
	w.fmap.Keys(w.keys, w.ld, k, c, w.level[:c.Count])
	w.pack(c, w.packedV, part(b.v, c.Head, s.N, s.E)[c.From*s.E:], s.E, w.ones)
}

// ahead goes through the chunks of a stretch in order: it carries S along, and computes the gradients of
// queries and what the queries of a chunk give to its own values.
func (b *Backward) ahead(w *backWorker, c Chunk, stretch int) {
	s := b.shape
	q, dq := part(b.q, c.Head, s.N, s.D), part(b.to.Q, c.Head, s.N, s.D)
	values := w.rowsOf(c, part(b.v, c.Head, s.N, s.E))
	dv := w.target(c, part(b.to.V, c.Head, s.N, s.E))
	b.kept.load(w, stretch)
	for i, at := range w.starts[:len(w.starts)-1] {
		at, count := int(at), int(w.starts[i+1]-at)
		w.move(w.level[at])
		keys, queries := w.keys[at:], w.queries[at:]
		w.through(w.features, count, w.past, w.packedG[at:])
		w.ownSlopes(at, count)
		w.ownPairs(count, keys, queries, w.g[at*w.ldg:], dv[at*w.cols:])
		own, x := Chunk{c.Head, c.From + at, count}, (c.From+at)*s.D
		w.fmap.PullQueries(dq[x:][:count*s.D], q[x:][:count*s.D], own, w.grad, w.ldp, queries, w.ld)
		w.absorb(w.past, w.features, count, keys, values[at*w.cols:], w.cols, w.ones)
	}
}

// ownSlopes adds to the gradient by the features of a chunk's queries what its own keys give, those at or
// before each.
func (w *backWorker) ownSlopes(at, count int) {
	cols, e := w.kernels.Pad(count), w.shape.E
	w.kernels.GemmT(count, cols, e+1, w.packedV[at:], w.ld, w.packedG[at:], w.ld, w.slopes, w.ldp, false)
	for j := range count {
		clear(w.slopes[j*w.ldp:][:j])
	}
	w.kernels.Gemm(w.features, cols, count, w.keys[at:], w.ld, w.slopes, w.ldp, w.grad, w.ldp, true)
	w.count(count, cols, e+1)
	w.count(w.features, cols, count)
}

// ownPairs is the gradient of a chunk's values by its own queries.
func (w *backWorker) ownPairs(count int, keys, queries, g, dv []float32) {
	cols := w.kernels.Pad(count)
	w.kernels.GemmT(count, cols, w.products, keys, w.ld, queries, w.ld, w.pairs, w.ldp, false)
	for j := range count {
		clear(w.pairs[j*w.ldp:][:j])
	}
	w.kernels.Gemm(count, w.cols, count, w.pairs, w.ldp, g, w.ldg, dv, w.cols, false)
	w.count(count, cols, w.products)
	w.count(count, w.cols, count)
}

// back goes through the chunks of a stretch from the last to the first: it carries R along, and computes the
// gradients of keys and values.
func (b *Backward) back(w *backWorker, c Chunk, segment int, only bool) {
	s := b.shape
	k, dk := part(b.k, c.Head, s.N, s.D), part(b.to.K, c.Head, s.N, s.D)
	dv := part(b.to.V, c.Head, s.N, s.E)
	to := w.target(c, dv)
	for i := len(w.starts) - 2; i >= 0; i-- {
		at, end := int(w.starts[i]), int(w.starts[i+1])
		count := end - at
		w.moveBack(w.future, w.level[at])
		if !only {
			r := w.future
			if segment < b.segments-1 {
				r = w.joined
				w.combine(r, b.after(c.Head, segment), w.future)
			}
			w.through(w.products, count, r, w.packedV[at:])
			w.ownBack(at, count)
			w.toValues(count, w.keys[at:], r, to[at*w.cols:], true)
			own, x := Chunk{c.Head, c.From + at, count}, (c.From+at)*s.D
			w.fmap.PullKeys(dk[x:][:count*s.D], k[x:][:count*s.D], own, w.grad, w.ldp, w.keys[at:], w.ld)
		}
		w.absorb(w.future, w.products, count, w.queries[at:], w.g[at*w.ldg:], w.ldg, w.slant[at:])
	}
	if !only {
		w.store(c, dv)
	}
}

// ownBack adds to the gradient by the features of a chunk's keys what its own queries give, those at or
// after each.
func (w *backWorker) ownBack(at, count int) {
	cols, e := w.kernels.Pad(count), w.shape.E
	w.kernels.GemmT(count, cols, e+1, w.packedG[at:], w.ld, w.packedV[at:], w.ld, w.slopes, w.ldp, false)
	for i := range count {
		clear(w.slopes[i*w.ldp:][i+1 : cols])
	}
	w.kernels.Gemm(w.products, cols, count, w.queries[at:], w.ld, w.slopes, w.ldp, w.grad, w.ldp, true)
	w.count(count, cols, e+1)
	w.count(w.products, cols, count)
}
