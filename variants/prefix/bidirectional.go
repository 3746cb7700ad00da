package prefix

import "attnbench/variants"

// bidirectional computes attention over all keys: the states of all segments, their sum for each head,
// then the queries.
func (e *Engine) bidirectional() {
	slices := e.shape.Slices()
	e.pool.Run(slices*e.segments, e.sumSegment)
	if e.segments > 1 {
		e.pool.Run(slices, e.addUp)
	}
	e.pool.Run(slices*e.spans(), e.answerAll)
}

// sumSegmentJob makes the state of one segment's keys.
func (e *Engine) sumSegmentJob(worker, job int) {
	w, head, segment := &e.workers[worker], job/e.statesPerHead(), job%e.statesPerHead()
	k, v := rows(e.k, head, e.shape.S, e.shape.D), rows(e.v, head, e.shape.S, e.shape.E)
	s := &e.states[job]
	s.reset()
	from, to := e.bounds(segment)
	for from < to {
		c := w.mapKeys(Chunk{head, from, min(e.chunk, to-from)}, k, s)
		w.lookAhead(c, w.flopsOfState(c.Count), k, variants.Floats{}, v)
		values := w.rowsOf(c, v)
		for at := 0; at < c.Count; at += w.span {
			w.absorb(at, min(w.span, c.Count-at), values, s)
		}
		w.rescale(s, w.next)
		from += c.Count
	}
}

// addUpJob adds to each segment's state of a head those before it.
func (e *Engine) addUpJob(worker, head int) {
	states := e.states[head*e.statesPerHead():][:e.statesPerHead()]
	for i := 1; i < len(states); i++ {
		e.workers[worker].combine(&states[i], &states[i-1], &states[i])
	}
}

// spanChunks is the number of chunks of queries in one job.
const spanChunks = 4

// spans is the number of jobs that cover a head's queries.
func (e *Engine) spans() int { return (e.shape.N + spanChunks*e.chunk - 1) / (spanChunks * e.chunk) }

// answerAllJob computes some output rows from the state of all keys.
func (e *Engine) answerAllJob(worker, job int) {
	w, head, span := &e.workers[worker], job/e.spans(), job%e.spans()
	s := e.shape
	q, out := rows(e.q, head, s.N, s.D), rows(e.out, head, s.N, s.E)
	all := &e.states[(head+1)*e.segments-1]
	from := span * spanChunks * e.chunk
	to := min(from+spanChunks*e.chunk, s.N)
	for ; from < to; from += e.chunk {
		c := Chunk{head, from, min(e.chunk, to-from)}
		rows := w.outputOf(c, out)
		w.fmap.Queries(w.queries, w.ld, w.tokensOf(c, q), c, all.ref, all.ref)
		w.lookAhead(c, w.flopsOfState(c.Count), variants.Floats{}, q, variants.Floats{})
		w.read(0, c.Count, all, rows)
		w.finish(c, rows, out)
	}
}
