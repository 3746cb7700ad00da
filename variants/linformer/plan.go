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
	return &plan{
		compress: newCompressor(p, ws, slots),
		attend:   tile.NewSlots(p, ws, slots, queries, min(slots, tileSlots)),
	}
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
