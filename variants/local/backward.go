package local

import (
	"attnbench/variants"
	"attnbench/variants/tile"
)

// backward is what a plan needs for gradients, beside what Forward needs.
type backward struct {
	gradient *tile.Gradient
	sums     *tile.Sums
	top      []float32 // [slices, n]: see tile.Walk.Statistics
	visit    func(w *tile.Walk, head, tile int)
}

// newBackward allocates it. c is the forward engine's.
func newBackward(a *plan, ws *variants.Workspace, c tile.Config) *backward {
	heads, n := a.shape.Slices(), a.shape.N
	_, c.Keys = tile.BackwardSizes(a.block, n)
	return &backward{
		gradient: tile.NewGradient(ws, c, nil), sums: tile.NewSums(ws, c, heads, n, a.each()),
		top: variants.Save[float32](ws, heads*n), visit: a.backwardTile,
	}
}

// Backward computes the gradients of the last Forward: see variants.Differentiable.
func (a *plan) Backward(g variants.Gradients, dout, out, q, k, v []float32) {
	a.SetBackward(g.Q, dout, out, q, k, v)
	a.back.sums.Begin(g.K, g.V)
	a.back.gradient.Run(a.back.sums, a.each(), a.back.visit)
	a.back.sums.End()
	a.Clear()
}

// BackwardExecuted is the number of floating-point operations of the last Backward.
func (a *plan) BackwardExecuted() int64 { return a.back.gradient.Executed() }

// backwardTile takes the gradients of one query tile from the keys that it met.
func (a *plan) backwardTile(w *tile.Walk, head, i int) {
	rows, keys := a.meeting(head, i)
	if rows.Count <= 0 {
		return
	}
	u := a.Upstream(head)
	u.Top = a.statistics(head)
	w.BeginBackward(u, rows)
	w.Visit(a.K(head), a.V(head), keys)
	w.EndBackward()
}

// statistics are one head's.
func (a *plan) statistics(head int) []float32 { return a.back.top[head*a.shape.N : (head+1)*a.shape.N] }
