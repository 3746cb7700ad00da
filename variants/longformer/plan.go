package longformer

import (
	"math"

	"attnbench/variants"
	"attnbench/variants/tile"
)

// plan walks each head twice: first the band and the global keys of all rows, in tiles of rows that lie
// dilation apart, so that the keys which a tile sees are evenly spaced too; then the rows of global tokens,
// against all keys.
type plan struct {
	problem  *variants.Problem
	operands tile.Operands
	engine   *tile.Engine
	queries  int // rows of a query tile
	half     int // keys of the window on one side, clipped to the sequence
	tiles    int // query tiles of the head that has the most

	dilation []int32 // per head
	globals  []int32 // positions of global tokens, ascending
	// hidden is -Inf at tokens that are no keys of the band, being global or masked: [n], [batch, n] or
	// empty.
	hidden []float32

	band, rows func(w *tile.Walk, job int)
	back       *backward // nil where no gradients are asked for
}

// edge is the number of keys that are scored at a time where a window ends: fine steps lose least.
const edge = 16

func newPlan(p *variants.Problem, ws *variants.Workspace) variants.Attention {
	s, count := p.Shape, len(globals(p))
	a := &plan{problem: p, operands: tile.NewOperands(p, ws), half: min(p.Int("window")/2, s.N)}
	nearest := s.N
	for h := range s.Heads {
		nearest = min(nearest, dilation(p, h))
	}
	var keys int
	a.queries, keys = tile.PatternSizes(p.Kernels, ceilDiv(s.N, nearest), s.N)
	for h := range s.Heads {
		a.tiles = max(a.tiles, classes{s.N, dilation(p, h), a.queries}.tiles())
	}
	c := tile.Config{
		Kernels: p.Kernels, Pool: p.Pool, Type: p.Type, D: s.D, E: s.E,
		Scale: 1 / math.Sqrt(float64(s.D)), Queries: a.queries, Keys: keys, Edge: edge,
	}
	a.engine = tile.New(ws, c)
	a.dilation = variants.Alloc[int32](ws, s.Heads)
	a.globals = variants.Alloc[int32](ws, count)
	switch {
	case p.Valid != nil:
		a.hidden = variants.Alloc[float32](ws, s.Batch*s.N)
	case count > 0:
		a.hidden = variants.Alloc[float32](ws, s.N)
	}
	a.band, a.rows = a.bandTile, a.globalTile
	if p.Backward {
		a.planBackward(ws, c)
	}
	return a
}

// Prepare fills the tables of dilations, global tokens and hidden keys.
func (a *plan) Prepare() {
	a.operands.Prepare()
	for h := range a.dilation {
		a.dilation[h] = int32(dilation(a.problem, h))
	}
	for i, valid := range a.problem.Valid {
		if !valid {
			a.hidden[i] = float32(math.Inf(-1))
		}
	}
	for i, g := range globals(a.problem) {
		a.globals[i] = int32(g)
		for at := int(g); at < len(a.hidden); at += a.problem.Shape.N {
			a.hidden[at] = float32(math.Inf(-1))
		}
	}
}

// Forward computes out from q, k and v: see variants.Attention.
func (a *plan) Forward(out, q, k, v variants.Floats) {
	a.operands.Set(out, q, k, v)
	heads := a.problem.Shape.Slices()
	a.engine.Run(heads*a.tiles, a.band)
	if len(a.globals) > 0 {
		a.engine.Continue(heads*a.engine.Tiles(len(a.globals)), a.rows)
	}
	a.operands.Clear()
}

// Executed is the number of floating-point operations of the last Forward.
func (a *plan) Executed() int64 { return a.engine.Executed() }

// classes are the tokens of a head by position modulo its dilation: a window stays within one class.
type classes struct{ n, dilation, queries int }

// each is the number of query tiles of a class, the last one empty in some.
func (c classes) each() int { return ceilDiv(ceilDiv(c.n, c.dilation), c.queries) }

func (c classes) tiles() int { return min(c.dilation, c.n) * c.each() }

// bandTile computes the rows of one query tile over band and global keys; the rows of global tokens are left
// to globalTile.
func (a *plan) bandTile(w *tile.Walk, job int) {
	head := job / a.tiles
	rows, keys := a.inBand(head, job%a.tiles)
	switch {
	case rows.Count == 0:
		return
	case allHidden(keys.Bias, rows):
		a.operands.ClearMasked(head, rows)
		return
	}
	w.Begin(a.operands.Q(head), rows)
	w.Visit(a.operands.K(head), a.operands.V(head), keys)
	a.visitGlobals(w, head, rows)
	w.End(a.operands.Out(head))
	a.operands.ClearMasked(head, rows)
	if a.back != nil {
		w.Statistics(a.back.statistics(head), nil)
	}
}

// inBand returns the rows of a head's i-th query tile, none where another head has more tiles, and the keys
// of their band.
func (a *plan) inBand(head, i int) (rows tile.Rows, keys tile.Keys) {
	s := a.problem.Shape
	c := classes{s.N, int(a.dilation[head%s.Heads]), a.queries}
	class, first := i/c.each(), i%c.each()*c.queries
	size := ceilDiv(c.n-class, c.dilation)
	if i >= c.tiles() || first >= size {
		return rows, keys
	}
	rows = tile.Rows{Start: class + first*c.dilation, Count: min(c.queries, size-first), Stride: c.dilation}
	from, to, ahead := max(0, first-a.half), min(size, first+rows.Count+a.half), a.half
	if s.Causal {
		to, ahead = first+rows.Count, 0
	}
	return rows, tile.Keys{
		Rows: tile.Rows{Start: class + from*c.dilation, Count: to - from, Stride: c.dilation},
		Band: true, Lo: -a.half * c.dilation, Hi: ahead * c.dilation, Bias: a.hiddenKeys(head),
	}
}

// visitGlobals lets rows meet the global keys, or those that are not in their future.
func (a *plan) visitGlobals(w *tile.Walk, head int, rows tile.Rows) {
	past, reached := len(a.globals), len(a.globals)
	if a.problem.Shape.Causal {
		past, reached = 0, 0
		for _, g := range a.globals {
			if int(g) <= rows.Start {
				past++
			}
			if int(g) <= rows.At(rows.Count-1) {
				reached++
			}
		}
	}
	k, v := a.operands.K(head), a.operands.V(head)
	w.Visit(k, v, tile.Keys{Rows: tile.List(a.globals[:past])})
	w.Visit(k, v, tile.Keys{Rows: tile.List(a.globals[past:reached]), Band: true, Lo: -tile.Unlimited})
}

// globalTile computes rows of global tokens, which see every key that is not masked.
func (a *plan) globalTile(w *tile.Walk, job int) {
	tiles := a.engine.Tiles(len(a.globals))
	head := job / tiles
	rows, keys := a.globalRows(head, job%tiles)
	q, k, v := a.operands.Q(head), a.operands.K(head), a.operands.V(head)
	if a.ownTensors() {
		q, k = variants.F32s(a.own("q_global", head)), variants.F32s(a.own("k_global", head))
		v = variants.F32s(a.own("v_global", head))
	}
	w.Begin(q, rows)
	w.Visit(k, v, keys)
	w.End(a.operands.Out(head))
	if a.back != nil {
		w.Statistics(a.back.statistics(head), nil)
	}
}

// globalRows returns the rows of the i-th tile of global tokens and the keys that they see.
func (a *plan) globalRows(head, i int) (tile.Rows, tile.Keys) {
	at := a.engine.Rows(i, len(a.globals))
	rows := tile.List(a.globals[at.Start : at.Start+at.Count])
	keys := tile.Keys{Rows: tile.Range(0, a.problem.Shape.N), Bias: a.operands.Bias(head)}
	if a.problem.Shape.Causal {
		keys.Band, keys.Lo = true, -tile.Unlimited
		keys.Count = rows.At(rows.Count-1) + 1
	}
	return rows, keys
}

// ownTensors reports whether global rows have tensors of their own; own returns a head's part of one.
func (a *plan) ownTensors() bool {
	_, own := a.problem.Input("q_global")
	return own
}

func (a *plan) own(name string, head int) []float32 {
	return a.problem.PerHead(name, head%a.problem.Shape.Heads, 3)
}

// hiddenKeys is the part of hidden that holds for a head, nil if no token is hidden.
func (a *plan) hiddenKeys(head int) []float32 {
	if a.problem.Valid == nil {
		return a.hidden
	}
	n := a.problem.Shape.N
	return a.hidden[head/a.problem.Shape.Heads*n:][:n]
}

func allHidden(hidden []float32, rows tile.Rows) bool {
	for i := range rows.Count {
		if len(hidden) == 0 || hidden[rows.At(i)] == 0 {
			return false
		}
	}
	return true
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
