package nystrom

import (
	"attnbench/variants"
	"attnbench/variants/tile"
)

// plan computes the factors from the right: B·V is attention of the landmark queries over all keys, A that
// over the landmark keys with the unit matrix as values, and F·(Z·(B·V)) attention of the queries over the
// landmark keys with Z·(B·V) as values. So the engine has all softmaxes, and no n×L matrix is stored.
type plan struct {
	p       *variants.Problem
	means   *means
	rows    *tile.Dense // B·V
	corner  *tile.Dense // A
	columns *tile.Dense // F·(Z·(B·V))
	inverse *inverse
	conv    *convolution // nil without one

	together int // heads that are at hand at a time

	bv   []float32 // [slices, L, e]
	a    []float32 // [slices, L, L]
	w    []float32 // [slices, L, e]
	unit []float32 // [slices, L, L]: the unit matrix
}

// enoughJobs is the number of jobs in which landmark queries meet all keys, at least, however few heads there
// are.
const enoughJobs = 8

// groupRows is the number of queries of the heads that are at hand at a time, at least, so that short heads
// are many jobs.
const groupRows = 4096

func newPlan(p *variants.Problem, ws *variants.Workspace) variants.Attention {
	s, l := p.Shape, p.Int("landmarks")
	a := &plan{p: p, means: newMeans(p, ws), inverse: newInverse(p, ws)}
	heads, threads := s.Slices(), p.Pool.Threads()
	a.together = (max(1, groupRows/s.N) + threads - 1) / threads * threads
	keep := keeper(p)
	a.bv, a.w, a.a = keep(ws, heads*l*s.E), keep(ws, heads*l*s.E), keep(ws, heads*l*l)
	a.unit = variants.Alloc[float32](ws, heads*l*l)

	queries, keys := tile.Sizes(p.Kernels, l, s.S)
	a.rows = tile.NewSplit(part(p, l, s.S, s.E, p.Valid), ws, queries, keys, enoughJobs)
	queries, keys = tile.Sizes(p.Kernels, l, l)
	alive := landmarks(p)
	a.corner = tile.NewDense(part(p, l, l, l, alive), ws, queries, keys, false)
	queries, _ = tile.Sizes(p.Kernels, s.N, l)
	a.columns = tile.NewDense(part(p, s.N, l, s.E, alive), ws, queries, min(l, 256), false)
	if p.Int("conv") > 0 {
		a.conv = newConvolution(p, ws)
	}
	if p.Backward {
		return newGradients(a, ws)
	}
	return a
}

// keeper allocates what a backward pass wants again.
func keeper(p *variants.Problem) func(ws *variants.Workspace, n int) []float32 {
	if p.Backward {
		return variants.Save[float32]
	}
	return variants.Alloc[float32]
}

// part is the problem of one factor: so many queries, keys and columns of values, with a key mask of its own.
func part(p *variants.Problem, n, s, e int, valid []bool) *variants.Problem {
	factor := *p
	factor.Shape.N, factor.Shape.S, factor.Shape.E = n, s, e
	factor.Valid, factor.Type = valid, variants.F32
	return &factor
}

// landmarks is the mask of landmark keys, [batch, L]: a segment without a valid key has none. Nil without a
// key mask.
func landmarks(p *variants.Problem) []bool {
	if p.Valid == nil {
		return nil
	}
	alive, size := make([]bool, p.Shape.Batch*p.Int("landmarks")), p.Shape.S/p.Int("landmarks")
	for i, valid := range p.Valid {
		alive[i/size] = alive[i/size] || valid
	}
	return alive
}

// Prepare fills masks, weights of means, the unit matrices and the matrices of the convolution.
func (a *plan) Prepare() {
	a.rows.Prepare()
	a.corner.Prepare()
	a.columns.Prepare()
	a.means.prepare()
	l := a.p.Int("landmarks")
	for i := 0; i < len(a.unit); i += l * l {
		for j := range l {
			a.unit[i+j*l+j] = 1
		}
	}
	if a.conv != nil {
		a.conv.prepare()
	}
}

// Forward computes out from q, k and v: see variants.Attention.
func (a *plan) Forward(out, q, k, v variants.Floats) {
	a.attend(out, q, k, v)
	if a.conv != nil {
		a.conv.run(out, v)
	}
}

// attend is Forward without the convolution. A few heads go through all of it before the next ones: what the
// landmarks were made of is then still near when it is met.
func (a *plan) attend(out, q, k, v variants.Floats) {
	lq, lk := variants.F32s(a.means.q), variants.F32s(a.means.k)
	a.rows.Begin(variants.F32s(a.bv), lq, k, v)
	a.corner.Begin(variants.F32s(a.a), lq, lk, variants.F32s(a.unit))
	a.columns.Begin(out, q, lk, variants.F32s(a.w))
	for first, heads := 0, a.p.Shape.Slices(); first < heads; first += a.together {
		count := min(a.together, heads-first)
		a.means.run(q, k, first, count)
		a.rows.Heads(first, count)
		a.corner.Heads(first, count)
		a.inverse.run(a.w, a.a, a.bv, first, count)
		a.columns.Heads(first, count)
	}
	a.rows.End()
	a.corner.End()
	a.columns.End()
}

// Executed is the number of floating-point operations of the last Forward.
func (a *plan) Executed() int64 {
	executed := a.rows.Executed() + a.corner.Executed() + a.columns.Executed() + a.inverse.executed()
	if a.conv != nil {
		executed += a.conv.executed()
	}
	return executed
}
