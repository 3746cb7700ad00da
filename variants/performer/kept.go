package performer

import (
	"attnbench/variants"
	"attnbench/variants/prefix"
)

// kept is what Forward keeps for gradients beside what the engine keeps, by slice and token. Its slices are
// nil where the options have no use for them.
type kept struct {
	sub      []float32 // of queries: what is subtracted from their exponents
	c, level []float32 // causal: stabiliser of the row, and the reference that its denominator is relative to
	top      []float32 // of keys: largest exponent, where gradients go through the stabiliser of all
	dc       []float32 // gradient by the stabiliser of the row's keys
}

// through reports whether gradients go through the stabilisers: with eps=0 they cancel.
func through(p *variants.Problem) bool {
	return !p.Bool("detach") && exponential(p) && p.Float("eps") > 0
}

func newKept(p *variants.Problem, ws *variants.Workspace) *kept {
	k := &kept{}
	rows, keys := p.Shape.Slices()*p.Shape.N, p.Shape.Slices()*p.Shape.S
	if exponential(p) {
		k.sub = variants.Save[float32](ws, rows)
	}
	if p.Shape.Causal {
		k.c, k.level = variants.Save[float32](ws, rows), variants.Save[float32](ws, rows)
	}
	if through(p) {
		k.dc = variants.Alloc[float32](ws, rows)
		if p.Text("stabilizer") == "global" {
			k.top = variants.Save[float32](ws, keys)
		}
	}
	return k
}

// keep stores the references of a causal chunk's rows; for past and ref see Map.Queries.
func (m *mapper) keep(c prefix.Chunk, past, ref []float32) {
	if m.kept.c == nil {
		return
	}
	row := c.Head*m.p.Shape.N + c.From
	for j := range c.Count {
		high := m.run[j]
		if past != nil {
			high = max(high, past[0])
		}
		m.kept.c[row+j], m.kept.level[row+j] = high, ref[0]
	}
}
