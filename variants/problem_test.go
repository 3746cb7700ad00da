package variants

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"attnbench/variants/kernel"
	"attnbench/variants/work"
)

// toy is a mechanism with one option of each kind and two side inputs.
func toy() *Mechanism {
	return &Mechanism{
		Name: "toy", NoCross: "it has one sequence",
		Options: []Option{
			{Name: "size", Kind: Int, Default: "4", Min: 1, Max: 64, SizeOf: "table",
				FromInput: func(t Tensor) string {
					if len(t.Dims) != 2 {
						return ""
					}
					return FormatDims(t.Dims[:1])
				}},
			{Name: "eps", Kind: Float, Default: "1e-6", Min: 0, Max: 1},
			{Name: "fast", Kind: Bool, Default: "true"},
			{Name: "mode", Kind: Choice, Default: "plain", Choices: []string{"plain", "fancy"}},
			{Name: "steps", Kind: Ints, Default: "1", Min: 1, Max: 9},
			{Name: "width", Kind: Int, Derived: "twice the size", Min: 2, Max: 128, Even: true},
		},
		Inputs: []Input{
			{
				Name: "table", Type: F32, Layout: "[size, d]",
				Dims: func(p *Problem) [][]int { return [][]int{{p.Int("size"), p.Shape.D}} },
				Draw: func(_ *Problem, dims []int, rng func(int) *rand.Rand) Tensor {
					t := Tensor{Dims: dims, F32: make([]float32, dims[0]*dims[1])}
					Normal(rng(0), t.F32, 1)
					return t
				},
			},
			{
				Name: "list", Type: I64, Layout: "[steps]", Optional: true,
				Dims: func(p *Problem) [][]int { return [][]int{{len(p.Ints("steps"))}} },
			},
		},
		Derive: func(p *Problem) error {
			if !p.Given("width") {
				p.Set("width", "8")
			}
			return nil
		},
		Cost: func(*Problem) Cost { return Cost{FLOPs: 1e9} },
		New: func(p *Problem, ws *Workspace) Attention {
			Alloc[float32](ws, 3*p.Shape.N)
			Alloc[int64](ws, 2)
			return nil
		},
	}
}

func toyRequest(options string) Request {
	settings, _ := ParseSettings(options)
	return Request{Shape: Shape{Batch: 2, Heads: 1, N: 5, S: 5, D: 3, E: 3}, Options: settings, Draw: true,
		Kernels: kernel.Generic()}
}

func TestResolveSetsOptions(t *testing.T) {
	p, err := toy().Resolve(toyRequest("eps=1e-03,steps=1|2|3,fast=false"))
	if err != nil {
		t.Fatal(err)
	}
	got := []any{p.Int("size"), p.Float("eps"), p.Bool("fast"), p.Text("mode"), p.Ints("steps"), p.Int("width")}
	if diff := cmp.Diff([]any{4, 0.001, false, "plain", []int{1, 2, 3}, 8}, got); diff != "" {
		t.Error(diff)
	}
	want := []Setting{{"eps", "0.001"}, {"fast", "false"}, {"steps", "1|2|3"}}
	if diff := cmp.Diff(want, p.Settings()); diff != "" {
		t.Error(diff)
	}
}

func TestResolveTakesSizeFromInput(t *testing.T) {
	r := toyRequest("")
	r.Inputs = map[string]Tensor{"table": {Dims: []int{7, 3}, F32: make([]float32, 21)}}
	p, err := toy().Resolve(r)
	if err != nil {
		t.Fatal(err)
	}
	if p.Int("size") != 7 {
		t.Errorf("size is %d, the table has 7 rows", p.Int("size"))
	}
}

func TestResolveRefuses(t *testing.T) {
	nan := []float32{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, float32(math.NaN())}
	for _, c := range []struct {
		name, options string
		change        func(r *Request)
		want          string
	}{
		{name: "unknown option", options: "sise=3", want: `toy: no option "sise": did you mean "size"?`},
		{name: "range", options: "size=65", want: "size=65: it must be between 1 and 64"},
		{name: "not a number", options: "size=many", want: "size=many: it must be a whole number"},
		{name: "odd", options: "width=3", want: "width=3: it must be even"},
		{name: "choice", options: "mode=fency",
			want: `mode=fency: it must be plain or fancy: did you mean "fancy"?`},
		{name: "negative eps", options: "eps=-1", want: "eps=-1: it must be between 0 and 1"},
		{name: "list", options: "steps=1|0", want: "steps=0: it must be between 1 and 9"},
		{name: "cross", change: func(r *Request) { r.Shape.S = 6 },
			want: "n = 5 and s = 6 differ: it has one sequence"},
		{name: "empty", change: func(r *Request) { r.Shape.N = 0 }, want: "n is 0: it must be between 1"},
		{name: "missing", change: func(r *Request) { r.Draw = false },
			want: "table is missing: add it or give --seed"},
		{name: "shape", change: give("table", Tensor{Dims: []int{4, 2}, F32: make([]float32, 8)}),
			want: "table is 4x2: it must be [size, d] = 4x3"},
		{name: "rank", change: give("table", Tensor{Dims: []int{4}, F32: make([]float32, 4)}),
			want: "it has no size for option size"},
		{name: "nan", change: give("table", Tensor{Dims: []int{4, 3}, F32: nan}),
			want: "table holds NaN at element 11"},
		{name: "type", change: give("list", Tensor{Dims: []int{1}, F32: []float32{0}}),
			want: "list is float32: it must be int64"},
		{name: "mask length", change: give(KeyMask, Tensor{Dims: []int{4}, U8: make([]uint8, 4)}),
			want: "key_mask is 4: it must be"},
		{name: "mask value", change: give(KeyMask, Tensor{Dims: []int{5}, U8: []uint8{0, 1, 2, 0, 0}}),
			want: "must be 0 or 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := toyRequest(c.options)
			if c.change != nil {
				c.change(&r)
			}
			_, err := toy().Resolve(r)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %q", err, c.want)
			}
		})
	}
}

func give(name string, t Tensor) func(*Request) {
	return func(r *Request) { r.Inputs = map[string]Tensor{name: t} }
}

func TestParseSettingsRefuses(t *testing.T) {
	for text, want := range map[string]string{"a": "name=value", "a=": "name=value", "=1": "name=value",
		"a=1,a=2": "given twice"} {
		if _, err := ParseSettings(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func TestMemoryIsWhatPlanAllocates(t *testing.T) {
	m := toy()
	p, err := m.Resolve(toyRequest(""))
	if err != nil {
		t.Fatal(err)
	}
	predicted := p.Memory()
	if _, got := p.Plan(); got != predicted || got.Work != 3*5*4+2*8 || got.Param != 4*3*4 {
		t.Errorf("predicted %+v, planned %+v", predicted, got)
	}
}

func TestKeyMaskOfBatch(t *testing.T) {
	r := toyRequest("")
	give(KeyMask, Tensor{Dims: []int{2, 5}, U8: []uint8{1, 1, 1, 1, 1, 0, 1, 0, 1, 0}})(&r)
	p, err := toy().Resolve(r)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p.ValidKeys(1), []bool{false, true, false, true, false}) ||
		slices.Contains(p.ValidKeys(0), false) {
		t.Errorf("mask is %v", p.Valid)
	}
}

// The streams of one head do not depend on how many heads there are, and differ between names and heads.
func TestStreams(t *testing.T) {
	a, b := Stream(1, "x", 0).Uint64(), Stream(1, "x", 0).Uint64()
	if a != b || a == Stream(1, "x", 1).Uint64() || a == Stream(1, "y", 0).Uint64() ||
		a == Stream(2, "x", 0).Uint64() {
		t.Error("streams repeat or collide")
	}
}

func TestAllowedPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Shape{N: rapid.IntRange(1, 40).Draw(t, "n"), S: rapid.IntRange(1, 40).Draw(t, "s"),
			Causal: rapid.Bool().Draw(t, "causal")}
		var want int64
		for i := range s.N {
			for j := range s.S {
				if !s.Causal || j <= i+s.S-s.N {
					want++
				}
			}
		}
		if got := s.AllowedPairs(); got != want {
			t.Fatalf("%+v: %d pairs, counted %d", s, got, want)
		}
	})
}

// A call below a fifth of a millisecond is not worth waking another thread, unless that is asked for.
func TestSmallCallsStayOnOneThread(t *testing.T) {
	pool := work.NewPool(2)
	defer pool.Close()
	for _, c := range []struct {
		flops   float64
		spread  bool
		threads int
	}{{1e4, false, 1}, {1e4, true, 2}, {1e9, false, 2}} {
		m, r := toy(), toyRequest("")
		m.Cost = func(*Problem) Cost { return Cost{FLOPs: c.flops} }
		r.Pool, r.Spread = pool, c.spread
		p, err := m.Resolve(r)
		if err != nil {
			t.Fatal(err)
		}
		if p.Pool.Threads() != c.threads {
			t.Errorf("%+v: %d threads", c, p.Pool.Threads())
		}
	}
}

func TestRefusesToDecode(t *testing.T) {
	decoding := func() *Mechanism {
		m := toy()
		m.NewDecoder = func(*Problem, *Workspace) Decoder { return nil }
		m.DecodeCost = func(*Problem) Cost { return Cost{} }
		return m
	}
	lacking := toy()
	lacking.NoDecode = "it looks ahead"
	for _, c := range []struct {
		m      *Mechanism
		change func(r *Request)
		want   string
	}{
		{lacking, func(*Request) {}, "does not decode: it looks ahead"},
		{decoding(), func(r *Request) { r.Shape.Causal = false }, "use causal inputs"},
		{decoding(), func(r *Request) { r.Backward = true }, "gradients"},
		{decoding(), give(KeyMask, Tensor{Dims: []int{5}, U8: make([]uint8, 5)}), "no key mask"},
		{decoding(), func(*Request) {}, ""},
	} {
		r := toyRequest("")
		r.Decode, r.Shape.Causal = true, true
		c.change(&r)
		_, err := c.m.Resolve(r)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("error %v, want one with %q", err, c.want)
		}
	}
}
