package prefix

import "attnbench/variants"

// Differentiable is an Engine with its gradients: a variants.Differentiable of operands that are all that
// there is to differentiate.
type Differentiable struct {
	*Engine
	backward *Backward
}

// NewDifferentiable lets e keep what gradients need; one Derivative for each worker.
func NewDifferentiable(e *Engine, ws *variants.Workspace, maps []Derivative) *Differentiable {
	return &Differentiable{e, NewBackward(e, ws, maps)}
}

// Prepare fills constant tables.
func (d *Differentiable) Prepare() {
	d.Engine.Prepare()
	d.backward.Prepare()
}

// Backward is variants.Differentiable's.
func (d *Differentiable) Backward(g variants.Gradients, dout, out, q, k, v []float32) {
	d.backward.Run(g, dout, out, q, k, v)
}

// BackwardExecuted is variants.Differentiable's.
func (d *Differentiable) BackwardExecuted() int64 { return d.backward.Executed() }
