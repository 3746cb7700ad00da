package sparse

import (
	"attnbench/variants"
	"attnbench/variants/tile"
)

// stridedPlan walks a head twice, because the two sets want other tiles. Tiles of neighbouring queries come
// first, with the keys of their recent past, and leave their softmax unfinished: they go through memory in
// order, so that what comes next can be asked for. Queries that lie stride apart see the same column: they
// take the softmax up again, with the keys of the column but for the query's own, which is the only one that
// the recent past holds too. So no key counts twice.
type stridedPlan struct {
	schedule
	first   int           // of the heads at hand
	classes *tile.Classes // of short columns; nil: they are visited as long ones are

	// A class is all queries that lie stride apart. Short ones share query tiles.
	together   int           // classes that share a query tile
	each       int           // queries of a class in a tile
	groups     int           // of classes that share tiles
	classTiles int           // query tiles of a group
	index      [][]int32     // by worker: the rows of a tile
	spans      [][]tile.Span // by worker: of a visit

	top, sum []float32 // [slices, n]: statistics of unfinished queries
	acc      []float32 // [slices, n, e]: their outputs, where out cannot hold them

	recent, columns         func(w *tile.Walk, job int)
	jobs                    int // of columns, for a head
	columnsBack, recentBack func(w *tile.Walk, head, tile int)
}

// longestClass is the number of queries of a class up to which tile.Classes is the faster way, if there are
// classes for all lanes.
const longestClass = 256

// groupRows is the number of rows, of one head or several, that both passes go through before the next ones:
// what the first pass leaves is then still near.
const groupRows = 4096

func newStrided(p *variants.Problem, ws *variants.Workspace, s schedule) variants.Attention {
	queries, keys := tile.WindowSizes(p)
	queries = min(queries*3/2, p.Shape.N) // a narrow window has little work to pay for a tile with
	s.queries = queries
	c := s.config(p, queries, keys)
	s.Engine = tile.New(ws, c)
	rows := s.shape.Slices() * s.shape.N
	a := &stridedPlan{
		schedule: s,
		top:      variants.Alloc[float32](ws, rows), sum: variants.Alloc[float32](ws, rows),
	}
	class := ceilDiv(s.shape.N, s.stride)
	a.each = min(queries, class)
	a.together = min(queries/a.each, s.stride)
	a.groups, a.classTiles = ceilDiv(s.stride, a.together), ceilDiv(class, a.each)
	if p.Type != variants.F32 {
		a.acc = variants.Alloc[float32](ws, rows*s.shape.E)
	}
	a.columns, a.recent, a.jobs = a.columnTile, a.recentTile, a.groups*a.classTiles
	if class <= longestClass && s.stride >= p.Kernels.Lanes {
		a.classes = tile.NewClasses(ws, c, a.heads(), s.shape.N, s.stride)
		a.columns, a.jobs = a.columnGroup, a.classes.Jobs()
	}
	for range p.Pool.Threads() {
		if a.classes == nil || p.Backward {
			a.index = append(a.index, variants.Alloc[int32](ws, queries))
			a.spans = append(a.spans, variants.Alloc[tile.Span](ws, keys))
		}
	}
	if p.Backward {
		a.planBackward(ws, c, max(a.groups*a.classTiles, a.Tiles(a.shape.N)))
		a.columnsBack, a.recentBack = a.columnBackward, a.recentBackward
	}
	return a
}

// heads is the number of heads that go through both passes before the next ones.
func (a *stridedPlan) heads() int { return min(max(1, groupRows/a.shape.N), a.shape.Slices()) }

// Forward computes out from q, k and v: see variants.Attention.
func (a *stridedPlan) Forward(out, q, k, v variants.Floats) {
	a.Set(out, q, k, v)
	a.Run(0, a.recent)
	for a.first = 0; a.first < a.shape.Slices(); a.first += a.heads() {
		heads := min(a.heads(), a.shape.Slices()-a.first)
		a.Continue(heads*a.Tiles(a.shape.N), a.recent)
		a.Continue(heads*a.jobs, a.columns)
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
	acc, top, sum := a.unfinished(head)
	w.BeginIn(a.Q(head), rows, acc)
	w.Visit(a.K(head), a.V(head), keys)
	w.Suspend(acc, top, sum)
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
	tiles := a.groups * a.classTiles
	head, c := a.first+job/tiles, a.column(job%tiles)
	rows := c.rows(a.index[w.Worker()])
	if rows.Count == 0 {
		return
	}
	acc, top, sum := a.unfinished(head)
	w.Resume(a.Q(head), rows, acc, top, sum)
	a.visitColumns(w, head, c)
	a.finish(w, head)
}

// columnGroup is columnTile for short columns.
func (a *stridedPlan) columnGroup(w *tile.Walk, job int) {
	head := a.first + job/a.jobs
	h := tile.Begun{Q: a.Q(head), K: a.K(head), V: a.V(head), Out: a.Out(head), Bias: a.Bias(head)}
	h.Acc, h.Top, h.Sum = a.unfinished(head)
	if a.back != nil {
		h.Stat = a.statistics(head)
	}
	a.classes.Past(w, job%a.jobs, h)
}

// columns is a tile of queries of neighbouring classes, those of a class side by side.
type columns struct {
	n, stride   int
	class, last int // the classes: class ≤ c < last
	first, each int // of a class the queries first, first+1, …, so many where there are
}

// column returns the i-th tile of columns of a head.
func (a *stridedPlan) column(i int) columns {
	class := i / a.classTiles * a.together
	return columns{
		n: a.shape.N, stride: a.stride, class: class, last: min(class+a.together, a.stride),
		first: i % a.classTiles * a.each, each: a.each,
	}
}

// count is the number of queries of a class.
func (c columns) count(class int) int {
	return min(max(ceilDiv(c.n-class, c.stride)-c.first, 0), c.each)
}

// rows lists the rows of the tile.
func (c columns) rows(index []int32) tile.Rows {
	index = index[:0]
	for class := c.class; class < c.last; class++ {
		for i := range c.count(class) {
			index = append(index, int32(class+(c.first+i)*c.stride))
		}
	}
	return tile.List(index)
}

// visitColumns lets the queries of every class meet the keys of their column before their own: those that all
// of them see, then, few at a time, those that only the later ones see.
func (a *stridedPlan) visitColumns(w *tile.Walk, head int, c columns) {
	spans, at := a.spans[w.Worker()], 0
	for class := c.class; class < c.last; class++ {
		end := at + c.count(class)
		for from := 0; from < c.first+end-at-1; {
			to := min(from+len(spans), c.first)
			if from >= c.first {
				to = min(from+edge, c.first+end-at-1)
			}
			for i := range to - from {
				spans[i] = tile.Span{From: int32(at + max(0, from+i+1-c.first)), To: int32(end)}
			}
			w.Visit(a.K(head), a.V(head), tile.Keys{
				Rows:  tile.Rows{Start: class + from*a.stride, Count: to - from, Stride: a.stride},
				Spans: spans[:to-from], Bias: a.Bias(head),
			})
			from = to
		}
		at = end
	}
}
