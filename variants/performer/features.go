package performer

import (
	"math"

	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/prefix"
)

// A chunk's key features are relative to a reference that is at most reach below the largest exponent
// among them, in powers of 2: a key past it starts a chunk of its own. With eps=0 queries and keys are
// lift higher, where float32 has room that products of small features need: a row is 0 only where all its
// products are below 2^-(126 + 2·lift). 2^(reach + 2·lift), times 256 features and 65536 keys, leaves
// values up to 10¹² without overflow.
const (
	reach = 20
	lift  = 20
)

// mapper makes features; it is the prefix.Map of one worker.
//
// With u = ω·x/d^¼ and h = ‖x‖²/(2√d) an exponential feature of key j is exp(u - h - c) + ε, where c
// depends on the row that reads it. The engine's state holds the first part relative to a reference of
// its own, and ε apart, as one more feature that is 1 for every key: a query's value of that feature is
// ε·Σφ(q) times the ratio of exp(c) to the reference.
type mapper struct {
	p           *variants.Problem
	kernels     *kernel.Set
	kind        string
	m, columns  int     // rows of omega, features without the one for ε
	eps         float32 // 0 for trig
	apart       bool    // ε is a feature of its own
	scale, half float32 // of x in u, and of ‖x‖² in h; exponents are base 2
	lift        float32
	fixed       []float32 // by head: c of all keys, known beforehand; nil: c follows the keys

	packed              []float32 // [d, tokens]
	norm, top, sub, run []float32 // [tokens]: h; largest exponent of the token; what is subtracted; c of the row
	epsilons, minus     []float32 // [features]: ε and -1
	kept                *kept     // nil without gradients
	executed            int64

	directions *directions // of a decoder
	sines      []float32   // [m rounded up to lanes], of one that wants them
}

// newMapper allocates for chunks of so many tokens.
func newMapper(p *variants.Problem, ws *variants.Workspace, tokens int) *mapper {
	root := math.Sqrt(float64(p.Shape.D))
	m := &mapper{
		p: p, kernels: p.Kernels, kind: p.Text("kernel"), m: p.Int("features"), columns: columns(p),
		eps: float32(p.Float("eps")), scale: float32(1 / math.Sqrt(root)), half: float32(math.Log2E / (2 * root)),
	}
	if exponential(p) {
		m.scale = float32(math.Log2E / math.Sqrt(root))
		m.apart = m.eps > 0
		if !m.apart {
			m.lift = lift
		}
	}
	if m.kind == "trig" {
		m.eps = 0
	}
	tokens = p.Kernels.Pad(tokens)
	m.packed = variants.Alloc[float32](ws, p.Shape.D*tokens)
	for _, x := range []*[]float32{&m.norm, &m.top, &m.sub, &m.run} {
		*x = variants.Alloc[float32](ws, tokens)
	}
	m.epsilons, m.minus = variants.Alloc[float32](ws, m.columns), variants.Alloc[float32](ws, m.m)
	return m
}

func (m *mapper) prepare() {
	fill(m.epsilons, m.eps)
	fill(m.minus, -1)
}

// features is the number of rows of a chunk's features.
func (m *mapper) features() int {
	if m.apart {
		return m.columns + 1
	}
	return m.columns
}

// config is what the engine is asked for.
func (m *mapper) config() prefix.Config {
	return prefix.Config{Features: m.features(), Chunk: prefix.ChunkSize(m.p)}
}

// Keys is prefix.Map's.
func (m *mapper) Keys(dst []float32, ld int, k []float32, c prefix.Chunk, ref, next []float32) int {
	cols := m.project(dst, ld, k, c)
	m.offer(dst, ld, cols)
	valid := c.Valid(m.p)
	taken := m.follow(c, valid, ref, next)
	if m.kept != nil && m.kept.top != nil {
		copy(m.kept.top[c.Head*m.p.Shape.S+c.From:], m.top[:taken])
	}
	shown := func(j int) bool { return j < taken && (valid == nil || valid[j]) }
	switch m.kind {
	case "relu":
		m.kernels.ReLU(m.columns, cols, dst, ld, m.eps)
		for j := range cols {
			if !shown(j) {
				clearColumn(dst[j:], m.columns, ld)
			}
		}
	case "trig":
		for j := range cols {
			m.sub[j] = float32(math.Inf(-1))
			if shown(j) {
				m.sub[j] = m.norm[j] - ref[0]
			}
		}
		m.kernels.Exp2(m.sub[:cols], m.sub[:cols])
		m.kernels.SinCos(m.m, cols, dst, ld, dst[m.m*ld:], ld, m.sub)
	default:
		for j := range cols {
			m.sub[j] = float32(math.Inf(1))
			if shown(j) {
				m.sub[j] = m.norm[j] + ref[0] - m.lift
			}
		}
		m.kernels.ExpCols(m.columns, cols, dst, ld, m.sub, 0)
	}
	if m.apart {
		constant := dst[m.columns*ld:][:cols]
		clear(constant)
		for j := range taken {
			if shown(j) {
				constant[j] = 1
			}
		}
	}
	return taken
}

// Queries is prefix.Map's.
func (m *mapper) Queries(dst []float32, ld int, q []float32, c prefix.Chunk, past, ref []float32) {
	cols := m.project(dst, ld, q, c)
	if m.kept != nil {
		m.keep(c, past, ref)
	}
	switch m.kind {
	case "relu":
		m.kernels.ReLU(m.columns, cols, dst, ld, m.eps)
		return
	case "trig": // exp(h) is a factor of the row, which cancels
		fill(m.sub[:cols], 1)
		m.kernels.SinCos(m.m, cols, dst, ld, dst[m.m*ld:], ld, m.sub)
		return
	}
	m.offer(dst, ld, cols)
	for j := range cols {
		// With eps=0 the top has h in it already: it cancels like any factor of the row.
		m.sub[j] = m.top[j] + m.norm[j] - m.lift
	}
	if m.kept != nil {
		copy(m.kept.sub[c.Head*m.p.Shape.N+c.From:], m.sub[:c.Count])
	}
	m.kernels.ExpCols(m.columns, cols, dst, ld, m.sub, m.eps)
	if !m.apart {
		return
	}
	constant := dst[m.columns*ld:][:cols]
	clear(constant)
	m.kernels.DotCols(m.columns, cols, dst, ld, m.epsilons, constant)
	if m.p.Shape.Causal {
		m.scaleConstant(constant[:c.Count], past, ref)
	}
}

// scaleConstant multiplies the feature for ε by how far c of each row is above the reference.
func (m *mapper) scaleConstant(constant, past, ref []float32) {
	for j := range constant {
		high := m.run[j]
		if past != nil {
			high = max(high, past[0])
		}
		m.sub[j] = high - ref[0]
	}
	ratio := m.sub[:len(constant)]
	m.kernels.Exp2(ratio, ratio)
	for j, r := range ratio {
		constant[j] *= r
	}
}

// project writes u of the chunk's tokens, x [count, d], to the first rows of dst, -u to the next where the
// kernel wants it, and h to m.norm. It returns the number of columns, the tokens padded to lanes with zeros.
func (m *mapper) project(dst []float32, ld int, x []float32, c prefix.Chunk) (cols int) {
	d, cols := m.p.Shape.D, m.kernels.Pad(c.Count)
	omega := m.p.PerHead("omega", c.Head%m.p.Shape.Heads, 3)
	m.kernels.Pack(c.Count, d, m.packed, len(m.norm), x, d, m.scale)
	m.kernels.Gemm(m.m, cols, d, omega, d, m.packed, len(m.norm), dst, ld, false)
	m.executed += 2 * int64(m.m) * int64(cols) * int64(d)
	if m.kind == "hyperbolic" {
		m.kernels.ScaleRows(m.m, cols, dst[m.m*ld:], ld, dst, ld, m.minus)
	}
	clear(m.norm)
	m.kernels.SquareRows(c.Count, d, x, d, m.norm)
	for j := range m.norm {
		m.norm[j] *= m.half
	}
	return cols
}

// offer sets m.top to what c is the largest of: the largest u; with eps=0, where any c gives the same
// function, the largest u - h, which loses least to underflow; h for trig, 0 for relu.
func (m *mapper) offer(u []float32, ld, cols int) {
	switch {
	case m.kind == "relu":
		fill(m.top, 0)
	case m.kind == "trig":
		copy(m.top, m.norm)
	default:
		fill(m.top, kernel.Lowest)
		m.kernels.MaxCols(m.columns, cols, u, ld, m.top)
		if !m.apart {
			for j, h := range m.norm {
				m.top[j] -= h
			}
		}
	}
}

// follow chooses the reference of a chunk: that of the keys before, raised where the first key is out of
// its reach. It returns the number of keys up to the next that is out of reach, and leaves c of every row
// in m.run.
func (m *mapper) follow(c prefix.Chunk, valid []bool, ref, next []float32) (taken int) {
	at := ref[0]
	if m.fixed != nil {
		at = m.fixed[c.Head]
	}
	high := at
	for taken = 0; taken < c.Count; taken++ {
		if valid == nil || valid[taken] {
			top := m.top[taken]
			if top > at+reach {
				if taken > 0 && at != kernel.Lowest {
					break
				}
				at = top
			}
			high = max(high, top)
		}
		m.run[taken] = high
	}
	fill(ref[:m.columns], at)
	fill(next[:m.columns], high)
	fill(ref[m.columns:], 0)
	fill(next[m.columns:], 0)
	return taken
}

func clearColumn(x []float32, rows, ld int) {
	for r := range rows {
		x[r*ld] = 0
	}
}

func fill(x []float32, value float32) {
	for i := range x {
		x[i] = value
	}
}
