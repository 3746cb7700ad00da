package bigbird

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

// given is a random_blocks tensor.
func given(heads, rows, r int, ids ...int64) map[string]variants.Tensor {
	return map[string]variants.Tensor{randomBlocks: {Dims: []int{heads, rows, r}, I64: ids}}
}

// anywhere draws ids from all blocks, legal or not, from few of them where few is set.
func anywhere(heads, count, r, few int) map[string]variants.Tensor {
	rng := variants.Stream(5, "ids", 0)
	ids := make([]int64, heads*(count-2)*r)
	for i := range ids {
		ids[i] = rng.Int64N(int64(min(few, count)))
	}
	return given(heads, count-2, r, ids...)
}

// mask hides every third token and all tokens from hidden to the end.
func mask(length, hidden int) []uint8 {
	valid := make([]uint8, length)
	for i := range hidden {
		if i%3 != 1 {
			valid[i] = 1
		}
	}
	return valid
}

func TestConformance(t *testing.T) {
	var cases []variantstest.Case
	for _, options := range []string{
		"block=1,random=3", "block=3,random=2", "block=4", "block=8,random=0",
		"block=12,random=1,count_duplicates=true",
		"block=4,generator=legacy_plan", "block=6,generator=hf_eval,count_duplicates=true",
		"block=6,generator=hf_eval",
	} {
		cases = append(cases, variantstest.Case{Shape: variantstest.Self(2, 120, 16, false), Options: options})
	}
	batch := variants.Shape{Batch: 2, Heads: 2, N: 80, S: 80, D: 12, E: 20}
	cases = append(cases,
		variantstest.Case{Name: "any ids", Shape: batch, Options: "block=8,random=3",
			Inputs: anywhere(2, 10, 3, 10)},
		variantstest.Case{Name: "any ids counted", Shape: batch, Options: "block=8,random=3,count_duplicates=true",
			Inputs: anywhere(2, 10, 3, 10)},
		variantstest.Case{Name: "repeated ids counted", Shape: batch, Options: "block=8,count_duplicates=true",
			Inputs: anywhere(2, 10, 5, 3)},
		variantstest.Case{Name: "empty list", Shape: batch, Options: "block=16", Inputs: given(2, 3, 0)},
		variantstest.Case{Name: "mask", Shape: batch, Options: "block=8", Mask: mask(80, 70)},
		variantstest.Case{Name: "mask per batch", Shape: batch, Options: "block=4",
			Mask: append(mask(80, 12), mask(80, 80)...)},
		variantstest.Case{Name: "nothing valid", Shape: batch, Options: "block=8", Mask: make([]uint8, 80)},
		variantstest.Case{Name: "long blocks", Shape: variantstest.Self(1, 600, 16, false),
			Options: "block=100,random=1"},
		variantstest.Case{Name: "blocks of 84", Shape: variantstest.Self(1, 756, 64, false), Options: "block=84"},
		variantstest.Case{Name: "old plan", Shape: variantstest.Self(2, 1024, 8, false),
			Options: "generator=legacy_old_plan"},
		variantstest.Case{Name: "peaked", Shape: variantstest.Self(1, 128, 64, false), Options: "block=16,random=1",
			Scale:     10,
			Tolerance: 2e-5},
	)
	variantstest.Run(t, Mechanism(), cases)
}

func resolve(
	s variants.Shape, options string, inputs map[string]variants.Tensor, seed uint64,
) (*variants.Problem, error) {
	settings, err := variants.ParseSettings(options)
	if err != nil {
		return nil, err
	}
	return Mechanism().Resolve(variants.Request{
		Shape: s, Options: settings, Inputs: inputs, Draw: true, Seed: seed, Kernels: kernel.Generic(),
		Pool: work.NewPool(1),
	})
}

func problem(
	t interface{ Fatal(...any) }, s variants.Shape, options string, inputs map[string]variants.Tensor,
) *variants.Problem {
	p, err := resolve(s, options, inputs, 0)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestCollapse: of six blocks the first and last see all, and so do those whose window and random id cover
// the other four; their rows are exact attention.
func TestCollapse(t *testing.T) {
	const n, d = 30, 8
	inputs := given(1, 4, 1, 4, 4, 1, 1)
	p := problem(t, variantstest.Self(1, n, d, false), "block=5", inputs)
	x := make([]float32, 3*n*d)
	variants.Normal(variants.Stream(1, "x", 0), x, 1)
	q, k, v, out := x[:n*d], x[n*d:2*n*d], x[2*n*d:], make([]float32, n*d)
	a, _ := p.Plan()
	a.Forward(variants.F32s(out), variants.F32s(q), variants.F32s(k), variants.F32s(v))
	var rows []int
	for i := range n {
		if i/5 != 1 && i/5 != 4 {
			rows = append(rows, i)
		}
	}
	want := exact.Attention(p, variants.Head{Q: variants.Float64(q), K: variants.Float64(k),
		V: variants.Float64(v), Rows: rows})
	for r, i := range rows {
		for c := range d {
			if math.Abs(float64(out[i*d+c])-want[r*d+c]) > 1e-5 {
				t.Fatalf("row %d: %v, exact attention gives %v", i, out[i*d+c], want[r*d+c])
			}
		}
	}
}

// TestWeightsSumToOne also where a block is listed twice.
func TestWeightsSumToOne(t *testing.T) {
	s := variantstest.Self(2, 96, 8, false)
	variantstest.CheckWeights(t, problem(t, s, "block=8,count_duplicates=true", anywhere(2, 12, 3, 12)))
}

// TestPairs compares the count with one over the pattern's blocks, and the formula of the cost where ids are
// legal.
func TestPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rapid.IntRange(0, 4).Draw(t, "r")
		count := rapid.IntRange(5+r, 20).Draw(t, "blocks")
		block := rapid.IntRange(1, 3).Draw(t, "block")
		s := variantstest.Self(2, count*block, 4, false)
		options := fmt.Sprintf("block=%d,random=%d", block, r)
		var inputs map[string]variants.Tensor
		legal := rapid.Bool().Draw(t, "legal")
		if !legal {
			inputs = anywhere(2, count, r, count)
		}
		p := problem(t, s, options, inputs)
		p.DrawInputs()
		var want int64
		for h := range 2 {
			for i := range count {
				for _, times := range blockWeights(p, h, i) {
					want += int64(times) * int64(block*block)
				}
			}
		}
		if got := pairs(p, nil); got != want {
			t.Fatalf("%s: %d pairs, counted %d", options, got, want)
		}
		if useful := cost(p).Exps; legal && useful != float64(want) {
			t.Fatalf("%s: the formula gives %v pairs, counted %d", options, useful, want)
		}
	})
}

func TestCost(t *testing.T) {
	p := problem(t, variantstest.Self(8, 4096, 64, false), "", nil)
	if got := cost(p).FLOPs / 1e9; math.Abs(got-5.218) > 1e-3 {
		t.Errorf("block 64, n = 4096, 8 heads of 64: %.3f GFLOP, want 5.218", got)
	}
}

func TestRefusals(t *testing.T) {
	self := func(n int) variants.Shape { return variantstest.Self(2, n, 8, false) }
	causal := variantstest.Self(2, 32, 8, true)
	cross := variants.Shape{Batch: 1, Heads: 2, N: 32, S: 40, D: 8, E: 8}
	for _, c := range []struct {
		shape   variants.Shape
		options string
		inputs  map[string]variants.Tensor
		seed    uint64
		want    string
	}{
		{self(30), "block=4,random=1", nil, 0, "no multiple of block=4"},
		{self(32), "block=8,random=1", nil, 0, "4 blocks"},
		{self(32), "block=0", nil, 0, "block"},
		{self(32), "block=4,random=-1", nil, 0, "random"},
		{self(32), "block=4,random=1", anywhere(2, 8, 2, 8), 0, "random_blocks is 2x6x2"},
		{self(32), "block=4", given(2, 6, 1, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0), 0, "holds 8"},
		{self(32), "block=4", given(2, 6, 1, 0, 0, 0, 0, 0, -1, 0, 0, 0, 0, 0, 0), 0, "holds -1"},
		{self(32), "block=4", map[string]variants.Tensor{randomBlocks: {Dims: []int{2}, I64: []int64{1, 1}}}, 0,
			"no size"},
		{self(32), "block=4,random=1",
			map[string]variants.Tensor{randomBlocks: {Dims: []int{2, 6, 1}, F32: make([]float32, 12)}},
			0, "int64"},
		{self(64), "block=4,generator=legacy_old_plan", nil, 0, "1024, 2048, 3072 and 4096"},
		{self(2048), "block=256,generator=legacy_old_plan", nil, 0, "1 candidates"},
		{self(40), "block=4,generator=legacy_plan", nil, 0, "more than 11 blocks"},
		{self(64), "block=4,generator=legacy_plan", nil, 1 << 32, "below 2^32"},
		{causal, "block=4,random=1", nil, 0, "not causal"},
		{cross, "block=4,random=1", nil, 0, "differ"},
	} {
		_, err := resolve(c.shape, c.options, c.inputs, c.seed)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("n = %d, %q: error %v, want one line with %q", c.shape.N, c.options, err, c.want)
		}
	}
}

func TestGradient(t *testing.T) {
	s := variants.Shape{Batch: 2, Heads: 2, N: 18, S: 18, D: 3, E: 4}
	variantstest.CheckGradient(t, Mechanism(), []variantstest.Case{
		{Shape: s, Options: "block=3,random=1"},
		{Name: "counted", Shape: s, Options: "block=3,random=1,count_duplicates=true",
			Inputs: anywhere(2, 6, 1, 6)},
		{Name: "mask", Shape: s, Options: "block=3,random=0", Mask: mask(18, 15)},
	})
	variantstest.CheckRandomGradients(t, Mechanism(), func(r *rapid.T, c *variantstest.Case) {
		block, random := rapid.IntRange(1, 3).Draw(r, "block"), rapid.IntRange(0, 2).Draw(r, "random")
		c.Shape.N = block * (5 + random + rapid.IntRange(0, 1).Draw(r, "more"))
		c.Shape.S = c.Shape.N
		c.Options = fmt.Sprintf("block=%d,random=%d,count_duplicates=%v", block, random, random > 1)
	})
}

func TestBackwardMemory(t *testing.T) { variantstest.CheckLinearMemory(t, Mechanism(), "") }
