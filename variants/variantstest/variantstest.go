// Package variantstest is the conformance suite that any mechanism, a user's own too, runs in its tests: its
// fast path against its definition on every kernel set that the machine has, and the promises of the contract
// (no allocation, exact memory, deterministic bits, nothing written outside the output, causality).
package variantstest

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/work"
)

// sets are the machine's kernel sets, and plain Go with the sides of the widest tile (16 lanes, 6×64): so
// layouts and padding of AVX-512 are tested on machines without it. The race detector sees nothing of what
// assembly reads and writes: it gets plain Go.
func sets() []*kernel.Set {
	wide := kernel.GenericLanes(16, 64, 6)
	wide.Name, wide.Dot = "wide", kernel.GenericDot(16)
	if raced {
		return []*kernel.Set{wide}
	}
	return append(kernel.Available(), wide)
}

// shortLimit is the length up to which cases run in short mode and under the race detector: emulators and
// slow machines use them.
const shortLimit = 130

// Case is one problem of a conformance run.
type Case struct {
	Name    string // of the subtest; empty: made from shape and options
	Shape   variants.Shape
	Options string // as on the command line
	// Mask is the key mask, [s] or [batch, s]; nil: none.
	Mask []uint8
	// Inputs are side inputs beside the drawn ones.
	Inputs map[string]variants.Tensor
	// Scale multiplies q and k: large values make peaked attention. 0 means 1.
	Scale float64
	// Tolerance is the largest accepted error, relative to the largest value of the definition's output. 0 means
	// 5e-6.
	Tolerance float64
	// GradTolerance is the largest accepted error of a gradient, relative to the largest value of that
	// gradient by the mechanism's own formula. 0 means four times Tolerance.
	GradTolerance float64
	// Leaks says that a causal case lets later tokens change earlier outputs, as the mechanism declares.
	Leaks bool

	elements variants.ElementType
	backward bool
	decode   bool
}

const seed = 7

// Self is the shape of self-attention with head dimension d for keys and values.
func Self(heads, n, d int, causal bool) variants.Shape {
	return variants.Shape{Batch: 1, Heads: heads, N: n, S: n, D: d, E: d, Causal: causal}
}

// Run tests every case on every kernel set of the machine.
func Run(t *testing.T, m *variants.Mechanism, cases []Case) {
	t.Helper()
	for _, c := range cases {
		if (raced || testing.Short()) && c.Shape.N > shortLimit {
			continue
		}
		w := &wanted{c: c}
		for _, set := range sets() {
			t.Run(set.Name+"/"+c.name(), func(t *testing.T) { check(t, m, c, set, w) })
		}
	}
}

// wanted is what the definitions give for a case, whatever the kernel set: evaluated once.
type wanted struct {
	c        Case
	out      []float64
	gradient map[string][]float64
}

func (w *wanted) output(p *variants.Problem) []float64 {
	if w.out == nil {
		in := draw(w.c)
		w.out = Definition(p, in.q, in.k, in.v)
	}
	return w.out
}

func (w *wanted) gradients(p *variants.Problem) map[string][]float64 {
	if w.gradient == nil {
		in := draw(w.c)
		w.gradient = Gradient(p, in.q, in.k, in.v, drawUpstream(w.c.Shape))
	}
	return w.gradient
}

func (c Case) name() string {
	if c.Name != "" {
		return c.Name
	}
	s := c.Shape
	return fmt.Sprintf("b%d-h%d-n%d-s%d-d%d-e%d-causal=%v,%s",
		s.Batch, s.Heads, s.N, s.S, s.D, s.E, s.Causal, c.Options)
}

func (c Case) tolerance() float64 {
	if c.Tolerance == 0 {
		return 5e-6
	}
	return c.Tolerance
}

func check(t *testing.T, m *variants.Mechanism, c Case, set *kernel.Set, w *wanted) {
	in := draw(c)
	p := c.resolve(t, m, set, 1)
	want := w.output(p)
	attention, memory := p.Plan()
	if predicted := c.resolve(t, m, set, 1).Memory(); predicted != memory {
		t.Errorf("predicted memory %+v, allocated %+v", predicted, memory)
	}
	got := forward(t, attention, c.Shape, in)
	compare(t, got, want, c.tolerance())
	if allocs := allocations(func() {
		attention.Forward(variants.F32s(got), variants.F32s(in.q), variants.F32s(in.k), variants.F32s(in.v))
	}); allocs != 0 {
		t.Errorf("Forward allocates %v times", allocs)
	}
	if m.Cost(p).FLOPs > 0 && c.Mask == nil && attention.Executed() <= 0 {
		t.Error("Executed is not positive")
	}
	for _, threads := range []int{2, 3} {
		parallel, _ := c.resolve(t, m, set, threads).Plan()
		if !slices.Equal(forward(t, parallel, c.Shape, in), got) {
			t.Errorf("%d threads give other bits than one", threads)
		}
	}
	if c.Shape.Causal && !c.Leaks {
		checkCausal(t, attention, c.Shape, in, got)
	}
	if c.Shape.N <= halfLimit {
		checkBF16(t, m, c, set, in)
	}
	if m.NewDecoder != nil && c.Shape.Causal && !c.Shape.Cross() && c.Mask == nil {
		checkDecode(t, m, c, set, want)
	}
	if m.Gradient != nil {
		checkBackward(t, m, c, set, w)
	}
}

// allocations is the number of allocations of a call. The runtime's own count against it now and then; those
// of the call show in every attempt.
func allocations(call func()) float64 {
	fewest := math.Inf(1)
	for range 3 {
		if fewest = min(fewest, testing.AllocsPerRun(1, call)); fewest == 0 {
			break
		}
	}
	return fewest
}

// Definition evaluates a mechanism's definition on every row of every head: [batch, heads, n, e].
func Definition(p *variants.Problem, q, k, v []float32) []float64 {
	p.DrawInputs()
	var out []float64
	for _, head := range wholeHeads(p, q, k, v) {
		out = append(out, p.Mechanism.Definition(p, head)...)
	}
	return out
}

// resolve resolves the case's problem with a pool of the given size, which is closed when the test ends.
func (c Case) resolve(t *testing.T, m *variants.Mechanism, set *kernel.Set, threads int) *variants.Problem {
	t.Helper()
	pool := work.NewPool(threads)
	t.Cleanup(pool.Close)
	p, err := c.problem(m, set, pool)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// problem resolves the case's problem on a pool.
func (c Case) problem(m *variants.Mechanism, set *kernel.Set, pool *work.Pool) (*variants.Problem, error) {
	settings, err := variants.ParseSettings(c.Options)
	if err != nil {
		return nil, err
	}
	r := variants.Request{
		Type: c.elements, Shape: c.Shape, Options: settings, Inputs: map[string]variants.Tensor{}, Draw: true,
		DrawGates: true, Seed: seed, Kernels: set, Pool: pool, Spread: true, Backward: c.backward,
		Decode: c.decode,
	}
	for name, tensor := range c.Inputs {
		r.Inputs[name] = tensor
	}
	if c.Mask != nil {
		dims := []int{len(c.Mask)}
		if len(c.Mask) != c.Shape.S {
			dims = []int{c.Shape.Batch, c.Shape.S}
		}
		r.Inputs[variants.KeyMask] = variants.Tensor{Dims: dims, U8: c.Mask}
	}
	return m.Resolve(r)
}

type operands struct{ q, k, v []float32 }

func draw(c Case) operands {
	s := c.Shape
	scale := c.Scale
	if scale == 0 {
		scale = 1
	}
	in := operands{
		q: make([]float32, s.Slices()*s.N*s.D), k: make([]float32, s.Slices()*s.S*s.D),
		v: make([]float32, s.Slices()*s.S*s.E),
	}
	variants.Normal(variants.Stream(seed, "q", 0), in.q, scale)
	variants.Normal(variants.Stream(seed, "k", 0), in.k, scale)
	variants.Normal(variants.Stream(seed, "v", 0), in.v, 1)
	return in
}

// guard is written around the output; Forward must leave it alone and overwrite all that lies between.
const guard = float32(-12345.5)

func forward(t *testing.T, a variants.Attention, s variants.Shape, in operands) []float32 {
	t.Helper()
	const margin = 64
	size := s.Slices() * s.N * s.E
	buffer := make([]float32, size+2*margin)
	for i := range buffer {
		buffer[i] = guard
	}
	out := buffer[margin : margin+size]
	for i := range out {
		out[i] = float32(math.NaN())
	}
	a.Forward(variants.F32s(out), variants.F32s(in.q), variants.F32s(in.k), variants.F32s(in.v))
	for i, x := range buffer {
		if (i < margin || i >= margin+size) && x != guard {
			t.Fatalf("element %d outside of the output was written", i-margin)
		}
	}
	return out
}

func compare(t *testing.T, got []float32, want []float64, tolerance float64) {
	t.Helper()
	var top, worst float64
	for i, x := range want {
		top = math.Max(top, math.Abs(x))
		if d := math.Abs(float64(got[i]) - x); d > worst || math.IsNaN(d) {
			worst = d
		}
	}
	if !(worst <= tolerance*top) {
		t.Errorf("error %.3g of %.3g: relative %.3g, accepted %.3g", worst, top, worst/top, tolerance)
	}
}

// checkCausal changes the last token of every head: all earlier outputs must keep their bits (spec §11.4).
func checkCausal(t *testing.T, a variants.Attention, s variants.Shape, in operands, before []float32) {
	t.Helper()
	changed := operands{slices.Clone(in.q), slices.Clone(in.k), slices.Clone(in.v)}
	for h := range s.Slices() {
		lastRow(changed.q, h, s.N, s.D)
		lastRow(changed.k, h, s.S, s.D)
		lastRow(changed.v, h, s.S, s.E)
	}
	after := forward(t, a, s, changed)
	for h := range s.Slices() {
		first := h * s.N * s.E
		if !slices.Equal(before[first:first+(s.N-1)*s.E], after[first:first+(s.N-1)*s.E]) {
			t.Fatalf("head %d: changing the last token changes outputs before it", h)
		}
	}
}

func lastRow(x []float32, head, rows, cols int) {
	for i := range cols {
		x[(head*rows+rows-1)*cols+i] += 3
	}
}
