package longformer

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"attnbench/variants"
	"attnbench/variants/exact"
	"attnbench/variants/kernel"
	"attnbench/variants/variantstest"
	"attnbench/variants/work"
)

// index is a global_index.
func index(positions ...int64) map[string]variants.Tensor {
	return map[string]variants.Tensor{globalIndex: {Dims: []int{len(positions)}, I64: positions}}
}

// projections adds q_global, k_global and v_global.
func projections(s variants.Shape, inputs map[string]variants.Tensor) map[string]variants.Tensor {
	for name, columns := range map[string]int{"q_global": s.D, "k_global": s.D, "v_global": s.E} {
		t := variants.Tensor{Dims: []int{s.Heads, s.N, columns}, F32: make([]float32, s.Heads*s.N*columns)}
		variants.Normal(variants.Stream(3, name, 0), t.F32, 1)
		inputs[name] = t
	}
	return inputs
}

// mask hides every token whose number leaves remainder 1 or 2 modulo 4.
func mask(length int) []uint8 {
	valid := make([]uint8, length)
	for i := range valid {
		if i%4 == 0 || i%4 == 3 {
			valid[i] = 1
		}
	}
	return valid
}

func TestConformance(t *testing.T) {
	var cases []variantstest.Case
	for _, n := range []int{1, 2, 7, 63, 64, 97, 200} {
		for _, causal := range []bool{false, true} {
			for _, options := range []string{"window=2", "window=16", "window=64,dilation=3",
				"window=512,dilation=1|250"} {
				cases = append(cases, variantstest.Case{Shape: variantstest.Self(2, n, 16, causal), Options: options})
			}
		}
	}
	cases = append(cases, globalCases()...)
	cases = append(cases,
		variantstest.Case{Name: "n400-w300", Shape: variantstest.Self(1, 400, 64, false), Options: "window=300"},
		variantstest.Case{Name: "n400-w300-causal", Shape: variantstest.Self(1, 400, 64, true),
			Options: "window=300"},
		variantstest.Case{Name: "mask", Shape: variants.Shape{Batch: 2, Heads: 2, N: 60, S: 60, D: 8, E: 8},
			Mask: mask(120), Options: "window=6,dilation=2|1"},
		variantstest.Case{Name: "nothing valid", Shape: variantstest.Self(1, 9, 8, false), Mask: make([]uint8, 9),
			Options: "window=2"},
		variantstest.Case{Name: "peaked", Shape: variantstest.Self(1, 130, 64, false), Options: "window=40",
			Scale: 10, Tolerance: 2e-5},
	)
	variantstest.Run(t, Mechanism(), cases)
}

// globalCases have global tokens: scattered, at either end, in the band and out of it, as many as there are
// tokens.
func globalCases() []variantstest.Case {
	wide := variants.Shape{Batch: 2, Heads: 2, N: 120, S: 120, D: 12, E: 20}
	narrow := variants.Shape{Batch: 1, Heads: 3, N: 90, S: 90, D: 20, E: 12, Causal: true}
	return []variantstest.Case{
		{Name: "scattered", Shape: wide, Options: "window=8", Inputs: index(119, 0, 57, 58)},
		{Name: "none", Shape: wide, Options: "window=8", Inputs: index()},
		{Name: "first", Shape: wide, Options: "window=8,globals=5"},
		{Name: "all", Shape: wide, Options: "window=8,globals=120"},
		{Name: "dilated", Shape: wide, Options: "window=8,dilation=5|2", Inputs: index(40, 3)},
		{Name: "own projections", Shape: wide, Options: "window=8", Inputs: projections(wide, index(7, 100))},
		{Name: "projections without globals", Shape: wide, Options: "window=8", Inputs: projections(wide, index())},
		{Name: "mask", Shape: wide, Options: "window=8", Mask: mask(120), Inputs: index(4, 119)},
		{Name: "mask per batch", Shape: wide, Options: "window=8",
			Mask: append(mask(120), make([]uint8, 120)...)[:240]},
		{Name: "causal", Shape: narrow, Options: "window=8,causal_global=true", Inputs: index(0, 3, 44, 89)},
		{Name: "causal dilated", Shape: narrow, Options: "window=6,dilation=1|2|7,causal_global=true",
			Inputs: index(50, 2)},
		{Name: "causal all", Shape: narrow, Options: "window=6,globals=90,causal_global=true"},
		{Name: "causal mask", Shape: narrow, Options: "window=6,causal_global=true", Mask: mask(90),
			Inputs: index(80, 4)},
		{Name: "causal own", Shape: narrow, Options: "window=6,globals=2,causal_global=true",
			Inputs: projections(narrow, noInputs())},
		{Name: "many", Shape: variantstest.Self(1, 260, 16, false), Options: "window=16,globals=110"},
	}
}

func noInputs() map[string]variants.Tensor { return map[string]variants.Tensor{} }

// problem resolves a request on the generic set.
func problem(
	t interface{ Fatal(...any) }, s variants.Shape, options string, inputs map[string]variants.Tensor,
) *variants.Problem {
	p, err := resolve(s, options, inputs)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func resolve(s variants.Shape, options string, inputs map[string]variants.Tensor) (*variants.Problem, error) {
	settings, err := variants.ParseSettings(options)
	if err != nil {
		return nil, err
	}
	return Mechanism().Resolve(variants.Request{
		Shape: s, Options: settings, Inputs: inputs, Kernels: kernel.Generic(), Pool: work.NewPool(1),
	})
}

// TestCollapse: a window that reaches everything, and nothing but global tokens, are exact attention.
func TestCollapse(t *testing.T) {
	for _, options := range []string{"window=58", "window=2,globals=30", "window=512,globals=3"} {
		p := problem(t, variantstest.Self(1, 30, 8, false), options, nil)
		rng := variants.Stream(1, "x", 0)
		x := make([]float32, 3*30*8)
		variants.Normal(rng, x, 1)
		q, k, v := x[:240], x[240:480], x[480:]
		out := make([]float32, 240)
		a, _ := p.Plan()
		a.Forward(variants.F32s(out), variants.F32s(q), variants.F32s(k), variants.F32s(v))
		rows := make([]int, 30)
		for i := range rows {
			rows[i] = i
		}
		want := exact.Attention(p, variants.Head{Q: variants.Float64(q), K: variants.Float64(k),
			V: variants.Float64(v), Rows: rows})
		for i := range want {
			if math.Abs(float64(out[i])-want[i]) > 1e-5 {
				t.Fatalf("%s: element %d is %v, exact attention gives %v", options, i, out[i], want[i])
			}
		}
	}
}

// TestWeightsSumToOne also beside globals, which both the band and their own columns hold.
func TestWeightsSumToOne(t *testing.T) {
	s := variantstest.Self(2, 150, 8, true)
	variantstest.CheckWeights(t, problem(t, s, "window=20,dilation=1|3,globals=2,causal_global=true", nil))
}

// TestPairs compares the formula with a count over the mask.
func TestPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "n")
		s := variantstest.Self(2, n, 4, rapid.Bool().Draw(t, "causal"))
		half := rapid.IntRange(1, 25).Draw(t, "half")
		dilations := []int{rapid.IntRange(1, 45).Draw(t, "d0"), rapid.IntRange(1, 4).Draw(t, "d1")}
		positions := rapid.SliceOfNDistinct(rapid.Int64Range(0, int64(n-1)), 0, n, rapid.ID).Draw(t, "globals")
		options := fmt.Sprintf("window=%d,dilation=%d|%d,causal_global=true", 2*half, dilations[0], dilations[1])
		p := problem(t, s, options, index(positions...))
		global := map[int]bool{}
		for _, g := range positions {
			global[int(g)] = true
		}
		var want int64
		for _, d := range dilations {
			for i := range n {
				for j := range n {
					near := (j-i)%d == 0 && max(j-i, i-j) <= half*d
					if (near || global[i] || global[j]) && (!s.Causal || j <= i) {
						want++
					}
				}
			}
		}
		if got := pairs(p, nil); got != want {
			t.Fatalf("%s, globals %v: %d pairs, counted %d", options, positions, got, want)
		}
	})
}

func TestCost(t *testing.T) {
	p := problem(t, variantstest.Self(8, 4096, 64, false), "", nil)
	if got := cost(p).FLOPs / 1e9; math.Abs(got-4.169) > 5e-4 {
		t.Errorf("window 512, n = 4096, 8 heads of 64: %.3f GFLOP, want 4.169", got)
	}
}

func TestRefusals(t *testing.T) {
	self := variantstest.Self(2, 32, 8, false)
	causal := variantstest.Self(2, 32, 8, true)
	cross := variants.Shape{Batch: 1, Heads: 2, N: 32, S: 40, D: 8, E: 8}
	masked := index(2)
	masked[variants.KeyMask] = variants.Tensor{Dims: []int{32}, U8: mask(32)}
	partly := projections(self, index(1))
	delete(partly, "k_global")
	short := projections(variantstest.Self(2, 31, 8, false), index(1))
	for _, c := range []struct {
		shape   variants.Shape
		options string
		inputs  map[string]variants.Tensor
		want    string
	}{
		{self, "window=7", nil, "even"},
		{self, "window=0", nil, "window"},
		{self, "dilation=0", nil, "dilation"},
		{self, "dilation=1|2|3", nil, "3 values for 2 heads"},
		{self, "globals=33", nil, "n = 32"},
		{self, "globals=1", index(3), "leave one of them out"},
		{self, "", index(32), "holds 32"},
		{self, "", index(-1), "holds -1"},
		{self, "", index(4, 9, 4), "4 twice"},
		{self, "", masked, "token 2 is masked"},
		{self, "", partly, "without k_global"},
		{self, "", short, "q_global is 2x31x8"},
		{self, "", map[string]variants.Tensor{globalIndex: {Dims: []int{1}, F32: []float32{1}}}, "int64"},
		{self, "", map[string]variants.Tensor{globalIndex: {Dims: []int{1, 1}, I64: []int64{1}}},
			"global_index is 1x1"},
		{causal, "", index(0), "causal_global=true"},
		{causal, "globals=1", nil, "causal_global=true"},
		{cross, "", nil, "differ"},
	} {
		_, err := resolve(c.shape, c.options, c.inputs)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: error %v, want one line with %q", c.options, err, c.want)
		}
	}
}

func TestRefusesToDecodeGlobalTokens(t *testing.T) {
	_, err := Mechanism().Resolve(variants.Request{
		Shape: variantstest.Self(2, 32, 8, true), Decode: true, Kernels: kernel.Generic(), Pool: work.NewPool(1),
		Options: []variants.Setting{{Name: "globals", Value: "1"}, {Name: "causal_global", Value: "true"}},
	})
	if err == nil || !strings.Contains(err.Error(), "leave the global tokens out") {
		t.Errorf("error %v", err)
	}
}

func TestGradient(t *testing.T) {
	s := variants.Shape{Batch: 2, Heads: 2, N: 14, S: 14, D: 3, E: 4}
	causal := s
	causal.Causal = true
	variantstest.CheckGradient(t, Mechanism(), []variantstest.Case{
		{Shape: s, Options: "window=4"},
		{Shape: causal, Options: "window=4,dilation=2|1"},
		{Name: "globals", Shape: s, Options: "window=4", Inputs: index(13, 3, 4)},
		{Name: "causal globals", Shape: causal, Options: "window=4,globals=2,causal_global=true"},
		{Name: "own projections", Shape: s, Options: "window=2", Inputs: projections(s, index(2, 9))},
		{Name: "own projections unused", Shape: s, Options: "window=2", Inputs: projections(s, index())},
		{Name: "causal own", Shape: causal, Options: "window=4,globals=2,causal_global=true",
			Inputs: projections(s, noInputs())},
		{Name: "mask", Shape: s, Options: "window=4", Mask: mask(14), Inputs: index(4)},
	})
	variantstest.CheckRandomGradients(t, Mechanism(), func(r *rapid.T, c *variantstest.Case) {
		window, dilation := 2*rapid.IntRange(1, 4).Draw(r, "window"), rapid.IntRange(1, 3).Draw(r, "dilation")
		c.Options = fmt.Sprintf("window=%d,dilation=%d", window, dilation)
	})
	variantstest.CheckRandomGradients(t, withoutMask(), func(r *rapid.T, c *variantstest.Case) {
		globals := rapid.IntRange(0, c.Shape.N).Draw(r, "globals")
		c.Options = fmt.Sprintf("window=2,causal_global=true,globals=%d", globals)
		if rapid.Bool().Draw(r, "own") {
			c.Inputs = projections(c.Shape, noInputs())
		}
	})
}

// withoutMask is the mechanism for random tokens that are global, which none may be that is masked.
func withoutMask() *variants.Mechanism {
	m := Mechanism()
	m.NoMask = "global tokens are drawn"
	return m
}

func TestBackwardMemory(t *testing.T) { variantstest.CheckLinearMemory(t, Mechanism(), "") }

// TestDecodeState: rings keep window/2+1 tokens of every class of positions, however long the context.
func TestDecodeState(t *testing.T) {
	s := variantstest.Self(2, 5000, 16, true)
	m := Mechanism()
	p, err := m.Resolve(variants.Request{
		Shape: s, Decode: true, Kernels: kernel.Generic(), Pool: work.NewPool(1),
		Options: []variants.Setting{{Name: "window", Value: "62"}, {Name: "dilation", Value: "1|3"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := p.Memory().State, int64((32+96)*(16+16)*4); got != want {
		t.Errorf("%d bytes of state, want %d", got, want)
	}
	if got, want := m.DecodeCost(p).FLOPs, float64(2*32*2*(16+16)); got != want {
		t.Errorf("a token costs %v, want %v", got, want)
	}
}
