package check

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"attnbench/harness/tensorfile"
	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/work"
)

// scaled is a mechanism whose output is v times a learned gain.
func scaled() *variants.Mechanism {
	return &variants.Mechanism{
		Name: "scaled",
		Inputs: []variants.Input{{
			Name: "gain", Learned: true, Layout: "[1]", Dims: func(*variants.Problem) [][]int { return [][]int{{1}} },
		}},
		Cost:         func(*variants.Problem) variants.Cost { return variants.Cost{} },
		BackwardCost: func(*variants.Problem) variants.Cost { return variants.Cost{} },
		New: func(p *variants.Problem, _ *variants.Workspace) variants.Attention {
			gain, _ := p.Input("gain")
			return scaledPlan{gain.F32[0]}
		},
		Gradient: func(p *variants.Problem, h variants.Head, dout []float64) variants.HeadGradients {
			gain, _ := p.Input("gain")
			e, sum := p.Shape.E, []float64{0}
			g := variants.HeadGradients{
				Q: make([]float64, len(h.Q)), K: make([]float64, len(h.K)), V: make([]float64, len(h.V)),
				Inputs: map[string][]float64{"gain": sum},
			}
			for i, r := range h.Rows {
				for c := range e {
					g.V[r*e+c] = float64(gain.F32[0]) * dout[i*e+c]
					sum[0] += h.V[r*e+c] * dout[i*e+c]
				}
			}
			return g
		},
	}
}

type scaledPlan struct{ gain float32 }

func (p scaledPlan) Forward(out, _, _, v variants.Floats) {
	for i, x := range v.F32 {
		out.F32[i] = p.gain * x
	}
}

func (p scaledPlan) Backward(g variants.Gradients, dout, out, _, _, _ []float32) {
	clear(g.Q)
	clear(g.K)
	g.Inputs["gain"][0] = 0
	for i, x := range dout {
		g.V[i] = p.gain * x
		g.Inputs["gain"][0] += x * out[i] / p.gain
	}
}

func (scaledPlan) Executed() int64         { return 0 }
func (scaledPlan) BackwardExecuted() int64 { return 0 }

// ramp is a tensor of values that differ from each other.
func ramp(dims ...int) variants.Tensor {
	t := variants.Tensor{Dims: dims}
	for i := range t.Len() {
		t.F32 = append(t.F32, float32(math.Sin(float64(i)+1)))
	}
	return t
}

func testFile(n int) *tensorfile.File {
	return &tensorfile.File{
		Tensors: map[string]variants.Tensor{
			"q": ramp(2, n, 3), "k": ramp(2, n, 3), "v": ramp(2, n, 4), "dout": ramp(2, n, 4),
			"gain": {Dims: []int{1}, F32: []float32{3}},
		},
		Metadata: map[string]string{"variant": "scaled", "rtol": "1e-6", "grad_rtol": "1e-6"},
	}
}

func engine(t *testing.T) Engine {
	pool := work.NewPool(1)
	t.Cleanup(pool.Close)
	return Engine{Kernels: kernel.Generic(), Pool: pool}
}

// TestGradientError: the error is that of the worst gradient, side inputs included, on few rows and on many.
func TestGradientError(t *testing.T) {
	for _, n := range []int{1, 7, 2 * GradientLimit} {
		call, err := NewCall(scaled(), testFile(n), Settings{Backward: true}, engine(t))
		if err != nil {
			t.Fatal(err)
		}
		out, attention, _ := call.Plan()
		call.Forward(attention, out)
		for _, c := range []struct {
			name  string
			spoil func(g variants.Gradients)
			least float64
		}{
			{"", func(variants.Gradients) {}, 0},
			{"dq", func(g variants.Gradients) { g.Q[len(g.Q)-1] = 5 }, 0.1},
			{"dk", func(g variants.Gradients) { g.K[0] = 5 }, 0.1},
			{"dv", func(g variants.Gradients) { g.V[len(g.V)-1] += 50 }, 0.1},
			{"dgain", func(g variants.Gradients) { g.Inputs["gain"][0] *= 2 }, 0.9},
		} {
			g := call.NewGradients()
			call.Backward(attention, g, out)
			if failure := Unwritten(g); failure != "" {
				t.Fatal(failure)
			}
			c.spoil(g)
			tensors := Tensors{call.Q, call.K, call.V}
			worst, err := CompareGradients(context.Background(), call.Problem, tensors, call.DOut, AllRows(n), g)
			switch wrong := c.name != ""; {
			case err != nil:
				t.Error(err)
			case wrong && (worst.Name != c.name || worst.Worst < c.least), !wrong && worst.Worst > 1e-5:
				t.Errorf("n = %d, spoilt %q: %+v", n, c.name, worst)
			}
		}
		g := call.NewGradients()
		call.Backward(attention, g, out)
		worst, err := call.GradientError(context.Background(), attention, g, out, 1)
		if err != nil || worst.Worst > 1e-5 {
			t.Errorf("n = %d: %+v %v", n, worst, err)
		}
	}
}

func TestCompareGradientsStops(t *testing.T) {
	call, err := NewCall(scaled(), testFile(7), Settings{Backward: true}, engine(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	tensors := Tensors{call.Q, call.K, call.V}
	_, err = CompareGradients(ctx, call.Problem, tensors, call.DOut, AllRows(7), call.NewGradients())
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestNaNIsTheWorst(t *testing.T) {
	call, err := NewCall(scaled(), testFile(7), Settings{Backward: true}, engine(t))
	if err != nil {
		t.Fatal(err)
	}
	tensors := Tensors{call.Q, call.K, call.V}
	worst, err := CompareGradients(context.Background(), call.Problem, tensors, call.DOut, AllRows(7),
		call.NewGradients())
	if err != nil || !math.IsNaN(worst.Worst) {
		t.Errorf("%+v %v: poisoned gradients must not pass", worst, err)
	}
}

// TestGoldenGradients replays a file with gradients: right ones pass, a wrong one fails by grad_rtol, a
// mechanism without gradients leaves them out.
func TestGoldenGradients(t *testing.T) {
	for _, c := range []struct {
		name, want string
		status     Status
		skipped    int
		change     func(f *tensorfile.File, m *variants.Mechanism)
	}{
		{"right", "", Pass, 0, func(*tensorfile.File, *variants.Mechanism) {}},
		{"wrong", "dgain differs by", Fail, 0, func(f *tensorfile.File, _ *variants.Mechanism) {
			f.Tensors["want.dgain"].F32[0] *= 1.001
		}},
		{"wrong within its tolerance", "", Pass, 0, func(f *tensorfile.File, _ *variants.Mechanism) {
			f.Tensors["want.dgain"].F32[0] *= 1.001
			f.Metadata["grad_rtol"] = "2e-3"
		}},
		{"shape", "dq is 2x7x3, expected 7x2x3", Fail, 0, func(f *tensorfile.File, _ *variants.Mechanism) {
			f.Tensors["want.dq"] = variants.Tensor{Dims: []int{7, 2, 3}, F32: make([]float32, 42)}
		}},
		{"no dout", "refused: scaled: dout is missing: gradients need it, 2x7x4 like the output", Fail, 0,
			func(f *tensorfile.File, _ *variants.Mechanism) { delete(f.Tensors, "dout") }},
		{"no gradients", "", Pass, 4, func(_ *tensorfile.File, m *variants.Mechanism) { m.Gradient = nil }},
	} {
		f, m := testFile(7), scaled()
		call, err := NewCall(m, f, Settings{Backward: true}, engine(t))
		if err != nil {
			t.Fatal(err)
		}
		for name, x := range results(call) {
			f.Tensors["want."+name] = x
		}
		c.change(f, m)
		path := filepath.Join(t.TempDir(), "golden.safetensors")
		if err := tensorfile.Write(path, f.Tensors, f.Metadata); err != nil {
			t.Fatal(err)
		}
		replays, err := Golden(path, []*variants.Mechanism{m}, engine(t))
		if err != nil {
			t.Fatal(err)
		}
		r := replays[0]
		if r.Status != c.status || len(r.Skipped) != c.skipped || !strings.HasPrefix(r.Reason, c.want) {
			t.Errorf("%s: %+v", c.name, r)
		}
	}
}
