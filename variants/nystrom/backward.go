package nystrom

import "attnbench/variants"

// gradients is a plan with a backward pass: the stages of Forward in reverse, each with the gradient of what
// it computed.
type gradients struct {
	*plan
	plain   []float32 // [slices, n, e]: the output without its convolution; nil where there is none
	reverse *reverse
	spread  *spread
	kernels *kernels // nil without a convolution

	dbv, dw, da, unit []float32 // as plan's; unit is the gradient of the unit matrices, which nobody asks for
}

func newGradients(a *plan, ws *variants.Workspace) *gradients {
	g := &gradients{plan: a, reverse: newReverse(ws, a.inverse), spread: newSpread(ws, a.means)}
	s, l := a.p.Shape, a.p.Int("landmarks")
	heads := s.Slices()
	g.dbv, g.dw = variants.Alloc[float32](ws, heads*l*s.E), variants.Alloc[float32](ws, heads*l*s.E)
	g.da, g.unit = variants.Alloc[float32](ws, heads*l*l), variants.Alloc[float32](ws, heads*l*l)
	if a.conv != nil {
		g.plain = variants.Save[float32](ws, heads*s.N*s.E)
		g.kernels = newKernels(ws, a.conv)
	}
	return g
}

// Prepare prepares the plan, and the convolution of gradients.
func (g *gradients) Prepare() {
	g.plan.Prepare()
	if g.kernels != nil {
		g.kernels.turned.prepare()
	}
}

// Forward is the plan's; it keeps the output without its convolution.
func (g *gradients) Forward(out, q, k, v variants.Floats) {
	if g.conv == nil {
		g.attend(out, q, k, v)
		return
	}
	g.attend(variants.F32s(g.plain), q, k, v)
	copy(out.F32, g.plain)
	g.conv.run(out, v)
}

// Backward computes the gradients of the last Forward: see variants.Differentiable.
func (g *gradients) Backward(to variants.Gradients, dout, out, q, k, v []float32) {
	if g.plain != nil {
		out = g.plain
	}
	x, lq, lk := g.spread, g.means.q, g.means.k
	g.columns.Backward(variants.Gradients{Q: to.Q, K: x.columnK, V: g.dw}, dout, out, q, lk, g.w)
	g.reverse.run(g.da, g.dbv, g.dw)
	g.corner.Backward(variants.Gradients{Q: x.cornerQ, K: x.cornerK, V: g.unit}, g.da, g.a, lq, lk, g.plan.unit)
	g.rows.Backward(variants.Gradients{Q: x.rowQ, K: to.K, V: to.V}, g.dbv, g.bv, lq, k, v)
	x.run(to.Q, to.K)
	if g.kernels != nil {
		g.kernels.run(to, dout, v)
	}
}

// BackwardExecuted is the number of floating-point operations of the last Backward.
func (g *gradients) BackwardExecuted() int64 {
	executed := g.columns.BackwardExecuted() + g.reverse.executed() + g.corner.BackwardExecuted() +
		g.rows.BackwardExecuted()
	if g.kernels != nil {
		executed += g.kernels.executed()
	}
	return executed
}

// spread hands the gradients of landmarks on to the rows whose means they are.
type spread struct {
	means                           *means
	rowQ, cornerQ, columnK, cornerK []float32 // [slices, L, d]: gradients of landmarks, by factor
	dq, dk                          []float32 // of the call
	step                            func(worker, job int)
}

func newSpread(ws *variants.Workspace, m *means) *spread {
	x, size := &spread{means: m}, m.p.Shape.Slices()*m.l*m.p.Shape.D
	for _, to := range []*[]float32{&x.rowQ, &x.cornerQ, &x.columnK, &x.cornerK} {
		*to = variants.Alloc[float32](ws, size)
	}
	x.step = x.half
	return x
}

// run adds to dq [batch, heads, n, d] and dk [batch, heads, s, d].
func (x *spread) run(dq, dk []float32) {
	x.dq, x.dk = dq, dk
	x.means.p.Pool.Run(2*x.means.p.Shape.Slices(), x.step)
	x.dq, x.dk = nil, nil
}

// half adds to the queries or to the keys of one head.
func (x *spread) half(_, job int) {
	m, s, head := x.means, x.means.p.Shape, job/2
	into, a, b, size := x.dq, x.rowQ, x.cornerQ, s.N/m.l
	if job%2 == 1 {
		into, a, b, size = x.dk, x.columnK, x.cornerK, s.S/m.l
	}
	for segment := range m.l {
		at := (head*m.l + segment) * s.D
		sum := a[at : at+s.D]
		for c, g := range b[at : at+s.D] {
			sum[c] += g
		}
		for i := range size {
			weight := m.weight(job, segment, i)
			row := into[((head*m.l+segment)*size+i)*s.D:][:s.D]
			for c, g := range sum {
				row[c] += weight * g
			}
		}
	}
}
