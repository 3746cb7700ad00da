package linear

import (
	"attnbench/variants"
	"attnbench/variants/prefix"
)

func newPlan(p *variants.Problem, ws *variants.Workspace) variants.Attention {
	config := configOf(p)
	e := prefix.New(p, ws, config, newMaps(p, ws, config.Chunk))
	if p.Backward {
		return prefix.NewDifferentiable(e, ws, newDerivatives(p, ws, e.BackwardTokens()))
	}
	return e
}

func newDecoder(p *variants.Problem, ws *variants.Workspace) variants.Decoder {
	config := configOf(p)
	return prefix.NewDecoder(p, ws, config, newMaps(p, ws, config.Chunk))
}

// configOf is what the engine is asked for.
func configOf(p *variants.Problem) prefix.Config {
	return prefix.Config{
		Features: p.Shape.D, Chunk: prefix.ChunkOf(p, p.Int("chunk")),
		Divisor: prefix.Divisor{Add: float32(p.Float("eps"))},
	}
}

// newMaps makes a mapper for each worker.
func newMaps(p *variants.Problem, ws *variants.Workspace, tokens int) (maps []prefix.Map) {
	for range p.Pool.Threads() {
		maps = append(maps, newMapper(p, ws, tokens))
	}
	return maps
}

// mapper makes features; it is the prefix.Map of one worker. Features are numbers around 1, and their
// references 2^0.
type mapper struct {
	p    *variants.Problem
	seen []float32 // [tokens]: 1, or 0 for what is no key
}

func newMapper(p *variants.Problem, ws *variants.Workspace, tokens int) *mapper {
	return &mapper{p: p, seen: variants.Alloc[float32](ws, p.Kernels.Pad(tokens))}
}

// Keys is prefix.Map's.
func (m *mapper) Keys(dst []float32, ld int, k []float32, c prefix.Chunk, ref, next []float32) int {
	m.Queries(dst, ld, k, c, nil, nil)
	clear(ref) // nil where gradients ask
	clear(next)
	cols, valid := m.p.Kernels.Pad(c.Count), c.Valid(m.p)
	if valid == nil && cols == c.Count {
		return c.Count
	}
	clear(m.seen[:cols])
	for j := range c.Count {
		if valid == nil || valid[j] {
			m.seen[j] = 1
		}
	}
	m.p.Kernels.ScaleCols(m.p.Shape.D, cols, dst, ld, dst, ld, m.seen)
	return c.Count
}

// Queries is prefix.Map's.
func (m *mapper) Queries(dst []float32, ld int, q []float32, c prefix.Chunk, _, _ []float32) {
	d := m.p.Shape.D
	m.p.Kernels.Pack(c.Count, d, dst, ld, q, d, 1)
	m.p.Kernels.ELU(d, m.p.Kernels.Pad(c.Count), dst, ld)
}
