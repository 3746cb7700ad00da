package cosformer

import (
	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/prefix"
)

// derivative is the prefix.Derivative of one worker. Its features are those of Map.
type derivative struct {
	*mapper
	prefix.Steady
	ones  []float32 // [d]
	out   []float32 // [tokens, width], where d is not a multiple of the lanes
	width int       // d rounded up to lanes
}

func newDerivatives(
	p *variants.Problem, ws *variants.Workspace, all angles, ones []float32, tokens int,
) (maps []prefix.Derivative) {
	width := p.Kernels.Pad(p.Shape.D)
	for range p.Pool.Threads() {
		m := &derivative{mapper: newMapper(p, ws, all, tokens), ones: ones, width: width}
		if width != p.Shape.D {
			m.out = variants.Alloc[float32](ws, tokens*width)
		}
		maps = append(maps, m)
	}
	return maps
}

// Products is prefix.Derivative's.
func (m *derivative) Products() int { return 2 * m.p.Shape.D }

// Keys is prefix.Derivative's.
func (m *derivative) Keys(dst []float32, ld int, k []float32, c prefix.Chunk, _ []float32) {
	m.mapper.Keys(dst, ld, k, c, nil, nil)
}

// Queries is prefix.Derivative's.
func (m *derivative) Queries(dst []float32, ld int, q []float32, c prefix.Chunk, _, _ []float32) {
	m.mapper.Queries(dst, ld, q, c, nil, nil)
}

// PullKeys is prefix.Derivative's.
func (m *derivative) PullKeys(
	dk, _ []float32, c prefix.Chunk, grad []float32, ldg int, features []float32, ld int,
) {
	m.pull(dk, c, grad, ldg, features, ld)
}

// PullQueries is prefix.Derivative's.
func (m *derivative) PullQueries(
	dq, _ []float32, c prefix.Chunk, grad []float32, ldg int, features []float32, ld int,
) {
	m.pull(dq, c, grad, ldg, features, ld)
}

// pull takes the gradient by features to that by tokens: by relu(x) it is sin times one half and cos times
// the other, by x that where the feature is positive. Cosines of positions before M always are.
func (m *derivative) pull(to []float32, c prefix.Chunk, grad []float32, ldg int, features []float32, ld int) {
	kernels, d, cols, at := m.p.Kernels, m.p.Shape.D, m.p.Kernels.Pad(c.Count), m.from(c)
	lower := grad[d*ldg:]
	kernels.ScaleCols(d, cols, grad, ldg, grad, ldg, at.sines)
	kernels.ScaleCols(d, cols, lower, ldg, lower, ldg, at.cosines)
	kernels.MixRows(d, cols, grad, ldg, grad, ldg, lower, ldg, m.ones, m.ones)
	kernels.Slope(d, cols, grad, ldg, features[d*ld:], ld, kernel.Steepest)
	if m.out == nil {
		kernels.Pack(d, c.Count, to, d, grad, ldg, 1)
		return
	}
	kernels.Pack(d, c.Count, m.out, m.width, grad, ldg, 1)
	for j := range c.Count {
		copy(to[j*d:][:d], m.out[j*m.width:])
	}
}
