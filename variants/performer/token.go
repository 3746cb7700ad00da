package performer

import (
	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/prefix"
)

// directions are omega transposed and scaled, [d, m rounded up to lanes] for each head or once for all: what
// the features of one token are a weighted sum of the rows of.
type directions struct {
	p         *variants.Problem
	lanes, ld int
	table     []float32
	heads     int // 1 where all share omega
}

func newDirections(p *variants.Problem, ws *variants.Workspace) *directions {
	o := &directions{p: p, lanes: p.Kernels.Lanes, ld: p.Kernels.Pad(p.Int("features")), heads: p.Shape.Heads}
	if given, ok := p.Input("omega"); ok && len(given.Dims) == 2 {
		o.heads = 1
	}
	o.table = variants.Alloc[float32](ws, o.heads*p.Shape.D*o.ld)
	return o
}

func (o *directions) prepare(scale float32) {
	m, d := o.p.Int("features"), o.p.Shape.D
	for h := range o.heads {
		o.p.Kernels.Pack(m, d, o.of(h), o.ld, o.p.PerHead("omega", h, 3), d, scale)
	}
}

// of is the table of a head.
func (o *directions) of(head int) []float32 {
	size := o.p.Shape.D * o.ld
	return o.table[head%o.heads*size:][:size]
}

// Key is prefix.TokenMap's.
func (m *mapper) Key(dst, k []float32, c prefix.Chunk, ref, next []float32) {
	row, lanes := m.rowOf(dst, k, c.Head), m.directions.lanes
	m.follow(c, nil, ref, next)
	switch m.kind {
	case "relu":
		m.kernels.ReLU(len(row)/lanes, lanes, row, lanes, m.eps)
	case "trig":
		m.splat(m.norm[0] - ref[0])
		m.kernels.Exp2(m.splatted(), m.splatted())
		m.circle(dst)
	default:
		m.splat(m.norm[0] + ref[0] - m.lift)
		m.kernels.ExpCols(len(row)/lanes, lanes, row, lanes, m.sub, 0)
	}
	if m.apart {
		dst[m.columns] = 1
	}
}

// Query is prefix.TokenMap's.
func (m *mapper) Query(dst, q []float32, c prefix.Chunk, ref []float32) {
	row, lanes := m.rowOf(dst, q, c.Head), m.directions.lanes
	switch m.kind {
	case "relu":
		m.kernels.ReLU(len(row)/lanes, lanes, row, lanes, m.eps)
		return
	case "trig":
		m.splat(1)
		m.circle(dst)
		return
	}
	m.splat(m.top[0] + m.norm[0] - m.lift)
	m.kernels.ExpCols(len(row)/lanes, lanes, row, lanes, m.sub, m.eps)
	if !m.apart {
		return
	}
	clear(row[m.columns:])
	m.top[0] = 0
	m.kernels.SumRows(1, len(row), row, len(row), m.top)
	m.scaleConstant(m.top[:1], nil, ref)
	dst[m.columns] = m.eps * m.top[0]
}

// rowOf writes u of a token, and -u where the kernel wants it, side by side; lanes behind them, which it
// returns too, hold what makes no difference to a maximum. It sets m.norm and m.top of the token as project
// and offer do.
func (m *mapper) rowOf(dst, x []float32, head int) []float32 {
	o, d := m.directions, m.p.Shape.D
	u, row := dst[:o.ld], dst[:m.kernels.Pad(m.columns)]
	clear(u)
	m.kernels.DotCols(d, o.ld, o.of(head), o.ld, x, u)
	m.executed += 2 * int64(d) * int64(o.ld)
	if m.kind == "hyperbolic" {
		for i, y := range u[:m.m] {
			dst[m.m+i] = -y
		}
	}
	m.kernels.SquareRows(1, d, x, d, m.norm)
	m.norm[0] *= m.half
	switch m.kind {
	case "relu":
		m.top[0] = 0
		return row
	case "trig":
		m.top[0] = m.norm[0]
		return row
	}
	fill(row[m.columns:], kernel.Lowest)
	m.splat(kernel.Lowest)
	m.kernels.MaxCols(len(row)/o.lanes, o.lanes, row, o.lanes, m.sub)
	m.top[0] = m.sub[0]
	for _, y := range m.splatted() {
		m.top[0] = max(m.top[0], y)
	}
	if !m.apart {
		m.top[0] -= m.norm[0]
	}
	return row
}

// circle turns u into its cosines and sines times the factor that was splatted.
func (m *mapper) circle(dst []float32) {
	o := m.directions
	m.kernels.SinCos(o.ld/o.lanes, o.lanes, dst, o.lanes, m.sines, o.lanes, m.sub)
	copy(dst[m.m:m.columns], m.sines)
}

// splat sets a vector of m.sub, splatted, to one number.
func (m *mapper) splat(x float32) { fill(m.splatted(), x) }

func (m *mapper) splatted() []float32 { return m.sub[:m.directions.lanes] }
