package prefix

import "attnbench/variants"

// stretch is the number of tokens after which causal attention keeps its state for gradients. With the usual
// 256 features of 64 columns that is some 90 floats a token, and the features of a stretch stay in the
// second-level cache.
const stretch = 192

// kept is what Forward keeps for gradients.
type kept struct {
	bottom []float32 // [slices, n]: denominators
	perSeg int       // most stretches of a segment
	start  []int32   // by slice, segment and stretch: its first token
	held   []int32   // by slice and segment: its stretches
	sum    []float32 // by stretch: the state before it
	total  []float32
	ref    []float32
}

// newKept also lets workers store denominators.
func newKept(e *Engine, ws *variants.Workspace) *kept {
	slices := e.shape.Slices()
	k := &kept{bottom: variants.Save[float32](ws, slices*e.shape.N)}
	for i := range e.workers {
		e.workers[i].bottoms = k.bottom
	}
	if !e.shape.Causal {
		return k
	}
	longest := (e.shape.S + e.segments - 1) / e.segments
	k.perSeg = (longest + stretch - 1) / stretch
	all := slices * e.segments * k.perSeg
	k.start, k.held = variants.Save[int32](ws, all), variants.Save[int32](ws, slices*e.segments)
	k.sum = variants.Save[float32](ws, all*e.features*e.shape.E)
	k.total, k.ref = variants.Save[float32](ws, all*e.features), variants.Save[float32](ws, all*e.features)
	return k
}

// stretches returns the range of stretches of a segment.
func (b *Backward) stretches(head, segment int) (first, last int) {
	at := head*b.segments + segment
	return at * b.kept.perSeg, at*b.kept.perSeg + int(b.kept.held[at])
}

// load makes w.past the state before stretch i.
func (k *kept) load(w *backWorker, i int) {
	n, e := w.features, w.shape.E
	for r := range n {
		row := w.past.sum[r*w.ldg:]
		copy(row[:e], k.sum[(i*n+r)*e:])
		row[e] = k.total[i*n+r]
	}
	copy(w.past.ref[:n], k.ref[i*n:])
}

// mark keeps s, the state before chunk c of a segment, where a stretch begins with it.
func (e *Engine) mark(c Chunk, segment int, s *state) {
	k, lds := e.kept, e.workers[0].lds
	at := c.Head*e.segments + segment
	from, _ := e.bounds(segment)
	if c.From == from {
		k.held[at] = 0
	}
	if c.From < from+int(k.held[at])*stretch {
		return
	}
	i := at*k.perSeg + int(k.held[at])
	k.held[at]++
	k.start[i] = int32(c.From)
	for r := range e.features {
		copy(k.sum[(i*e.features+r)*e.shape.E:][:e.shape.E], s.sum[r*lds:])
	}
	copy(k.total[i*e.features:], s.total)
	copy(k.ref[i*e.features:], s.ref)
}
