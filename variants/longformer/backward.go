package longformer

import (
	"attnbench/variants"
	"attnbench/variants/tile"
)

// backward is what the plan needs for gradients: the two passes of forward.
type backward struct {
	gradient *tile.Gradient
	sums     *tile.Sums
	ownSums  *tile.Sums // of k_global and v_global, over all batch elements; nil where they are not used
	globals  int        // tiles of global tokens
	n        int
	top      []float32 // [slices, n]: see tile.Walk.Statistics

	dqOwn           []float32 // of a call
	band, rows, own func(w *tile.Walk, head, tile int)
}

// planBackward allocates for gradients. c is the forward engine's.
func (a *plan) planBackward(ws *variants.Workspace, c tile.Config) {
	s, globals := a.problem.Shape, a.engine.Tiles(len(globals(a.problem)))
	_, c.Keys = tile.BackwardSizes(s.N, s.N)
	b := &backward{
		globals: globals, n: s.N, gradient: tile.NewGradient(ws, c, nil),
		sums: tile.NewSums(ws, c, s.Slices(), s.N, a.tiles),
		top:  variants.Save[float32](ws, s.Slices()*s.N),
		band: a.bandBackward, rows: a.globalBackward, own: a.ownBackward,
	}
	if a.ownTensors() && globals > 0 {
		b.ownSums = tile.NewSums(ws, c, s.Heads, s.N, globals)
	}
	a.back = b
}

// statistics are one head's.
func (b *backward) statistics(head int) []float32 { return b.top[head*b.n : (head+1)*b.n] }

// Backward computes the gradients of the last Forward: see variants.Differentiable.
func (a *plan) Backward(g variants.Gradients, dout, out, q, k, v []float32) {
	b := a.back
	a.operands.SetBackward(g.Q, dout, out, q, k, v)
	b.sums.Begin(g.K, g.V)
	b.gradient.Run(b.sums, a.tiles, b.band)
	if !a.ownTensors() {
		b.gradient.Continue(b.sums, b.globals, b.rows)
	}
	b.sums.End()
	if a.ownTensors() {
		for _, name := range []string{"q_global", "k_global", "v_global"} {
			clear(g.Inputs[name])
		}
	}
	if b.ownSums != nil {
		b.dqOwn = g.Inputs["q_global"]
		b.ownSums.Begin(g.Inputs["k_global"], g.Inputs["v_global"])
		b.gradient.Continue(b.ownSums, b.globals, b.own)
		b.ownSums.End()
		b.dqOwn = nil
	}
	a.operands.Clear()
}

// BackwardExecuted is the number of floating-point operations of the last Backward.
func (a *plan) BackwardExecuted() int64 { return a.back.gradient.Executed() }

// bandBackward takes the gradients of one query tile of the band. Rows of global tokens get none here.
func (a *plan) bandBackward(w *tile.Walk, head, i int) {
	rows, keys := a.inBand(head, i)
	if rows.Count == 0 {
		return
	}
	u := a.operands.Upstream(head)
	u.Top, u.Hidden = a.back.statistics(head), keys.Bias
	w.BeginBackward(u, rows)
	if !allHidden(keys.Bias, rows) {
		w.Visit(a.operands.K(head), a.operands.V(head), keys)
		a.visitGlobals(w, head, rows)
	}
	w.EndBackward()
}

// globalBackward takes the gradients of rows of global tokens.
func (a *plan) globalBackward(w *tile.Walk, head, i int) {
	rows, keys := a.globalRows(head, i)
	u := a.operands.Upstream(head)
	u.Top = a.back.statistics(head)
	w.BeginBackward(u, rows)
	w.Visit(a.operands.K(head), a.operands.V(head), keys)
	w.EndBackward()
}

// ownBackward takes the gradients of rows of global tokens that have tensors of their own, which one head of
// all batch elements shares.
func (a *plan) ownBackward(w *tile.Walk, head, i int) {
	s := a.problem.Shape
	for batch := range s.Batch {
		slice := batch*s.Heads + head
		rows, keys := a.globalRows(slice, i)
		u := a.operands.Upstream(slice)
		u.Top, u.Q = a.back.statistics(slice), a.own("q_global", head)
		u.DQ, u.Add = a.back.dqOwn[head*s.N*s.D:(head+1)*s.N*s.D], batch > 0
		w.BeginBackward(u, rows)
		w.Visit(variants.F32s(a.own("k_global", head)), variants.F32s(a.own("v_global", head)), keys)
		w.EndBackward()
	}
}
