package cosformer

import (
	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/prefix"
)

// derivative takes gradients by features to those by tokens.
type derivative struct {
	*mapper
	ones []float32 // [d]
}

// newDerivatives makes one for each worker; its features are those of the forward pass.
func newDerivatives(
	p *variants.Problem, ws *variants.Workspace, all angles, ones []float32, tokens int,
) (maps []prefix.Derivative) {
	for range p.Pool.Threads() {
		m := derivative{newMapper(p, ws, all, tokens), ones}
		maps = append(maps, prefix.NewSteady(p, ws, m.mapper, 2*p.Shape.D, tokens, m.slope))
	}
	return maps
}

// slope is the prefix.Slope: by relu(x) the gradient is sin times one half and cos times the other, by x that
// where the feature is positive. Cosines of positions before M always are.
func (m derivative) slope(c prefix.Chunk, grad []float32, ldg int, features []float32, ld int) {
	kernels, d, cols, at := m.p.Kernels, m.p.Shape.D, m.p.Kernels.Pad(c.Count), m.from(c)
	lower := grad[d*ldg:]
	kernels.ScaleCols(d, cols, grad, ldg, grad, ldg, at.sines)
	kernels.ScaleCols(d, cols, lower, ldg, lower, ldg, at.cosines)
	kernels.MixRows(d, cols, grad, ldg, grad, ldg, lower, ldg, m.ones, m.ones)
	kernels.Slope(d, cols, grad, ldg, features[d*ld:], ld, kernel.Steepest)
}
