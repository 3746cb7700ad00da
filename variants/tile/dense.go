package tile

import (
	"math"

	"attnbench/variants"
	"attnbench/variants/kernel"
)

// Dense is the schedule in which every query meets every key, or every key at or below the causal diagonal:
// exact attention, and the second half of any mechanism that first makes shorter keys.
type Dense struct {
	operands Operands
	shape    variants.Shape
	engine   *Engine
	tiles    int
	first    int // of the heads at hand
	visit    func(w *Walk, job int)
	split    *split         // nil where keys are met in one go
	back     *denseBackward // nil where no gradients are asked for
}

// NewDense plans dense attention of p's queries over the s keys of each head with tiles of the given sizes.
// Where keep is set the engine holds the whole n×s matrix of every head until the next call.
func NewDense(p *variants.Problem, ws *variants.Workspace, queries, keys int, keep bool) *Dense {
	return newDense(p, ws, p.Type, NewOperands(p, ws), queries, keys, keep)
}

// NewSlots plans dense attention of p's queries over slots keys of each head that a mechanism has made from
// the real ones, with tiles of the given sizes. Forward takes them as k [batch, heads, slots, d] and v
// [batch, heads, slots, e]. A slot stands for no position, so every query sees all of them, whatever p's
// causality and key mask.
func NewSlots(p *variants.Problem, ws *variants.Workspace, slots, queries, keys int) *Dense {
	shape := p.Shape
	shape.S, shape.Causal = slots, false
	return newDense(p, ws, variants.F32, Operands{shape: shape}, queries, keys, false)
}

func newDense(
	p *variants.Problem, ws *variants.Workspace, t variants.ElementType, o Operands,
	queries, keys int, keep bool,
) *Dense {
	d := &Dense{operands: o, shape: o.shape}
	c := Config{
		Kernels: p.Kernels, Pool: p.Pool, Type: t, D: d.shape.D, E: d.shape.E,
		Scale:   1 / math.Sqrt(float64(d.shape.D)),
		Queries: min(queries, d.shape.N), Keys: min(keys, d.shape.S),
	}
	d.tiles = (d.shape.N + c.Queries - 1) / c.Queries
	if keep {
		c.Scores, c.Context, c.Save = d.tiles*d.shape.Slices(), d.shape.S, p.Backward
	}
	d.engine = New(ws, c)
	d.visit = d.tile
	if p.Backward {
		d.planBackward(ws, c)
	}
	return d
}

// Prepare fills the key mask and constants.
func (d *Dense) Prepare() {
	d.operands.Prepare()
	if d.split != nil {
		for i := range d.split.ones {
			d.split.ones[i] = 1
		}
	}
}

// Forward computes out [batch, heads, n, e] from q, k, v.
func (d *Dense) Forward(out, q, k, v variants.Floats) {
	d.Begin(out, q, k, v)
	d.Heads(0, d.shape.Slices())
	d.End()
}

// Begin takes the tensors of a Forward that goes by Heads, between which a mechanism may compute what the
// next ones read, and ends with End.
func (d *Dense) Begin(out, q, k, v variants.Floats) {
	d.operands.Set(out, q, k, v)
	d.engine.Run(0, d.visit)
}

// Heads computes the output of so many heads from the first on, batch × heads: of all, where the engine keeps
// scores.
func (d *Dense) Heads(first, count int) {
	d.first = first
	if d.split == nil {
		d.engine.Continue(count*d.tiles, d.visit)
		return
	}
	d.engine.Continue(count*d.tiles*d.split.parts, d.visit)
	d.engine.config.Pool.Run(count, d.split.merge)
}

// End lets go of the tensors.
func (d *Dense) End() { d.operands.Clear() }

// Executed is the number of floating-point operations of the last Forward.
func (d *Dense) Executed() int64 { return d.engine.Executed() }

func (d *Dense) tile(w *Walk, job int) {
	head := d.first + job/d.tiles
	rows, keys := d.meeting(d.engine.config.Queries, head, d.tiles, job%d.tiles)
	w.Begin(d.operands.Q(head), rows)
	w.Visit(d.operands.K(head), d.operands.V(head), keys)
	w.End(d.operands.Out(head))
	if d.back != nil {
		w.Statistics(d.back.statistics(head))
	}
}

// meeting returns the rows of one of a head's query tiles and the keys that they see. The longest rows come
// first if causal, so that the last jobs to finish are short.
func (d *Dense) meeting(queries, head, tiles, i int) (Rows, Keys) {
	if d.shape.Causal {
		i = tiles - 1 - i
	}
	rows := Range(i*queries, min((i+1)*queries, d.shape.N))
	keys := Keys{Rows: Range(0, d.shape.S), Bias: d.operands.Bias(head)}
	if d.shape.Causal {
		keys.Band, keys.Lo, keys.Hi = true, -Unlimited, d.shape.S-d.shape.N
		keys.Count = min(max(rows.Start+rows.Count+keys.Hi, 0), d.shape.S)
	}
	return rows, keys
}

// Sizes are tile sizes for dense attention of n queries over s keys, from the register tile of the kernel set
// alone: multiples of it, so that no register tile is ragged, and small enough that a score tile stays in the
// second-level cache of any current core.
func Sizes(set *kernel.Set, n, s int) (queries, keys int) {
	return min(set.Side(), n), min(96, s)
}

// PatternSizes are tile sizes for queries that see a few hundred keys each, in a pattern: fewer queries than
// in dense attention, because each tile pays for the edges of its own keys, and more keys, so that more of a
// row's softmax is one pass and four blocks of 64 fill a tile.
func PatternSizes(set *kernel.Set, n, s int) (queries, keys int) {
	return min(max(48, set.Panel), n), min(256, s)
}

// WindowSizes are PatternSizes for queries that see the same keys as their neighbours, but for the edges of a
// window: where edges wait for each other there are more queries to a tile.
func WindowSizes(p *variants.Problem) (queries, keys int) {
	queries, keys = PatternSizes(p.Kernels, p.Shape.N, p.Shape.S)
	if p.Type == variants.F32 && edgesWait(p.Kernels) {
		queries = min(2*queries, p.Shape.N)
	}
	return queries, keys
}
