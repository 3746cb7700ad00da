package linear

import (
	"attnbench/variants"
	"attnbench/variants/prefix"
)

// derivative is the prefix.Derivative of one worker. Its features are those of Map.
type derivative struct {
	*mapper
	prefix.Steady
	out   []float32 // [tokens, width], where d is not a multiple of the lanes
	width int       // d rounded up to lanes
}

func newDerivatives(p *variants.Problem, ws *variants.Workspace, tokens int) (maps []prefix.Derivative) {
	width := p.Kernels.Pad(p.Shape.D)
	for range p.Pool.Threads() {
		m := &derivative{mapper: newMapper(p, ws, tokens), width: width}
		if width != p.Shape.D {
			m.out = variants.Alloc[float32](ws, tokens*width)
		}
		maps = append(maps, m)
	}
	return maps
}

// Products is prefix.Derivative's.
func (m *derivative) Products() int { return m.p.Shape.D }

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

// pull takes the gradient by features to that by tokens: φ' is e^x = φ up to 1, and 1 from there on.
func (m *derivative) pull(to []float32, c prefix.Chunk, grad []float32, ldg int, features []float32, ld int) {
	d := m.p.Shape.D
	m.p.Kernels.Slope(d, m.p.Kernels.Pad(c.Count), grad, ldg, features, ld, 1)
	if m.out == nil {
		m.p.Kernels.Pack(d, c.Count, to, d, grad, ldg, 1)
		return
	}
	m.p.Kernels.Pack(d, c.Count, m.out, m.width, grad, ldg, 1)
	for j := range c.Count {
		copy(to[j*d:][:d], m.out[j*m.width:])
	}
}
