package cosformer

import (
	"math"

	"attnbench/variants"
	"attnbench/variants/prefix"
)

// least is the smallest denominator of a row.
const least = 1e-6

// plan is a planned cosFormer, gradients one with a backward pass, decoder one that takes a token at a time.
type (
	plan struct {
		*prefix.Engine
		table
	}
	gradients struct {
		*prefix.Differentiable
		table
		ones []float32
	}
	decoder struct {
		*prefix.Decoder
		table
	}
)

// table holds the sines and cosines of positions, and of whole vectors behind the last one.
type table struct {
	angles
	longest int // M
}

type angles struct{ sines, cosines []float32 }

func newPlan(p *variants.Problem, ws *variants.Workspace) variants.Attention {
	config, table := configOf(p), newTable(p, ws)
	e := prefix.New(p, ws, config, newMaps(p, ws, table.angles, config.Chunk))
	if p.Backward {
		ones := variants.Alloc[float32](ws, p.Shape.D)
		maps := newDerivatives(p, ws, table.angles, ones, e.BackwardTokens())
		return &gradients{prefix.NewDifferentiable(e, ws, maps), table, ones}
	}
	return &plan{e, table}
}

func newDecoder(p *variants.Problem, ws *variants.Workspace) variants.Decoder {
	config, table := configOf(p), newTable(p, ws)
	return &decoder{prefix.NewDecoder(p, ws, config, newMaps(p, ws, table.angles, config.Chunk)), table}
}

// configOf is what the engine is asked for.
func configOf(p *variants.Problem) prefix.Config {
	return prefix.Config{
		Features: 2 * p.Shape.D, Chunk: prefix.ChunkOf(p, p.Int("chunk")), Divisor: prefix.Divisor{Least: least},
	}
}

func newTable(p *variants.Problem, ws *variants.Workspace) table {
	return table{newAngles(ws, max(p.Shape.N, p.Shape.S)+p.Kernels.Lanes), p.Int("max_len")}
}

func newAngles(ws *variants.Workspace, n int) angles {
	return angles{variants.Alloc[float32](ws, n), variants.Alloc[float32](ws, n)}
}

// newMaps makes a mapper for each worker.
func newMaps(p *variants.Problem, ws *variants.Workspace, all angles, tokens int) (maps []prefix.Map) {
	for range p.Pool.Threads() {
		maps = append(maps, newMapper(p, ws, all, tokens))
	}
	return maps
}

// Prepare fills constant tables.
func (a *plan) Prepare() {
	a.Engine.Prepare()
	a.table.prepare()
}

// Prepare fills constant tables.
func (g *gradients) Prepare() {
	g.Differentiable.Prepare()
	g.table.prepare()
	for i := range g.ones {
		g.ones[i] = 1
	}
}

// Prepare fills constant tables.
func (d *decoder) Prepare() {
	d.Decoder.Prepare()
	d.table.prepare()
}

func (t table) prepare() {
	for i := range t.sines {
		s, c := math.Sincos(math.Pi / 2 * float64(i) / float64(t.longest))
		t.sines[i], t.cosines[i] = float32(s), float32(c)
	}
}

// mapper makes features, relu(x)·sin and below them relu(x)·cos; it is the prefix.Map of one worker. The
// references are 2^0.
type mapper struct {
	p *variants.Problem
	angles
	seen angles // of a chunk
}

func newMapper(p *variants.Problem, ws *variants.Workspace, all angles, tokens int) *mapper {
	return &mapper{p: p, angles: all, seen: newAngles(ws, p.Kernels.Pad(tokens))}
}

// Keys is prefix.Map's.
func (m *mapper) Keys(dst []float32, ld int, k []float32, c prefix.Chunk, ref, next []float32) int {
	clear(ref)
	clear(next)
	m.write(dst, ld, k, c, m.seenOf(c))
	return c.Count
}

// seenOf are the tables from the first position of a chunk on, 0 for what is no key.
func (m *mapper) seenOf(c prefix.Chunk) angles {
	at, valid, cols := m.from(c), c.Valid(m.p), m.p.Kernels.Pad(c.Count)
	if valid == nil && cols == c.Count {
		return at
	}
	for j := range cols {
		m.seen.sines[j], m.seen.cosines[j] = 0, 0
		if j < c.Count && (valid == nil || valid[j]) {
			m.seen.sines[j], m.seen.cosines[j] = at.sines[j], at.cosines[j]
		}
	}
	return m.seen
}

// Queries is prefix.Map's.
func (m *mapper) Queries(dst []float32, ld int, q []float32, c prefix.Chunk, _, _ []float32) {
	m.write(dst, ld, q, c, m.from(c))
}

// from are the tables from the first position of a chunk on.
func (a angles) from(c prefix.Chunk) angles { return angles{a.sines[c.From:], a.cosines[c.From:]} }

// write writes the features of the rows x [count, d] at angles.
func (m *mapper) write(dst []float32, ld int, x []float32, c prefix.Chunk, at angles) {
	kernels, d, cols := m.p.Kernels, m.p.Shape.D, m.p.Kernels.Pad(c.Count)
	lower := dst[d*ld:]
	kernels.Pack(c.Count, d, lower, ld, x, d, 1)
	kernels.ReLU(d, cols, lower, ld, 0)
	kernels.ScaleCols(d, cols, dst, ld, lower, ld, at.sines)
	kernels.ScaleCols(d, cols, lower, ld, lower, ld, at.cosines)
}
