package sparse

import (
	"attnbench/variants"
	"attnbench/variants/tile"
)

// backward is what a schedule needs for gradients. A query's weights need the statistics of its whole softmax
// only, so no pass waits for another.
type backward struct {
	gradient *tile.Gradient
	sums     *tile.Sums
	top      []float32 // [slices, n]: see tile.Walk.Statistics
}

// planBackward allocates it for heads of at most so many query tiles a pass. c is the forward engine's.
func (s *schedule) planBackward(ws *variants.Workspace, c tile.Config, tiles int) {
	heads, n := s.shape.Slices(), s.shape.N
	_, c.Keys = tile.BackwardSizes(n, n)
	s.back = &backward{
		gradient: tile.NewGradient(ws, c, nil), sums: tile.NewSums(ws, c, heads, n, tiles),
		top: variants.Save[float32](ws, heads*n),
	}
}

// finish ends a query tile of Forward.
func (s *schedule) finish(w *tile.Walk, head int) {
	w.End(s.Out(head))
	if s.back != nil {
		w.Statistics(s.statistics(head), nil)
	}
}

// statistics are one head's.
func (s *schedule) statistics(head int) []float32 {
	return s.back.top[head*s.shape.N : (head+1)*s.shape.N]
}

// upstream is what a backward pass knows of a head.
func (s *schedule) upstream(head int) tile.Upstream {
	u := s.Upstream(head)
	u.Top = s.statistics(head)
	return u
}

// BackwardExecuted is the number of floating-point operations of the last Backward.
func (s *schedule) BackwardExecuted() int64 { return s.back.gradient.Executed() }

// Backward computes the gradients of the last Forward: see variants.Differentiable.
func (a *stridedPlan) Backward(g variants.Gradients, dout, out, q, k, v []float32) {
	b := a.back
	a.SetBackward(g.Q, dout, out, q, k, v)
	b.sums.Begin(g.K, g.V)
	b.gradient.Run(b.sums, a.Tiles(a.shape.N), a.recentBack)
	b.gradient.Continue(b.sums, a.groups*a.classTiles, a.columnsBack)
	b.sums.End()
	a.Clear()
}

func (a *stridedPlan) recentBackward(w *tile.Walk, head, i int) {
	rows, keys := a.past(head, i)
	w.BeginBackward(a.upstream(head), rows)
	w.Visit(a.K(head), a.V(head), keys)
	w.EndBackward()
}

// columnBackward adds to the gradients of queries that recentBackward began.
func (a *stridedPlan) columnBackward(w *tile.Walk, head, i int) {
	c := a.column(i)
	rows := c.rows(a.index[w.Worker()])
	if rows.Count == 0 {
		return
	}
	u := a.upstream(head)
	u.Add = true
	w.BeginBackward(u, rows)
	a.visitColumns(w, head, c)
	w.EndBackward()
}

// Backward computes the gradients of the last Forward: see variants.Differentiable.
func (a *fixedPlan) Backward(g variants.Gradients, dout, out, q, k, v []float32) {
	b := a.back
	a.SetBackward(g.Q, dout, out, q, k, v)
	b.sums.Begin(g.K, g.V)
	b.gradient.Run(b.sums, a.each(), a.visitBack)
	b.sums.End()
	a.Clear()
}

func (a *fixedPlan) backwardTile(w *tile.Walk, head, i int) {
	rows := a.rows(i)
	if rows.Count <= 0 {
		return
	}
	w.BeginBackward(a.upstream(head), rows)
	a.visitKeys(w, head, rows)
	w.EndBackward()
}
