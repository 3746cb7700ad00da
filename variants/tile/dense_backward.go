package tile

import "attnbench/variants"

// denseBackward is what Dense needs for gradients.
type denseBackward struct {
	gradient *Gradient
	sums     *Sums
	queries  int // rows of a query tile
	tiles    int // of a head

	// Of every query [slices, n]: the logarithm of its sum of weights, or, where weights are kept, that sum.
	top, sum []float32
	visit    func(w *Walk, head, tile int)
}

// planBackward allocates for gradients. c is the forward engine's.
func (d *Dense) planBackward(ws *variants.Workspace, c Config) {
	b := &denseBackward{visit: d.backwardTile}
	if queries := d.shape.Slices() * d.shape.N; c.Scores > 0 {
		b.sum = variants.Save[float32](ws, queries)
	} else {
		b.top = variants.Save[float32](ws, queries)
		c.Queries, c.Keys = BackwardSizes(d.shape.N, d.shape.S)
	}
	b.queries, b.tiles = c.Queries, ceilDiv(d.shape.N, c.Queries)
	b.gradient = NewGradient(ws, c, d.engine)
	b.sums = NewSums(ws, c, d.shape.Slices(), d.shape.S, b.tiles)
	d.back = b
}

// statistics are one head's.
func (b *denseBackward) statistics(head int) (top, sum []float32) {
	return nth(b.top, head, b.sums.heads), nth(b.sum, head, b.sums.heads)
}

// Backward computes the gradients of the last Forward into g.Q [batch, heads, n, d], g.K [batch, heads, s,
// d] and g.V [batch, heads, s, e]: see variants.Differentiable. With slots in place of keys, k and v are
// those of Forward, and so are the shapes of g.K and g.V.
func (d *Dense) Backward(g variants.Gradients, dout, out, q, k, v []float32) {
	b := d.back
	d.operands.SetBackward(g.Q, dout, out, q, k, v)
	b.sums.Begin(g.K, g.V)
	b.gradient.Run(b.sums, b.tiles, b.visit)
	b.sums.End()
	d.operands.Clear()
}

// BackwardExecuted is the number of floating-point operations of the last Backward.
func (d *Dense) BackwardExecuted() int64 { return d.back.gradient.Executed() }

func (d *Dense) backwardTile(w *Walk, head, tile int) {
	b := d.back
	rows, keys := d.meeting(b.queries, head, b.tiles, tile)
	u := d.operands.Upstream(head)
	u.Top, u.Sum = b.statistics(head)
	w.BeginBackward(u, rows)
	w.Visit(d.operands.K(head), d.operands.V(head), keys)
	w.EndBackward()
}

// BackwardSizes are tile sizes for the gradients of n queries over s keys: queries and keys are the depth
// of three of the five products, and a panel of that depth stays in a first-level cache of 32 KiB, all
// scratch in a third of a second-level cache of 1 MiB.
func BackwardSizes(n, s int) (queries, keys int) {
	return min(96, n), min(96, s)
}
