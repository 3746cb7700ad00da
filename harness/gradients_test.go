package harness

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"attnbench/harness/check"
	"attnbench/results"
	"attnbench/variants"
)

// differentiable gives a fake mechanism gradients: its output is v times a learned gain, so dv = gain·dout
// and dgain = Σ v∘dout. wrong spoils them.
func differentiable(
	clock *fakeClock, m *variants.Mechanism, wrong func(call int, g variants.Gradients),
) *variants.Mechanism {
	const gain = 2
	m.Inputs = []variants.Input{{
		Name: "gain", Learned: true, Layout: "[1]",
		Dims: func(*variants.Problem) [][]int { return [][]int{{1}} },
		Draw: func(*variants.Problem, []int, func(int) *rand.Rand) variants.Tensor {
			return variants.Tensor{Dims: []int{1}, F32: []float32{gain}}
		},
	}}
	m.New = func(p *variants.Problem, ws *variants.Workspace) variants.Attention {
		if p.Backward {
			variants.Save[float32](ws, p.Shape.N)
		}
		return &fakeBackward{fakePlan{advance: func() { clock.advance(time.Millisecond) }, wrong: scale(gain)},
			clock, gain, wrong, 0}
	}
	definition := m.Definition
	m.Definition = func(p *variants.Problem, h variants.Head) []float64 {
		out := definition(p, h)
		for i := range out {
			out[i] *= gain
		}
		return out
	}
	m.BackwardCost = func(*variants.Problem) variants.Cost { return variants.Cost{FLOPs: 3e8} }
	m.Gradient = func(p *variants.Problem, h variants.Head, dout []float64) variants.HeadGradients {
		g := variants.HeadGradients{
			Q: make([]float64, len(h.Q)), K: make([]float64, len(h.K)), V: make([]float64, len(h.V)),
			Inputs: map[string][]float64{"gain": {0}},
		}
		for i, r := range h.Rows {
			for c := range p.Shape.E {
				g.V[r*p.Shape.E+c] = gain * dout[i*p.Shape.E+c]
				g.Inputs["gain"][0] += h.V[r*p.Shape.E+c] * dout[i*p.Shape.E+c]
			}
		}
		return g
	}
	return m
}

func scale(by float32) func(int, []float32) {
	return func(_ int, out []float32) {
		for i := range out {
			out[i] *= by
		}
	}
}

// fakeBackward takes three milliseconds.
type fakeBackward struct {
	fakePlan
	clock *fakeClock
	gain  float32
	wrong func(call int, g variants.Gradients)
	calls int
}

func (p *fakeBackward) Backward(g variants.Gradients, dout, out, _, _, _ []float32) {
	p.clock.advance(3 * time.Millisecond)
	p.calls++
	clear(g.Q)
	clear(g.K)
	var gain float32
	for i, x := range dout {
		g.V[i] = p.gain * x
		gain += x * out[i] / p.gain // of another output than this plan's the gradient would differ
	}
	g.Inputs["gain"][0] = gain
	if p.wrong != nil {
		p.wrong(p.calls, g)
	}
}

func (p *fakeBackward) BackwardExecuted() int64 { return 300 }

func TestPasses(t *testing.T) {
	clock, j := &fakeClock{}, &journal{}
	all := []*variants.Mechanism{
		differentiable(clock, fakeMechanism(clock, "square", 1, 2), nil), fakeMechanism(clock, "linear", 100, 1),
	}
	axes := Axes{N: "64", Dim: "8", Pass: "both,forward,backward", Variants: "square"}
	plan := newPlan(t, clock, axes, Limits{}, all)
	if _, err := plan.Run(context.Background(), j); err != nil {
		t.Fatal(err)
	}
	const million = 1e6
	for _, s := range j.samples {
		pass := s.Block.Pass
		took := map[string]float64{results.PassForward: 1, results.PassBackward: 3, results.PassBoth: 4}[pass]
		work := map[string]float64{results.PassForward: 0, results.PassBackward: 300, results.PassBoth: 300}[pass]
		useful := map[string]float64{results.PassForward: 64 * 64 * 100, results.PassBackward: 3e8,
			results.PassBoth: 3e8 + 64*64*100}[pass]
		if s.Nanoseconds != took*million || s.Executed != work || s.FLOPs != useful {
			t.Errorf("%s: %v ns, %v FLOPs, %v executed", pass, s.Nanoseconds, s.FLOPs, s.Executed)
		}
		if scored := pass != results.PassBackward; scored == math.IsNaN(s.Errors.Relative) || s.Errors.Impl > 1e-6 {
			t.Errorf("%s: %+v", pass, s.Errors)
		}
		if saved := s.Memory.Saved; (saved > 0) != (pass != results.PassForward) {
			t.Errorf("%s: %d bytes saved", pass, saved)
		}
	}
	hashes := map[uint64]bool{}
	for _, o := range j.outcomes {
		hashes[o.Hash] = true
	}
	if len(j.samples) != 3*fullSamples || len(hashes) != 3 {
		t.Errorf("%d samples, hashes %v", len(j.samples), hashes)
	}
}

func TestPassWithoutGradients(t *testing.T) {
	clock, j := &fakeClock{}, &journal{}
	all := []*variants.Mechanism{
		differentiable(clock, fakeMechanism(clock, "square", 1, 2), nil), fakeMechanism(clock, "linear", 100, 1),
	}
	plan := newPlan(t, clock, Axes{N: "64", Dim: "8", Pass: "backward", DType: "f32,bf16"}, Limits{}, all)
	if totals, err := plan.Run(context.Background(), j); err != nil || totals.Done != 1 || totals.Skipped != 3 {
		t.Fatalf("%+v %v", totals, err)
	}
	for _, o := range j.outcomes {
		want := ""
		switch {
		case o.Mechanism.Name == "linear":
			want = "computes no gradients: use pass forward"
		case o.Block.Type == variants.BF16:
			want = "gradients are computed in float32 only, not in bfloat16"
		}
		if o.Refusal.Reason != want {
			t.Errorf("%s in %v: %q, want %q", o.Label(), o.Block.Type, o.Refusal.Reason, want)
		}
	}
}

// TestGradientGate spoils the gradients of one call or of all. Above check.GradientLimit rows, call 1 takes
// some rows of dout, call 2 the others, call 3 all; below, call 1 takes all. A causal cell's next call tests
// causality.
func TestGradientGate(t *testing.T) {
	nan, long := float32(math.NaN()), 2*check.GradientLimit
	for _, c := range []struct {
		name, want string
		n          int
		causal     string
		wrong      func(call int, g variants.Gradients)
		samples    int
	}{
		{"right", "", 32, "1", nil, fullSamples},
		{"right and long", "", long, "1", nil, fullSamples},
		{"wrong dv", "impl-err 1 of dv: the gradient is not that of the definition", 32, "0",
			func(_ int, g variants.Gradients) { clear(g.V) }, 0},
		{"wrong dk", "of dk", 32, "0", func(_ int, g variants.Gradients) { g.K[5] = 1 }, 0},
		{"wrong side input", "of dgain", 32, "0",
			func(_ int, g variants.Gradients) { g.Inputs["gain"][0] *= 1.01 }, 0},
		{"unwritten", "dq element 7 of 128 is NaN or was never written", 32, "0",
			func(_ int, g variants.Gradients) { g.Q[7] = nan }, 0},
		{"unwritten in the full call", "dv element 9 of 4096 is NaN", long, "0",
			func(call int, g variants.Gradients) {
				if call == 3 {
					g.V[9] = nan
				}
			}, 0},
		{"no sum", "dv of all rows of dout is not the sum", long, "0", func(call int, g variants.Gradients) {
			if call >= 3 {
				g.V[10] += 50
			}
		}, 0},
		{"leak", "not causal: changing dout before token", 32, "1", func(call int, g variants.Gradients) {
			if call == 2 {
				g.V[len(g.V)-1] += 1e-6
			}
		}, 0},
		{"unstable", "another output than the verified one", 32, "0", func(call int, g variants.Gradients) {
			if call > 3 {
				g.V[3] += 1
			}
		}, 1},
	} {
		for _, pass := range []string{results.PassBackward, results.PassBoth} {
			clock, j := &fakeClock{}, &journal{}
			m := differentiable(clock, fakeMechanism(clock, "square", 1e3, 1), c.wrong)
			axes := Axes{N: fmt.Sprint(c.n), Dim: "4", Causal: c.causal, Pass: pass}
			plan := newPlan(t, clock, axes, Limits{}, []*variants.Mechanism{m})
			if _, err := plan.Run(context.Background(), j); err != nil {
				t.Fatal(err)
			}
			o := j.outcomes[0]
			done := o.Status == results.Done && len(j.samples) == c.samples
			failed := o.Status == results.Failed && strings.Contains(o.Refusal.Reason, c.want) &&
				len(j.samples) <= fullSamples*c.samples
			if c.want == "" && !done || c.want != "" && !failed {
				t.Errorf("%s, %s: %s %q, %d samples", c.name, pass, o.Status, o.Refusal.Reason, len(j.samples))
			}
		}
	}
}

// TestBackwardVerifiesForward: the output that backward alone is timed on is the verified one.
func TestBackwardVerifiesForward(t *testing.T) {
	clock, j := &fakeClock{}, &journal{}
	m := differentiable(clock, fakeMechanism(clock, "square", 1e3, 1), nil)
	create := m.New
	m.New = func(p *variants.Problem, ws *variants.Workspace) variants.Attention {
		plan := create(p, ws).(*fakeBackward)
		right := plan.fakePlan.wrong
		plan.fakePlan.wrong = func(call int, out []float32) {
			right(call, out)
			if call > 1 {
				out[0]++
			}
		}
		return plan
	}
	axes := Axes{N: "64", Dim: "8", Pass: results.PassBackward}
	plan := newPlan(t, clock, axes, Limits{}, []*variants.Mechanism{m})
	if _, err := plan.Run(context.Background(), j); err != nil {
		t.Fatal(err)
	}
	o := j.outcomes[0]
	if o.Refusal != (Refusal{"gate", "forward gave another output than the verified one"}) {
		t.Errorf("%s %+v", o.Status, o.Refusal)
	}
}

// TestBackwardKeepsItsOutput: the cells of a block share the memory of outputs; the gradients of each come
// from its own.
func TestBackwardKeepsItsOutput(t *testing.T) {
	clock, j := &fakeClock{}, &journal{}
	loud := differentiable(clock, fakeMechanism(clock, "loud", 1e3, 1), nil)
	create := loud.New
	loud.New = func(p *variants.Problem, ws *variants.Workspace) variants.Attention {
		plan := create(p, ws).(*fakeBackward)
		plan.gain, plan.fakePlan.wrong = 7, scale(7)
		return plan
	}
	definition, gradient := loud.Definition, loud.Gradient
	loud.Definition = func(p *variants.Problem, h variants.Head) []float64 {
		out := definition(p, h)
		for i := range out {
			out[i] *= 7. / 2
		}
		return out
	}
	loud.Gradient = func(p *variants.Problem, h variants.Head, dout []float64) variants.HeadGradients {
		g := gradient(p, h, dout)
		for i := range g.V {
			g.V[i] *= 7. / 2
		}
		return g
	}
	all := []*variants.Mechanism{loud, differentiable(clock, fakeMechanism(clock, "quiet", 1e3, 1), nil)}
	for _, pass := range []string{results.PassBackward, results.PassBoth} {
		plan := newPlan(t, clock, Axes{N: "64", Dim: "8", Causal: "1", Pass: pass}, Limits{}, all)
		if totals, err := plan.Run(context.Background(), j); err != nil || totals.Done != 2 {
			t.Errorf("%s: %+v %v %+v", pass, totals, err, j.outcomes[0].Refusal)
		}
	}
}

func TestGradientsCountAsMemory(t *testing.T) {
	clock := &fakeClock{}
	bytes := map[string]int64{}
	for _, pass := range []string{results.PassForward, results.PassBackward, results.PassBoth} {
		m := differentiable(clock, fakeMechanism(clock, "square", 1, 1), nil)
		plan := newPlan(t, clock, Axes{N: "64", Dim: "8", Pass: pass}, Limits{}, []*variants.Mechanism{m})
		b := plan.Blocks[0]
		bytes[pass] = b.Cells[0].Predicted.Bytes
		rows := map[string]int64{results.PassForward: 4, results.PassBackward: 9, results.PassBoth: 9}[pass]
		if got := operandBytes(b); got != rows*64*8*4 {
			t.Errorf("%s: operands of %d B", pass, got)
		}
	}
	const saved, gain, out = 64 * 4, 4, 64 * 8 * 4
	forward := bytes[results.PassForward]
	if bytes[results.PassBoth] != forward+saved+gain || bytes[results.PassBackward] != forward+saved+gain+out {
		t.Errorf("%v", bytes)
	}
}
