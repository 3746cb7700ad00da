package variantstest

import (
	"maps"
	"math"
	"slices"
	"testing"

	"attnbench/variants"
	"attnbench/variants/kernel"
)

// checkBackward runs the case with gradients: against the mechanism's Gradient, with one thread and with
// more, and for the promises of the contract.
func checkBackward(t *testing.T, m *variants.Mechanism, c Case, set *kernel.Set, w *wanted) {
	t.Helper()
	c.backward = true
	p := c.resolve(t, m, set, 1)
	plan, memory := p.Plan()
	if predicted := c.resolve(t, m, set, 1).Memory(); predicted != memory {
		t.Errorf("predicted memory with gradients %+v, allocated %+v", predicted, memory)
	}
	attention, ok := plan.(variants.Differentiable)
	if !ok {
		t.Fatal("the mechanism has a Gradient, its plan no Backward")
	}
	in, dout := draw(c), drawUpstream(c.Shape)
	r := newBackwardRun(p, in, dout)
	r.forward(t, attention)
	got := r.backward(t, attention)
	r.compare(t, got, w.gradients(p), c)
	if !same(r.backward(t, attention), got) {
		t.Error("a second Backward after one Forward gives other bits")
	}
	if allocs := allocations(func() { r.call(attention) }); allocs != 0 {
		t.Errorf("Backward allocates %v times", allocs)
	}
	if m.BackwardCost(p).FLOPs > 0 && c.Mask == nil && attention.BackwardExecuted() <= 0 {
		t.Error("BackwardExecuted is not positive")
	}
	for _, threads := range []int{2, 3} {
		p := c.resolve(t, m, set, threads)
		parallel, _ := p.Plan()
		r := newBackwardRun(p, in, dout)
		r.forward(t, parallel.(variants.Differentiable))
		if !same(r.backward(t, parallel.(variants.Differentiable)), got) {
			t.Errorf("%d threads give other gradients than one", threads)
		}
	}
}

// backwardRun holds one problem's operands and the memory that Backward writes, guarded.
type backwardRun struct {
	p       *variants.Problem
	in      operands
	out     []float32
	dout    []float32
	buffers map[string][]float32
	g       variants.Gradients
}

func newBackwardRun(p *variants.Problem, in operands, dout []float32) *backwardRun {
	r := &backwardRun{p: p, in: in, dout: dout, buffers: map[string][]float32{}}
	if p.Mechanism.SharedQK {
		r.in.k = nil
	}
	r.out = make([]float32, len(dout))
	r.g = variants.Gradients{Q: r.guarded("q", len(in.q)), V: r.guarded("v", len(in.v))}
	if r.in.k != nil {
		r.g.K = r.guarded("k", len(in.k))
	}
	r.g.Inputs = map[string][]float32{}
	for name, dims := range p.Learned() {
		r.g.Inputs[name] = r.guarded(name, variants.Tensor{Dims: dims}.Len())
	}
	return r
}

const gradientMargin = 64

// guarded makes memory between guards.
func (r *backwardRun) guarded(name string, size int) []float32 {
	r.buffers[name] = slices.Repeat([]float32{guard}, size+2*gradientMargin)
	return r.buffers[name][gradientMargin : gradientMargin+size : gradientMargin+size]
}

func (r *backwardRun) forward(t *testing.T, a variants.Attention) {
	t.Helper()
	copy(r.out, forward(t, a, r.p.Shape, r.in))
}

func (r *backwardRun) callForward(a variants.Attention) {
	a.Forward(variants.F32s(r.out), variants.F32s(r.in.q), variants.F32s(r.in.k), variants.F32s(r.in.v))
}

func (r *backwardRun) call(a variants.Differentiable) {
	a.Backward(r.g, r.dout, r.out, r.in.q, r.in.k, r.in.v)
}

// backward calls Backward on memory full of NaN and returns copies of what it wrote.
func (r *backwardRun) backward(t *testing.T, a variants.Differentiable) map[string][]float32 {
	t.Helper()
	for _, b := range r.buffers {
		for i := gradientMargin; i < len(b)-gradientMargin; i++ {
			b[i] = float32(math.NaN())
		}
	}
	r.call(a)
	got := map[string][]float32{}
	for name, b := range r.buffers {
		end := len(b) - gradientMargin
		for i, x := range b {
			if (i < gradientMargin || i >= end) && x != guard {
				t.Fatalf("element %d outside of d%s was written", i-gradientMargin, name)
			}
		}
		got[name] = slices.Clone(b[gradientMargin:end])
	}
	return got
}

// compare compares the gradients with the mechanism's formula in float64. Gradients of logits are differences
// of numbers near 1 that may cancel, so that what rounding leaves is in proportion to keys and queries.
func (r *backwardRun) compare(t *testing.T, got map[string][]float32, all map[string][]float64, c Case) {
	t.Helper()
	tolerance := c.GradTolerance
	if tolerance == 0 {
		tolerance = 4 * c.tolerance()
	}
	floor := 2e-6 * math.Max(1, c.Scale)
	for name, want := range all {
		var top, worst float64
		for i, x := range want {
			top = math.Max(top, math.Abs(x))
			if d := math.Abs(float64(got[name][i]) - x); d > worst || math.IsNaN(d) {
				worst = d
			}
		}
		if !(worst <= math.Max(tolerance*top, floor)) {
			t.Errorf("d%s: error %.3g of %.3g: relative %.3g, accepted %.3g", name, worst, top, worst/top, tolerance)
		}
	}
	r.compareZeros(t, got, all["v"])
}

// compareZeros: a query without output has a gradient of exactly 0, and so has the key of a value that nobody
// sees.
func (r *backwardRun) compareZeros(t *testing.T, got map[string][]float32, dv []float64) {
	t.Helper()
	s := r.p.Shape
	for i := range s.Slices() * s.S {
		unseen := !slices.ContainsFunc(dv[i*s.E:(i+1)*s.E], func(x float64) bool { return x != 0 })
		if unseen && notZero(got["v"][i*s.E:(i+1)*s.E]) {
			t.Fatalf("value %d, which nobody sees, has a gradient", i)
		}
		if unseen && r.in.k != nil && notZero(got["k"][i*s.D:(i+1)*s.D]) {
			t.Fatalf("key %d, which nobody sees, has a gradient", i)
		}
	}
	for i := range s.Slices() * s.N {
		dead := r.in.k != nil && !notZero(r.out[i*s.E:(i+1)*s.E])
		if dead && notZero(got["q"][i*s.D:(i+1)*s.D]) {
			t.Fatalf("query %d, which has no output, has a gradient", i)
		}
	}
}

func notZero(x []float32) bool {
	return slices.ContainsFunc(x, func(x float32) bool { return x != 0 })
}

// Gradient evaluates a mechanism's Gradient on all heads, by the name of the operand: q, k (unless queries
// serve as keys) and v in the layout of the operands, and the learned side inputs that the problem uses.
func Gradient(p *variants.Problem, q, k, v, dout []float32) map[string][]float64 {
	p.DrawInputs()
	all, size := map[string][]float64{}, p.Shape.N*p.Shape.E
	for i, h := range wholeHeads(p, q, k, v) {
		g := p.Mechanism.Gradient(p, h, variants.Float64(dout[i*size:(i+1)*size]))
		for name, x := range map[string][]float64{"q": g.Q, "k": g.K, "v": g.V} {
			if x != nil {
				all[name] = append(all[name], x...)
			}
		}
		addInputs(all, g.Inputs)
	}
	return all
}

func same(a, b map[string][]float32) bool {
	return maps.EqualFunc(a, b, func(x, y []float32) bool { return slices.Equal(x, y) })
}

// CheckLinearMemory: what a plan with gradients holds, and what forward keeps for backward, grow in
// proportion to the length of a sequence.
func CheckLinearMemory(t *testing.T, m *variants.Mechanism, options string) {
	t.Helper()
	const n = 8192
	bytes := func(n int) (memory [2]variants.Memory) {
		for i, heads := range []int{1, 8} {
			c := Case{Shape: Self(heads, n, 64, m.OnlyCausal != ""), Options: options, backward: true}
			memory[i] = c.resolve(t, m, kernel.Generic(), 1).Memory()
		}
		return memory
	}
	short, long := bytes(n), bytes(2*n)
	for i := range short {
		if 10*long[i].Work > 21*short[i].Work || long[i].Saved == 0 || 10*long[i].Saved > 21*short[i].Saved {
			t.Errorf("%+v for %d tokens, %+v for twice as many", short[i], n, long[i])
		}
	}
}
