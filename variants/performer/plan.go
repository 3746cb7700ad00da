package performer

import (
	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/prefix"
)

// plan is a planned Performer.
type plan struct {
	p       *variants.Problem
	mappers []*mapper
	engine  *prefix.Engine

	// For causal attention with the stabiliser of all keys: it is looked for before the engine starts.
	keys      variants.Floats
	fixed     []float32 // by head
	scratch   [][]float32
	highestOf func(worker, head int)
}

func newPlan(p *variants.Problem, ws *variants.Workspace) variants.Attention {
	mappers, maps := newMappers(p, ws)
	a := &plan{p: p, mappers: mappers, engine: prefix.New(p, ws, mappers[0].config(), maps)}
	if leaks(p) != "" {
		a.fixed = variants.Alloc[float32](ws, p.Shape.Slices())
		a.highestOf = a.highest
		for _, m := range a.mappers {
			m.fixed = a.fixed
			a.scratch = append(a.scratch, variants.Alloc[float32](ws, m.columns*p.Kernels.Pad(prefix.ChunkSize(p))))
		}
	}
	if p.Backward {
		return newGradients(a, ws)
	}
	return a
}

// newMappers makes a mapper for each worker.
func newMappers(p *variants.Problem, ws *variants.Workspace) (mappers []*mapper, maps []prefix.Map) {
	for range p.Pool.Threads() {
		m := newMapper(p, ws, prefix.ChunkSize(p))
		mappers, maps = append(mappers, m), append(maps, m)
	}
	return mappers, maps
}

// Prepare fills constant tables.
func (a *plan) Prepare() {
	a.engine.Prepare()
	for _, m := range a.mappers {
		m.prepare()
	}
}

// Forward computes out [batch, heads, n, e] from q, k, v.
func (a *plan) Forward(out, q, k, v variants.Floats) {
	for _, m := range a.mappers {
		m.executed = 0
	}
	if a.fixed != nil {
		a.keys = k
		a.p.Pool.Run(a.p.Shape.Slices(), a.highestOf)
		a.keys = variants.Floats{}
	}
	a.engine.Forward(out, q, k, v)
}

// Executed is the number of floating-point operations of the last Forward.
func (a *plan) Executed() int64 {
	sum := a.engine.Executed()
	for _, m := range a.mappers {
		sum += m.executed
	}
	return sum
}

// highest finds the stabiliser of all valid keys of a head.
func (a *plan) highest(worker, head int) {
	m, shape, size := a.mappers[worker], a.p.Shape, prefix.ChunkSize(a.p)
	u, ld, top := a.scratch[worker], a.p.Kernels.Pad(size), float32(kernel.Lowest)
	for from := 0; from < shape.S; from += size {
		c := prefix.Chunk{Head: head, From: from, Count: min(size, shape.S-from)}
		m.offer(u, ld, m.project(u, ld, a.engine.Tokens(worker, c, a.keys), c))
		valid := c.Valid(a.p)
		for j := range c.Count {
			if valid == nil || valid[j] {
				top = max(top, m.top[j])
			}
		}
	}
	a.fixed[head] = top
}
