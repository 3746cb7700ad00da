package tile

import (
	"math"
	"testing"

	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/work"
)

// TestSplit compares few queries over keys in parts with the same over keys in one go: outputs, and what a
// backward pass is told. One batch element's first keys are masked, whole parts of them; another's are all.
func TestSplit(t *testing.T) {
	for _, set := range kernel.Available() {
		t.Run(set.Name, func(t *testing.T) {
			pool := work.NewPool(2)
			defer pool.Close()
			p := &variants.Problem{
				Shape:   variants.Shape{Batch: 3, Heads: 2, N: 21, S: 203, D: 9, E: 13},
				Kernels: set, Pool: pool, Backward: true,
			}
			p.Valid = make([]bool, p.Shape.Batch*p.Shape.S)
			for i := range p.Valid {
				batch, key := i/p.Shape.S, i%p.Shape.S
				p.Valid[i] = batch == 0 || batch == 1 && key > 70 && key%3 > 0
			}
			whole := NewDense(p, &variants.Workspace{}, 16, 20, false)
			parts := NewSplit(p, &variants.Workspace{}, 16, 20, 60)
			if parts.split == nil || parts.split.parts != 5 {
				t.Fatalf("12 query tiles in 60 jobs are split as %+v, want 5 parts", parts.split)
			}
			want, got := runDense(whole, p), runDense(parts, p)
			near(t, "output", got, want)
			near(t, "statistic", parts.back.top, whole.back.top)
			if parts.Executed() != whole.Executed() {
				t.Errorf("%d operations, want %d", parts.Executed(), whole.Executed())
			}
		})
	}
}

// TestSplitNot has tiles enough, or too few keys for more than a tile of them.
func TestSplitNot(t *testing.T) {
	pool := work.NewPool(1)
	defer pool.Close()
	for _, shape := range []variants.Shape{
		{Batch: 1, Heads: 8, N: 8, S: 300, D: 4, E: 4}, {Batch: 1, Heads: 1, N: 8, S: 30, D: 4, E: 4},
	} {
		p := &variants.Problem{Shape: shape, Kernels: kernel.Best(), Pool: pool}
		if d := NewSplit(p, &variants.Workspace{}, 8, 30, 8); d.split != nil {
			t.Errorf("%+v: keys in %d parts, want one", shape, d.split.parts)
		}
	}
}

// TestSplitKeepsDigits sums more weights around 1 than float32 can in one go.
func TestSplitKeepsDigits(t *testing.T) {
	if testing.Short() {
		t.Skip("a million keys")
	}
	pool := work.NewPool(1)
	defer pool.Close()
	p := &variants.Problem{
		Shape:   variants.Shape{Batch: 1, Heads: 1, N: 16, S: 1 << 20, D: 1, E: 1},
		Kernels: kernel.Best(), Pool: pool,
	}
	out, q := make([]float32, p.Shape.N), make([]float32, p.Shape.N)
	k, v := make([]float32, p.Shape.S), make([]float32, p.Shape.S)
	variants.Normal(variants.Stream(1, "q", 0), q, 0.01)
	variants.Normal(variants.Stream(1, "k", 0), k, 1)
	for i := range v {
		v[i] = float32(i % 7) // sums of weights and of values go wrong by different parts
	}
	d := NewSplit(p, &variants.Workspace{}, 16, 64, 1)
	d.Prepare()
	d.Forward(variants.F32s(out), variants.F32s(q), variants.F32s(k), variants.F32s(v))
	for i, x := range out {
		sum, total := 0.0, 0.0
		for j := range k {
			weight := math.Exp(float64(q[i]) * float64(k[j]))
			sum, total = sum+weight*float64(v[j]), total+weight
		}
		if want := sum / total; math.Abs(float64(x)/want-1) > 1e-5 {
			t.Errorf("query %d: %v, want %v", i, x, want)
		}
	}
}

// runDense computes attention over operands that follow from the shape.
func runDense(d *Dense, p *variants.Problem) []float32 {
	s := p.Shape
	d.Prepare()
	draw := func(name string, n int) variants.Floats {
		x := make([]float32, n)
		variants.Normal(variants.Stream(5, name, 0), x, 1)
		return variants.F32s(x)
	}
	out := make([]float32, s.Slices()*s.N*s.E)
	d.Forward(variants.F32s(out), draw("q", s.Slices()*s.N*s.D), draw("k", s.Slices()*s.S*s.D),
		draw("v", s.Slices()*s.S*s.E))
	return out
}

func near(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		if d := math.Abs(float64(got[i]) - float64(want[i])); !(d <= 1e-5*(1+math.Abs(float64(want[i])))) {
			t.Fatalf("%s %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}
