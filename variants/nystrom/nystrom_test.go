package nystrom

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

// tolerance is the golden files': the iteration amplifies what rounding leaves.
const tolerance = 1e-4

// mask hides a whole segment of most sizes and single keys.
func mask(length int) []uint8 {
	valid := make([]uint8, length)
	for i := range valid {
		if i%7 != 2 && i%40 < 25 {
			valid[i] = 1
		}
	}
	return valid
}

func TestConformance(t *testing.T) {
	var cases []variantstest.Case
	for _, c := range []struct {
		n       int
		options string
	}{
		{1, "landmarks=1"}, {1, "landmarks=1,conv=3"}, {2, "landmarks=2,conv=1"}, {7, "landmarks=7"},
		{63, "landmarks=9,iterations=1"}, {64, ""}, {65, "landmarks=5,conv=33"}, {100, "landmarks=20,conv=5"},
		{128, "conv=301"}, {129, "landmarks=3"}, {300, "landmarks=100,iterations=3"}, {192, "landmarks=32,conv=7"},
	} {
		cases = append(cases, variantstest.Case{
			Shape: variantstest.Self(2, c.n, 16, false), Options: c.options, Tolerance: tolerance,
		})
	}
	masked := variants.Shape{Batch: 2, Heads: 2, N: 80, S: 80, D: 12, E: 20}
	for _, d := range []int{1, 32, 80, 128} {
		cases = append(cases, variantstest.Case{Shape: variantstest.Self(1, 65, d, false), Options: "landmarks=13",
			Tolerance: tolerance})
	}
	cases = append(cases,
		variantstest.Case{Shape: variants.Shape{Batch: 2, Heads: 3, N: 30, S: 130, D: 12, E: 20},
			Options: "landmarks=10", Tolerance: tolerance},
		variantstest.Case{Shape: variants.Shape{Batch: 1, Heads: 5, N: 130, S: 30, D: 20, E: 12},
			Options: "landmarks=10", Tolerance: tolerance},
		variantstest.Case{Name: "mask", Shape: masked, Options: "landmarks=8,conv=9", Mask: mask(160),
			Tolerance: tolerance},
		variantstest.Case{Name: "no valid key", Shape: masked, Options: "landmarks=4,conv=3",
			Mask: make([]uint8, 80), Tolerance: tolerance},
		variantstest.Case{Name: "peaked", Shape: variantstest.Self(1, 128, 64, false), Options: "landmarks=16",
			Scale: 4, Tolerance: tolerance},
	)
	variantstest.Run(t, Mechanism(), cases)
}

func TestGradient(t *testing.T) {
	m := Mechanism()
	variantstest.CheckRandomGradients(t, m, func(r *rapid.T, c *variantstest.Case) {
		landmarks := rapid.IntRange(1, 4).Draw(r, "landmarks")
		c.Shape.N = landmarks * rapid.IntRange(1, 4).Draw(r, "queries")
		c.Shape.S = landmarks * rapid.IntRange(1, 4).Draw(r, "keys")
		c.Options = fmt.Sprintf("landmarks=%d,iterations=%d", landmarks, rapid.IntRange(1, 7).Draw(r, "iterations"))
		if c.Shape.N == c.Shape.S {
			c.Options += fmt.Sprintf(",conv=%d", 2*rapid.IntRange(0, 3).Draw(r, "conv")+1)
		}
	})
}

func TestBackwardMemory(t *testing.T) { variantstest.CheckLinearMemory(t, Mechanism(), "") }

// TestMemory: without a key mask, what a plan holds does not grow with the number of tokens.
func TestMemory(t *testing.T) {
	held := func(n int) int64 {
		p, err := resolve(variantstest.Self(1, n, 64, false), "")
		if err != nil {
			t.Fatal(err)
		}
		return p.Memory().Work
	}
	if short, long := held(8192), held(65536); short != long {
		t.Errorf("%d B for 8192 tokens, %d B for 65536", short, long)
	}
}

// resolve returns a problem with its inputs drawn, or an error.
func resolve(shape variants.Shape, options string) (*variants.Problem, error) {
	settings, err := variants.ParseSettings(options)
	if err != nil {
		return nil, err
	}
	return Mechanism().Resolve(variants.Request{
		Shape: shape, Options: settings, Draw: true, Kernels: kernel.Generic(), Pool: work.NewPool(1),
	})
}

// TestCollapsesToExact: with every token a landmark F, A and B are one matrix, and once the iteration has
// converged its product with its inverse and itself is exact attention.
func TestCollapsesToExact(t *testing.T) {
	shape := variantstest.Self(1, 20, 8, false)
	p, err := resolve(shape, "landmarks=20,iterations=40")
	if err != nil {
		t.Fatal(err)
	}
	h := variants.Head{Rows: []int{0, 1, 10, 19}}
	for _, x := range []struct {
		to   *[]float64
		name string
	}{{&h.Q, "q"}, {&h.K, "k"}, {&h.V, "v"}} {
		data := make([]float32, shape.N*shape.D)
		variants.Normal(variants.Stream(1, x.name, 0), data, 1)
		*x.to = variants.Float64(data)
	}
	want := exact.Attention(p, h)
	for i, got := range naive(p, h) {
		if !(math.Abs(got-want[i]) <= 1e-8) {
			t.Fatalf("element %d is %v, exact attention has %v", i, got, want[i])
		}
	}
}

func TestCost(t *testing.T) {
	p, err := resolve(variantstest.Self(8, 4096, 64, false), "conv=33")
	if err != nil {
		t.Fatal(err)
	}
	const n, d, l = 4096, 64, 64
	want := 8 * float64(2*n*l*d+2*l*l*d+2*n*l*d+48*l*l*l+2*n*l*d+2*l*l*d+2*n*l*d+2*n*d*33)
	if got := cost(p).FLOPs; got != want {
		t.Errorf("cost is %v operations, by the formula %v", got, want)
	}
}

func TestRefusals(t *testing.T) {
	self, causal := variantstest.Self(2, 60, 8, false), variantstest.Self(2, 60, 8, true)
	cross := self
	cross.S = 80
	for _, c := range []struct {
		shape         variants.Shape
		options, want string
	}{
		{self, "", "n = 60 is no multiple of landmarks=64"},
		{cross, "landmarks=12", "s = 80 is no multiple of landmarks=12"},
		{self, "landmarks=0", "landmarks=0: it must be between"},
		{self, "landmarks=10,iterations=0", "iterations=0: it must be between"},
		{self, "landmarks=10,conv=4", "conv=4 is even"},
		{self, "landmarks=10,conv=-1", "conv=-1: it must be between"},
		{cross, "landmarks=10,conv=3", "use conv=0"},
		{causal, "landmarks=10", "not causal"},
	} {
		if _, err := resolve(c.shape, c.options); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want one with %q", c.options, err, c.want)
		}
	}
}
