package sparse

import (
	"attnbench/variants"
	"attnbench/variants/tile"
)

// fixedPlan cuts a head into units that end where a segment does: a segment, or several where they are
// short. A query tile meets the summary keys of all segments before its unit, which lie stride apart, and the
// keys of its unit.
type fixedPlan struct {
	schedule
	summary int
	unit    int // positions of a unit
	parts   int // query tiles of a unit
	// spans are, for each key of a unit of several segments, the queries that see it: those that follow in its
	// segment, or in the unit if it is a summary key. Empty where a unit is one segment.
	spans     []tile.Span
	visit     func(w *tile.Walk, job int)
	visitBack func(w *tile.Walk, head, tile int)
}

func newFixed(p *variants.Problem, ws *variants.Workspace, s schedule) variants.Attention {
	queries, keys := tile.PatternSizes(p.Kernels, p.Shape.N, p.Shape.N)
	a := &fixedPlan{summary: min(p.Int("summary"), s.stride), unit: s.stride, parts: 1}
	if s.stride < queries {
		a.unit = queries / s.stride * s.stride
		s.queries = a.unit
	} else {
		a.parts = ceilDiv(s.stride, queries)
		s.queries = min(p.Kernels.Pad(ceilDiv(s.stride, a.parts)), s.stride)
	}
	c := s.config(p, s.queries, keys)
	s.Engine = tile.New(ws, c)
	if a.unit > s.stride {
		a.spans = variants.Alloc[tile.Span](ws, a.unit)
	}
	a.schedule, a.visit = s, a.tile
	if p.Backward {
		a.planBackward(ws, c, a.each())
		a.visitBack = a.backwardTile
	}
	return a
}

// Prepare fills the table of spans and the key mask.
func (a *fixedPlan) Prepare() {
	a.Operands.Prepare()
	for key := range a.spans {
		end := a.unit
		if key%a.stride < a.stride-a.summary {
			end = (key/a.stride + 1) * a.stride
		}
		a.spans[key] = tile.Span{From: int32(key), To: int32(end)}
	}
}

// Forward computes out from q, k and v: see variants.Attention.
func (a *fixedPlan) Forward(out, q, k, v variants.Floats) {
	a.Set(out, q, k, v)
	a.Run(a.shape.Slices()*a.each(), a.visit)
	a.Clear()
}

// each is the number of query tiles of a head.
func (a *fixedPlan) each() int { return ceilDiv(a.shape.N, a.unit) * a.parts }

// tile computes one query tile.
func (a *fixedPlan) tile(w *tile.Walk, job int) {
	head := job / a.each()
	rows := a.rows(job % a.each())
	if rows.Count <= 0 {
		return
	}
	w.Begin(a.Q(head), rows)
	a.visitKeys(w, head, rows)
	a.finish(w, head)
}

// rows are those of a head's i-th query tile, none where the last unit has no more.
func (a *fixedPlan) rows(i int) tile.Rows {
	first := i / a.parts * a.unit
	start := first + i%a.parts*a.queries
	return tile.Range(start, min(start+a.queries, first+a.unit, a.shape.N))
}

// visitKeys visits the keys that rows see: column by column the summary keys of what lies before their unit,
// then the unit itself.
func (a *fixedPlan) visitKeys(w *tile.Walk, head int, rows tile.Rows) {
	k, v, bias := a.K(head), a.V(head), a.Bias(head)
	first, end := rows.Start/a.unit*a.unit, rows.Start+rows.Count
	for column := a.stride - a.summary; column < a.stride && first > 0; column++ {
		keys := tile.Rows{Start: column, Count: first / a.stride, Stride: a.stride}
		w.Visit(k, v, tile.Keys{Rows: keys, Bias: bias})
	}
	own := tile.Keys{Rows: tile.Range(first, end), Band: true, Lo: -tile.Unlimited, Bias: bias}
	if a.spans != nil {
		own.Spans = a.spans[:own.Count]
	}
	w.Visit(k, v, own)
}
