package performer

import (
	"math"

	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/prefix"
)

// gradients is a plan with a backward pass.
type gradients struct {
	*plan
	kept     *kept
	pullers  []*puller
	backward *prefix.Backward
	omega    []float32 // see puller

	k, dk   []float32 // of the call
	settled func(worker, head int)
}

func newGradients(a *plan, ws *variants.Workspace) *gradients {
	p := a.p
	g := &gradients{plan: a, kept: newKept(p, ws)}
	for _, m := range a.mappers {
		m.kept = g.kept
	}
	heads := 1
	if omega, ok := p.Input("omega"); !ok || len(omega.Dims) == 3 {
		heads = p.Shape.Heads
	}
	g.omega = variants.Alloc[float32](ws, heads*p.Int("features")*p.Kernels.Pad(p.Shape.D))
	var maps []prefix.Derivative
	for range p.Pool.Threads() {
		x := newPuller(p, ws, g.kept, g.omega, a.engine.BackwardTokens())
		g.pullers, maps = append(g.pullers, x), append(maps, x)
	}
	g.backward = prefix.NewBackward(a.engine, ws, maps)
	g.settled = g.settle
	return g
}

// Prepare fills constant tables.
func (g *gradients) Prepare() {
	g.plan.Prepare()
	g.backward.Prepare()
	for _, x := range g.pullers {
		x.prepare()
		fill(x.ones, 1)
	}
	d, width, m := g.p.Shape.D, g.p.Kernels.Pad(g.p.Shape.D), g.p.Int("features")
	scale := float32(1 / math.Sqrt(math.Sqrt(float64(d))))
	for head := range len(g.omega) / (m * width) {
		for i, w := range g.p.PerHead("omega", head, 3) {
			g.omega[(head*m+i/d)*width+i%d] = scale * w
		}
	}
}

// Backward is variants.Differentiable's.
func (g *gradients) Backward(to variants.Gradients, dout, out, q, k, v []float32) {
	for _, x := range g.pullers {
		x.executed = 0
	}
	g.backward.Run(to, dout, out, q, k, v)
	if through(g.p) {
		g.k, g.dk = k, to.K
		g.p.Pool.Run(g.p.Shape.Slices(), g.settled)
		g.k, g.dk = nil, nil
	}
}

// BackwardExecuted is variants.Differentiable's.
func (g *gradients) BackwardExecuted() int64 {
	sum := g.backward.Executed()
	for _, x := range g.pullers {
		sum += x.executed
	}
	return sum
}

// settle adds to the keys that stabilisers were taken from what all rows that these serve give: to the first
// key that has the largest u, and its first feature.
func (g *gradients) settle(_, head int) {
	n, s := g.p.Shape.N, g.p.Shape.S
	dc := g.kept.dc[head*n:][:n]
	if g.kept.top != nil {
		sum := 0.0
		for _, x := range dc {
			sum += float64(x)
		}
		g.give(head, g.highestKey(head, g.kept.top[head*s:][:s]), sum)
		return
	}
	from, sum, high := -1, 0.0, float32(kernel.Lowest)
	for i, c := range g.kept.c[head*n:][:n] {
		if c > high {
			g.give(head, from, sum)
			from, sum, high = i, 0, c
		}
		sum += float64(dc[i])
	}
	g.give(head, from, sum)
}

// highestKey is the first valid key with the largest value, -1 where none is valid.
func (g *gradients) highestKey(head int, top []float32) int {
	valid, best := g.p.ValidKeys(head/g.p.Shape.Heads), -1
	for j, x := range top {
		if (valid == nil || valid[j]) && (best < 0 || x > top[best]) {
			best = j
		}
	}
	return best
}

// give adds the gradient by a stabiliser to the key that it comes from.
func (g *gradients) give(head, key int, dc float64) {
	if key < 0 {
		return
	}
	d, width, m := g.p.Shape.D, g.p.Kernels.Pad(g.p.Shape.D), g.p.Int("features")
	omega, at := g.omega, (head*g.p.Shape.S+key)*d
	if len(omega) > m*width {
		omega = omega[head%g.p.Shape.Heads*m*width:]
	}
	best, most, sign := 0, math.Inf(-1), 1.0
	for r := range columns(g.p) {
		u, s := 0.0, 1.0
		if r >= m { // hyperbolic
			s = -1
		}
		for c, x := range g.k[at:][:d] {
			u += s * float64(x) * float64(omega[r%m*width+c])
		}
		if u > most {
			best, most, sign = r%m, u, s
		}
	}
	for c := range d {
		g.dk[at+c] += float32(sign * dc * float64(omega[best*width+c]))
	}
}
