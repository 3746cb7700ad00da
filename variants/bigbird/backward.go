package bigbird

import (
	"attnbench/variants"
	"attnbench/variants/tile"
)

// backward is what the plan needs for gradients: the query tiles of forward in another order.
type backward struct {
	gradient *tile.Gradient
	sums     *tile.Sums
	n        int
	top      []float32 // [slices, n]: see tile.Walk.Statistics
	visit    func(w *tile.Walk, head, tile int)
}

// planBackward allocates for gradients. c is the forward engine's.
func (a *attention) planBackward(ws *variants.Workspace, c tile.Config) {
	s := a.problem.Shape
	_, c.Keys = tile.BackwardSizes(a.block, s.N)
	a.back = &backward{
		gradient: tile.NewGradient(ws, c, nil), sums: tile.NewSums(ws, c, s.Slices(), s.N, a.blocks*a.parts),
		n: s.N, top: variants.Save[float32](ws, s.Slices()*s.N), visit: a.backwardTile,
	}
}

// statistics are one head's.
func (b *backward) statistics(head int) []float32 { return b.top[head*b.n : (head+1)*b.n] }

// Backward computes the gradients of the last Forward: see variants.Differentiable.
func (a *attention) Backward(g variants.Gradients, dout, out, q, k, v []float32) {
	b := a.back
	a.operands.SetBackward(g.Q, dout, out, q, k, v)
	b.sums.Begin(g.K, g.V)
	b.gradient.Run(b.sums, a.blocks*a.parts, b.visit)
	b.sums.End()
	a.operands.Clear()
}

// BackwardExecuted is the number of floating-point operations of the last Backward.
func (a *attention) BackwardExecuted() int64 { return a.back.gradient.Executed() }

// backwardTile takes the gradients of one query tile, those of the first and the last block first.
func (a *attention) backwardTile(w *tile.Walk, head, i int) {
	query := i / a.parts
	switch query {
	case 0:
	case 1:
		query = a.blocks - 1
	default:
		query--
	}
	u := a.operands.Upstream(head)
	u.Top, u.Hidden = a.back.statistics(head), a.operands.Bias(head)
	w.BeginBackward(u, a.rows(query, i%a.parts))
	a.visitKeys(w, head, query)
	w.EndBackward()
}
