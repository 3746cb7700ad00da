package prefix

import "attnbench/variants"

// causal computes causal attention. Where there are heads enough for all threads, each is worked through
// from start to end; else the states before all segments are made first, and the segments are independent
// then. Both do the same arithmetic.
func (e *Engine) causal() {
	slices := e.shape.Slices()
	if e.segments == 1 || slices >= e.pool.Threads() {
		e.pool.Run(slices, e.wholeHead)
		return
	}
	e.pool.Run(slices*(e.segments-1), e.sumSegment)
	e.pool.Run(slices, e.addUp)
	e.pool.Run(slices*e.segments, e.answerSegment)
}

// before returns the state of all keys before a segment, nil before the first one.
func (e *Engine) before(head, segment int) *state {
	if segment == 0 {
		return nil
	}
	return &e.states[head*(e.segments-1)+segment-1]
}

func (e *Engine) wholeHeadJob(worker, head int) {
	w := &e.workers[worker]
	for segment := range e.segments {
		past := e.before(head, segment)
		e.answer(w, head, segment, past)
		switch {
		case segment == e.segments-1:
		case past == nil:
			e.before(head, 1).copy(&w.local)
		default:
			w.combine(e.before(head, segment+1), past, &w.local)
		}
	}
}

func (e *Engine) answerSegmentJob(worker, job int) {
	head, segment := job/e.segments, job%e.segments
	e.answer(&e.workers[worker], head, segment, e.before(head, segment))
}

// answer computes the output of one segment from the state of all keys before it.
func (e *Engine) answer(w *worker, head, segment int, past *state) {
	s := e.shape
	q, k := rows(e.q, head, s.N, s.D), rows(e.k, head, s.S, s.D)
	v, out := rows(e.v, head, s.S, s.E), rows(e.out, head, s.N, s.E)
	w.local.reset()
	from, to := e.bounds(segment)
	for from < to {
		c := w.mapKeys(Chunk{head, from, min(e.chunk, to-from)}, k, &w.local)
		w.lookAhead(c, w.flopsOfState(c.Count)*2, k, q, v)
		e.answerChunk(w, c, segment, past, q, v, out)
		w.rescale(&w.local, w.next)
		from += c.Count
	}
}

// answerChunk computes the output rows of a chunk whose key features are made, and adds its keys to the
// segment's state.
func (e *Engine) answerChunk(w *worker, c Chunk, segment int, past *state, q, v, out variants.Floats) {
	values, to := w.rowsOf(c, v), w.outputOf(c, out)
	seen, pastRef := &w.local, []float32(nil)
	if past != nil {
		w.combine(&w.mixed, past, &w.local)
		seen, pastRef = &w.mixed, past.ref
	}
	if e.kept != nil {
		e.mark(c, segment, seen)
	}
	w.fmap.Queries(w.queries, w.ld, w.tokensOf(c, q), c, pastRef, seen.ref)
	for at := 0; at < c.Count; at += w.span { // references do not change within a chunk
		if at > 0 && past != nil {
			w.combine(&w.mixed, past, &w.local)
		}
		count := min(w.span, c.Count-at)
		w.read(at, count, seen, to)
		w.absorb(at, count, values, &w.local)
	}
	w.align(c, seen.ref)
	for at := 0; at < c.Count; at += w.span {
		w.own(at, min(w.span, c.Count-at), values, to)
	}
	w.finish(c, to, out)
}
