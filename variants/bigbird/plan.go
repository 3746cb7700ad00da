package bigbird

import (
	"math"
	"slices"

	"attnbench/variants"
	"attnbench/variants/tile"
)

// attention walks, for each query block (or part of one, where blocks are longer than a tile), runs of
// neighbouring key blocks in ascending order.
type attention struct {
	problem  *variants.Problem
	operands tile.Operands
	engine   *tile.Engine
	block    int // tokens of a block
	blocks   int
	parts    int // query tiles of a block
	queries  int // rows of such a tile, the last maybe fewer

	listed int     // key blocks that a query block lists at most
	lists  []int32 // [heads, blocks-2, listed]: see keyBlocks; -1 in front where a list is shorter

	visit func(w *tile.Walk, job int)
	back  *backward // nil where no gradients are asked for
}

func newPlan(p *variants.Problem, ws *variants.Workspace) variants.Attention {
	s, block := p.Shape, p.Int("block")
	a := &attention{
		problem: p, operands: tile.NewOperands(p, ws), block: block, blocks: blocks(p), listed: listed(p),
	}
	queries, _ := tile.Sizes(p.Kernels, block, s.N)
	_, keys := tile.PatternSizes(p.Kernels, block, s.N)
	a.parts = (block + queries - 1) / queries
	a.queries = min(p.Kernels.Pad((block+a.parts-1)/a.parts), block)
	c := tile.Config{
		Kernels: p.Kernels, Pool: p.Pool, Type: p.Type, D: s.D, E: s.E,
		Scale: 1 / math.Sqrt(float64(s.D)), Queries: a.queries, Keys: keys,
	}
	a.engine = tile.New(ws, c)
	a.lists = variants.Alloc[int32](ws, s.Heads*(a.blocks-2)*a.listed)
	a.visit = a.tile
	if p.Backward {
		a.planBackward(ws, c)
	}
	return a
}

// Prepare lists the key blocks of every query block.
func (a *attention) Prepare() {
	a.operands.Prepare()
	for h := range a.problem.Shape.Heads {
		for i := 1; i < a.blocks-1; i++ {
			list := a.list(h, i)
			found := keyBlocks(a.problem, h, i, list)
			copy(list[len(list)-len(found):], found)
			for j := range len(list) - len(found) {
				list[j] = -1
			}
		}
	}
}

// listed is the most key blocks that a query block lists: two global ones, three of the window and the random
// ones.
func listed(p *variants.Problem) int { return 5 + p.Int("random") }

// keyBlocks lists the key blocks of a query block that is neither first nor last, ascending, in memory for
// listed(p) of them: as often as they are global, in the window or drawn if duplicates count, else once.
func keyBlocks(p *variants.Problem, head, query int, list []int32) []int32 {
	last := blocks(p) - 1
	list = append(list[:0], 0, int32(last))
	for id := max(query-1, 1); id <= min(query+1, last-1); id++ {
		list = append(list, int32(id))
	}
	ids, _ := p.Input(randomBlocks)
	r := p.Int("random")
	for _, id := range ids.I64[(head*(last-1)+query-1)*r:][:r] {
		list = append(list, int32(id))
	}
	slices.Sort(list)
	if !p.Bool("count_duplicates") {
		list = slices.Compact(list)
	}
	return list
}

// list is the table's row of a query block.
func (a *attention) list(head, query int) []int32 {
	return a.lists[(head*(a.blocks-2)+query-1)*a.listed:][:a.listed]
}

// Forward computes out from q, k and v: see variants.Attention.
func (a *attention) Forward(out, q, k, v variants.Floats) {
	a.operands.Set(out, q, k, v)
	a.engine.Run(a.problem.Shape.Slices()*a.blocks*a.parts, a.visit)
	a.operands.Clear()
}

// Executed is the number of floating-point operations of the last Forward.
func (a *attention) Executed() int64 { return a.engine.Executed() }

// tile computes one query tile. The first and the last block of each head, which see all keys, come first:
// with the long jobs done early, the workers end together.
func (a *attention) tile(w *tile.Walk, job int) {
	heads := a.problem.Shape.Slices()
	unit, part := job/a.parts, job%a.parts
	var head, query int
	if unit < 2*heads {
		head, query = unit/2, unit%2*(a.blocks-1)
	} else {
		unit -= 2 * heads
		head, query = unit/(a.blocks-2), 1+unit%(a.blocks-2)
	}
	rows := a.rows(query, part)
	w.Begin(a.operands.Q(head), rows)
	a.visitKeys(w, head, query)
	w.End(a.operands.Out(head))
	a.operands.ClearMasked(head, rows)
	if a.back != nil {
		w.Statistics(a.back.statistics(head), nil)
	}
}

// rows are those of a part of a query block.
func (a *attention) rows(query, part int) tile.Rows {
	first := part * a.queries
	return tile.Range(query*a.block+first, query*a.block+min(first+a.queries, a.block))
}

// visitKeys visits the keys that a query block sees.
func (a *attention) visitKeys(w *tile.Walk, head, query int) {
	if query == 0 || query == a.blocks-1 {
		a.visitRun(w, head, run{0, a.blocks, 1})
	} else {
		a.visitList(w, head, a.list(head%a.problem.Shape.Heads, query))
	}
}

// run is a stretch of neighbouring key blocks, each listed so many times.
type run struct{ first, blocks, times int }

// visitList visits the runs of an ascending list of key blocks.
func (a *attention) visitList(w *tile.Walk, head int, list []int32) {
	var next run
	for len(list) > 0 {
		id, times := int(list[0]), 1
		for times < len(list) && list[times] == list[0] {
			times++
		}
		list = list[times:]
		switch {
		case id < 0: // fills a short list
		case next.blocks > 0 && id == next.first+next.blocks && times == next.times:
			next.blocks++
		default:
			a.visitRun(w, head, next)
			next = run{id, 1, times}
		}
	}
	a.visitRun(w, head, next)
}

func (a *attention) visitRun(w *tile.Walk, head int, r run) {
	if r.blocks == 0 {
		return
	}
	w.Visit(a.operands.K(head), a.operands.V(head), tile.Keys{
		Rows: tile.Range(r.first*a.block, (r.first+r.blocks)*a.block),
		Bias: a.operands.Bias(head),
		Add:  float32(math.Log(float64(r.times))),
	})
}
