package linformer

import (
	"math"
	"strings"
	"testing"

	"attnbench/variants"
	"attnbench/variants/exact"
	"attnbench/variants/kernel"
	"attnbench/variants/variantstest"
	"attnbench/variants/work"
)

func TestConformance(t *testing.T) {
	var cases []variantstest.Case
	for _, n := range []int{1, 2, 3, 63, 64, 65, 100, 127, 129, 300} {
		for _, options := range []string{
			"k=2", "k=7", "k=16,sharing=none", "k=33,sharing=kv", "k=64,sharing=layerwise",
			"k=20,frozen=true", "k=9,sharing=kv,frozen=true",
		} {
			cases = append(cases, variantstest.Case{Shape: variantstest.Self(2, n, 16, false), Options: options})
		}
	}
	for _, sharing := range []string{"headwise", "none", "kv", "layerwise"} {
		options := "k=40,sharing=" + sharing
		mask := make([]uint8, 2*130)
		for i := range mask {
			mask[i] = uint8(i % 3 % 2)
		}
		short := variants.Shape{Batch: 2, Heads: 3, N: 33, S: 130, D: 12, E: 20}
		long := variants.Shape{Batch: 1, Heads: 5, N: 130, S: 33, D: 20, E: 12}
		cases = append(cases,
			variantstest.Case{Shape: short, Options: options, Mask: mask},
			variantstest.Case{Shape: long, Options: options},
			variantstest.Case{Shape: variantstest.Self(1, 1100, 8, false), Options: options}, // two parts
			variantstest.Case{Shape: variantstest.Self(2, 24, 16, false), Options: options + ",projection=gaussian"},
			variantstest.Case{Shape: variantstest.Self(2, 99, 16, false), Options: options + ",projection=pool"},
		)
	}
	for _, d := range []int{1, 32, 80, 128} {
		cases = append(cases, variantstest.Case{Shape: variantstest.Self(1, 65, d, false), Options: "k=20"})
	}
	none, peaked := variantstest.Self(1, 9, 8, false), variantstest.Self(1, 130, 64, false)
	cases = append(cases,
		variantstest.Case{Shape: variantstest.Self(1, 150, 64, false), Options: "k=300"}, // two matrix tiles
		variantstest.Case{Name: "no valid key", Shape: none, Options: "k=4", Mask: make([]uint8, 9)},
		variantstest.Case{Name: "peaked", Shape: peaked, Options: "k=32", Scale: 5, Tolerance: 2e-5},
	)
	for _, n := range []int{1, 2, 3} { // one slot: the gradient of scores is what rounding leaves
		c := variantstest.Case{Shape: variantstest.Self(2, n, 16, false), Options: "k=1,projection=pool"}
		cases = append(cases, c)
	}
	variantstest.Run(t, Mechanism(), cases)
}

// With k = s and identities for E and F every slot is a key: the definition must be softmax attention (spec
// §13.2).
func TestCollapsesToExact(t *testing.T) {
	shape := variantstest.Self(2, 70, 16, false)
	identity := variants.Tensor{Dims: []int{shape.S, shape.S}, F32: make([]float32, shape.S*shape.S)}
	for i := range shape.S {
		identity.F32[i*shape.S+i] = 1
	}
	p := resolve(t, shape, "", map[string]variants.Tensor{"proj_k": identity, "proj_v": identity}, "")
	h := variants.Head{Rows: []int{0, 1, 35, 69}}
	for _, x := range []struct {
		to   *[]float64
		name string
	}{{&h.Q, "q"}, {&h.K, "k"}, {&h.V, "v"}} {
		row := make([]float32, shape.N*shape.D)
		variants.Normal(variants.Stream(1, x.name, 0), row, 1)
		*x.to = variants.Float64(row)
	}
	want := exact.Attention(p, h)
	for i, got := range naive(p, h) {
		if math.Abs(got-want[i]) > 1e-12 {
			t.Fatalf("element %d is %v, exact attention has %v", i, got, want[i])
		}
	}
}

func TestPoolIsMeansOfBalancedSegments(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {3, 7}, {4, 8}, {7, 7}, {10, 99}} {
		k, s := size[0], size[1]
		matrix := make([]float32, k*s)
		pool(matrix, k, s)
		owners := make([]int, s)
		for slot := range k {
			sum, length := 0.0, 0
			for j, x := range matrix[slot*s : (slot+1)*s] {
				if x != 0 {
					sum, length = sum+float64(x), length+1
					owners[j]++
				}
			}
			if math.Abs(sum-1) > 1e-6 || length < s/k || length > (s+k-1)/k {
				t.Errorf("k=%d s=%d: slot %d has %d weights with sum %v", k, s, slot, length, sum)
			}
		}
		for j, n := range owners {
			if n != 1 {
				t.Errorf("k=%d s=%d: key %d is in %d segments", k, s, j, n)
			}
		}
	}
}

func TestCost(t *testing.T) {
	p := resolve(t, variantstest.Self(8, 4096, 64, false), "", nil, "")
	if got := cost(p).FLOPs; got != 4294967296 {
		t.Errorf("cost is %v operations", got)
	}
}

func TestRefusals(t *testing.T) {
	shape := variantstest.Self(2, 20, 8, false)
	type tensors = map[string]variants.Tensor
	matrix := func(dims ...int) variants.Tensor {
		t := variants.Tensor{Dims: dims}
		t.F32 = make([]float32, t.Len())
		return t
	}
	both := func(k, v int) tensors { return tensors{"proj_k": matrix(k, 20), "proj_v": matrix(v, 20)} }
	for _, c := range []struct {
		name    string
		options string
		inputs  tensors
		want    string
	}{
		{"pool", "projection=pool,k=21", nil, "use k=20 or fewer"},
		{"rows", "k=4", tensors{"proj_k": matrix(5, 20)}, "proj_k is 5x20: it must be"},
		{"columns", "", tensors{"proj_k": matrix(5, 21)}, "proj_k is 5x21: it must be"},
		{"rank", "", tensors{"proj_k": matrix(20)}, "proj_k is 20: it has no size for option k"},
		{"heads", "k=4", tensors{"proj_k": matrix(2, 4, 20)}, "proj_k is 2x4x20: it must be"},
		{"no heads", "k=4,sharing=none", tensors{"proj_k": matrix(4, 20)}, "proj_k is 4x20: it must be"},
		{"other k", "", both(4, 5), "proj_v is 5x20: it must be"},
		{"kv", "sharing=kv", both(4, 4), "leave it out"},
		{"layerwise", "sharing=layerwise", both(4, 4), "leave it out"},
	} {
		t.Run(c.name, func(t *testing.T) { resolve(t, shape, c.options, c.inputs, c.want) })
	}
	shape.Causal = true
	resolve(t, shape, "", nil, "every compressed slot mixes all positions")
}

// resolve returns a resolved problem with its inputs drawn, or expects an error that holds refusal.
func resolve(
	t *testing.T, shape variants.Shape, options string, inputs map[string]variants.Tensor, refusal string,
) *variants.Problem {
	t.Helper()
	settings, err := variants.ParseSettings(options)
	if err != nil {
		t.Fatal(err)
	}
	pool := work.NewPool(1)
	t.Cleanup(pool.Close)
	p, err := Mechanism().Resolve(variants.Request{
		Shape: shape, Options: settings, Inputs: inputs, Draw: true, Kernels: kernel.Generic(), Pool: pool,
	})
	switch {
	case refusal == "" && err != nil:
		t.Fatal(err)
	case refusal != "" && (err == nil || !strings.Contains(err.Error(), refusal)):
		t.Fatalf("error %v, want one about %q", err, refusal)
	}
	return p
}
