package linear

import (
	"attnbench/variants"
	"attnbench/variants/prefix"
)

// newDerivatives makes one for each worker; its features are those of the forward pass.
func newDerivatives(p *variants.Problem, ws *variants.Workspace, tokens int) (maps []prefix.Derivative) {
	for range p.Pool.Threads() {
		m := newMapper(p, ws, tokens)
		maps = append(maps, prefix.NewSteady(p, ws, m, p.Shape.D, tokens, m.slope))
	}
	return maps
}

// slope is the prefix.Slope: φ' is e^x = φ up to 1, and 1 from there on.
func (m *mapper) slope(c prefix.Chunk, grad []float32, ldg int, features []float32, ld int) {
	m.p.Kernels.Slope(m.p.Shape.D, m.p.Kernels.Pad(c.Count), grad, ldg, features, ld, 1)
}
