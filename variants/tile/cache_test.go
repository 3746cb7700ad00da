package tile

import (
	"math"
	"slices"
	"testing"

	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/work"
)

// decodeLast plans the decoding of the last of n tokens, after a context of the others, and does it.
func decodeLast(t *testing.T, n, heads, threads int, split bool) (out []float32, memory variants.Memory) {
	t.Helper()
	m := &variants.Mechanism{
		Name: "dense", Cost: variants.DenseCost, DecodeCost: variants.DenseDecodeCost,
		NewDecoder: func(p *variants.Problem, ws *variants.Workspace) variants.Decoder {
			return NewDenseCache(p, ws, split)
		},
	}
	pool := work.NewPool(threads)
	t.Cleanup(pool.Close)
	p, err := m.Resolve(variants.Request{
		Shape:  variants.Shape{Batch: 1, Heads: heads, N: n, S: n, D: 8, E: 16, Causal: true},
		Decode: true, Spread: true, Kernels: kernel.Best(), Pool: pool,
	})
	if err != nil {
		t.Fatal(err)
	}
	k, v := make([]float32, heads*n*8), make([]float32, heads*n*16)
	q := make([]float32, heads*8)
	for i, x := range [][]float32{q, k, v} {
		variants.Normal(variants.Stream(5, "x", i), x, 2)
	}
	decoder, _, memory := p.PlanDecoder()
	decoder.Prefill(variants.F32s(k), variants.F32s(v), n-1)
	out = make([]float32, heads*16)
	token := func() {
		key, value := variants.F32s(k[:heads*8]), variants.F32s(v[:heads*16])
		decoder.Decode(n-1, variants.F32s(out), variants.F32s(q), key, value)
	}
	token()
	if allocs := testing.AllocsPerRun(2, token); allocs != 0 {
		t.Errorf("a token allocates %v times", allocs)
	}
	return out, memory
}

// TestSplitDecoding: parts of a long context add up to the whole, with the same bits on any number of
// threads.
func TestSplitDecoding(t *testing.T) {
	for _, heads := range []int{1, 3} {
		const n = 5*splitKeys + 77
		want, _ := decodeLast(t, n, heads, 1, false)
		got, _ := decodeLast(t, n, heads, 1, true)
		for i, x := range want {
			if math.Abs(float64(got[i]-x)) > 1e-5 {
				t.Fatalf("element %d is %v in parts, %v as a whole", i, got[i], x)
			}
		}
		if parallel, _ := decodeLast(t, n, heads, 3, true); !slices.Equal(parallel, got) {
			t.Error("3 threads give other bits than one")
		}
	}
}

// TestCacheBytes: n·(d+e) numbers a head, n rounded up to a cache line.
func TestCacheBytes(t *testing.T) {
	for n, kept := range map[int]int64{1: 16, 64: 64, 65: 80, 1000: 1008} {
		if _, memory := decodeLast(t, n, 3, 1, true); memory.State != 3*kept*(8+16)*4 {
			t.Errorf("n = %d: %d bytes of state, not those of %d tokens", n, memory.State, kept)
		}
	}
}
