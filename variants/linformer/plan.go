package linformer

import (
	"attnbench/variants"
	"attnbench/variants/tile"
)

// plan is a planned Linformer: compress keys and values, attend to the slots.
type plan struct {
	compress *compressor
	attend   *tile.Dense
}

// newPlan lets the queries meet tileSlots slots at once, as a rule all of them: the running softmax then has
// nothing to rescale.
func newPlan(p *variants.Problem, ws *variants.Workspace) variants.Attention {
	slots := p.Int("k")
	queries, _ := tile.Sizes(p.Kernels, p.Shape.N, slots)
	a := &plan{
		compress: newCompressor(p, ws, slots),
		attend:   tile.NewSlots(p, ws, slots, queries, min(slots, tileSlots)),
	}
	if p.Backward {
		return &gradients{plan: a, expand: newExpander(ws, a.compress)}
	}
	return a
}

// Prepare copies the projections to where their rows lie well.
func (a *plan) Prepare() { a.compress.prepare() }

// Forward computes out [batch, heads, n, e] from q, k, v.
func (a *plan) Forward(out, q, k, v variants.Floats) {
	keys, values := a.compress.run(k, v)
	a.attend.Forward(out, q, variants.F32s(keys), variants.F32s(values))
}

// Executed is the number of floating-point operations of the last Forward.
func (a *plan) Executed() int64 { return a.compress.executed() + a.attend.Executed() }

// gradients is a plan with a backward pass.
type gradients struct {
	*plan
	expand *expander
}

// Backward is variants.Differentiable's.
func (g *gradients) Backward(to variants.Gradients, dout, out, q, k, v []float32) {
	x, c := g.expand, g.compress
	slots := variants.Gradients{Q: to.Q, K: x.keys.slots, V: x.values.slots}
	g.attend.Backward(slots, dout, out, q, c.keys.sum, c.values.sum)
	x.run(to, k, v)
}

// BackwardExecuted is variants.Differentiable's.
func (g *gradients) BackwardExecuted() int64 {
	return g.expand.executed() + g.attend.BackwardExecuted()
}
