package reformer

import (
	"attnbench/variants"
	"attnbench/variants/tile"
)

// normalized is the number of tokens whose gradients as keys one job brings home.
const normalized = 256

// backward is what the plan needs for gradients: the rounds of forward, each adding to the gradients of
// queries, keys and values.
type backward struct {
	gradient *tile.Gradient
	sums     *tile.Sums
	dk       []float32 // [slices, n, d]: of the keys, which have unit length
	dq       []float32 // of a call
	q        []float32
	visit    func(w *tile.Walk, slice, tile int)
	home     func(worker, job int)
}

// planBackward allocates for gradients. c is the forward engine's.
func (l *plan) planBackward(ws *variants.Workspace, c tile.Config) {
	s := l.shape
	l.back = &backward{
		gradient: tile.NewGradient(ws, c, nil),
		sums:     tile.NewSums(ws, c, s.Slices(), s.N, l.chunks*l.shares),
		dk:       variants.Alloc[float32](ws, s.Slices()*s.N*s.D),
		visit:    l.backwardTile, home: l.bringHome,
	}
}

// Backward computes the gradients of the last Forward, with its buckets: see variants.Differentiable. k and
// g.K are ignored.
func (l *plan) Backward(g variants.Gradients, dout, out, q, _, v []float32) {
	b := l.back
	l.operands.SetBackward(g.Q, dout, out, q, nil, v)
	b.dq, b.q = g.Q, q
	b.sums.Begin(b.dk, g.V)
	for l.round = range l.rounds {
		if l.round == 0 {
			b.gradient.Run(b.sums, l.chunks*l.shares, b.visit)
		} else {
			b.gradient.Continue(b.sums, l.chunks*l.shares, b.visit)
		}
	}
	b.sums.End()
	l.p.Pool.Run(l.shape.Slices()*ceilDiv(l.shape.N, normalized), b.home)
	b.dq, b.q = nil, nil
	l.operands.Clear()
}

// BackwardExecuted is the number of floating-point operations of the last Backward.
func (l *plan) BackwardExecuted() int64 { return l.back.gradient.Executed() }

// backwardTile takes the gradients of a tile of queries in the round that runs.
func (l *plan) backwardTile(w *tile.Walk, slice, i int) {
	c := l.view(w, slice, i)
	if c == nil {
		return
	}
	u := l.operands.Upstream(slice)
	_, u.Top, u.Sum = l.softmax(slice)
	u.Add = l.round > 0
	w.BeginBackward(u, tile.List(c.queries))
	l.meetAll(w, c)
	w.EndBackward()
}

// bringHome adds to the gradients of some tokens what they get as keys: key = norm·x, where norm is in
// inverse proportion to the token's length but for epsilon. A token that the key mask hides has none.
func (l *plan) bringHome(_, job int) {
	d, blocks := l.shape.D, ceilDiv(l.shape.N, normalized)
	slice, first := job/blocks, job%blocks*normalized
	valid := l.p.ValidKeys(slice / l.shape.Heads)
	for t := first; t < min(first+normalized, l.shape.N); t++ {
		at := (slice*l.shape.N + t) * d
		dx := l.back.dq[at : at+d]
		if valid != nil && !valid[t] {
			clear(dx)
			continue
		}
		x, dk, norm := l.back.q[at:at+d], l.back.dk[at:at+d], float64(l.order.norm[slice*l.shape.N+t])
		var along float64
		for c, v := range x {
			along += float64(v) * float64(dk[c])
		}
		along *= norm * norm * l.order.length / float64(d)
		for c, v := range x {
			dx[c] += float32(norm * (float64(dk[c]) - along*float64(v)))
		}
	}
}
