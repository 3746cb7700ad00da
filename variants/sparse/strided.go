package sparse

import (
	"attnbench/variants"
	"attnbench/variants/tile"
)

// stridedPlan walks a head twice, because the two sets want other tiles. Tiles of neighbouring queries come
// first, with the keys of their recent past, and leave their softmax unfinished. Queries that lie stride
// apart see the same column: their tiles take it up again, with the keys of the column but for the query's
// own, which is the only one that the recent past holds too. So no key counts twice.
type stridedPlan struct {
	schedule
	first      int       // of the heads at hand
	classTiles int       // query tiles of a class of queries that lie stride apart
	top, sum   []float32 // [slices, n]: statistics of unfinished queries
	acc        []float32 // [slices, n, e]: their outputs, where out cannot hold them

	columns, recent         func(w *tile.Walk, job int)
	columnsBack, recentBack func(w *tile.Walk, head, tile int)
}

// groupRows is the number of rows, of one head or several, that both passes go through before the next ones:
// what the first pass leaves is then still near.
const groupRows = 4096

func newStrided(p *variants.Problem, ws *variants.Workspace, s schedule) variants.Attention {
	queries, keys := tile.PatternSizes(p.Kernels, p.Shape.N, p.Shape.N)
	s.queries = queries
	c := s.config(p, queries, keys)
	s.Engine = tile.New(ws, c)
	rows := s.shape.Slices() * s.shape.N
	a := &stridedPlan{
		schedule: s, classTiles: ceilDiv(ceilDiv(s.shape.N, s.stride), queries),
		top: variants.Alloc[float32](ws, rows), sum: variants.Alloc[float32](ws, rows),
	}
	if p.Type != variants.F32 {
		a.acc = variants.Alloc[float32](ws, rows*s.shape.E)
	}
	a.columns, a.recent = a.columnTile, a.recentTile
	if p.Backward {
		a.planBackward(ws, c, max(a.stride*a.classTiles, a.Tiles(a.shape.N)))
		a.columnsBack, a.recentBack = a.columnBackward, a.recentBackward
	}
	return a
}

// Forward computes out from q, k and v: see variants.Attention.
func (a *stridedPlan) Forward(out, q, k, v variants.Floats) {
	a.Set(out, q, k, v)
	a.Run(0, a.columns)
	group := max(1, groupRows/a.shape.N)
	for a.first = 0; a.first < a.shape.Slices(); a.first += group {
		heads := min(group, a.shape.Slices()-a.first)
		a.Continue(heads*a.Tiles(a.shape.N), a.recent)
		a.Continue(heads*a.stride*a.classTiles, a.columns)
	}
	a.Clear()
}

// unfinished is where the softmax of a head waits between the passes.
func (a *stridedPlan) unfinished(head int) (acc, top, sum []float32) {
	n, e := a.shape.N, a.shape.E
	acc = a.Out(head).F32
	if acc == nil {
		acc = a.acc[head*n*e : (head+1)*n*e]
	}
	return acc, a.top[head*n : (head+1)*n], a.sum[head*n : (head+1)*n]
}

func (a *stridedPlan) recentTile(w *tile.Walk, job int) {
	tiles := a.Tiles(a.shape.N)
	head := a.first + job/tiles
	rows, keys := a.past(head, job%tiles)
	w.Begin(a.Q(head), rows)
	w.Visit(a.K(head), a.V(head), keys)
	w.Suspend(a.unfinished(head))
}

// past returns the rows of a head's i-th tile of neighbouring queries and the keys of their recent past.
func (a *stridedPlan) past(head, i int) (tile.Rows, tile.Keys) {
	rows := a.Rows(i, a.shape.N)
	return rows, tile.Keys{
		Rows: tile.Range(max(0, rows.Start-a.stride+1), rows.Start+rows.Count),
		Band: true, Lo: 1 - a.stride, Bias: a.Bias(head),
	}
}

func (a *stridedPlan) columnTile(w *tile.Walk, job int) {
	tiles := a.stride * a.classTiles
	head := a.first + job/tiles
	rows, keys := a.column(head, job%tiles)
	if rows.Count <= 0 {
		return
	}
	acc, top, sum := a.unfinished(head)
	w.Resume(a.Q(head), rows, acc, top, sum)
	w.Visit(a.K(head), a.V(head), keys)
	a.finish(w, head)
}

// column returns the rows of a head's i-th tile of queries that lie stride apart, none where the class has no
// more, and the keys of their column but for the query's own.
func (a *stridedPlan) column(head, i int) (tile.Rows, tile.Keys) {
	class, first := i/a.classTiles, i%a.classTiles*a.queries
	count := min(a.queries, ceilDiv(a.shape.N-class, a.stride)-first)
	return tile.Rows{Start: class + first*a.stride, Count: count, Stride: a.stride}, tile.Keys{
		Rows: tile.Rows{Start: class, Count: first + count - 1, Stride: a.stride},
		Band: true, Lo: -tile.Unlimited, Hi: -a.stride, Bias: a.Bias(head),
	}
}
