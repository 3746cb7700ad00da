package reformer

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"attnbench/variants"
	"attnbench/variants/exact"
	"attnbench/variants/kernel"
	"attnbench/variants/variantstest"
	"attnbench/variants/work"
)

// call is one head on random tokens.
type call struct {
	p    *variants.Problem
	q, v []float32
}

func newCall(t *testing.T, shape variants.Shape, options string, inputs map[string]variants.Tensor) call {
	t.Helper()
	settings, err := variants.ParseSettings(options)
	if err != nil {
		t.Fatal(err)
	}
	pool := work.NewPool(2)
	t.Cleanup(pool.Close)
	p, err := Mechanism().Resolve(variants.Request{
		Shape: shape, Options: settings, Inputs: inputs, Draw: true, Seed: 3,
		Kernels: kernel.Best(), Pool: pool,
	})
	if err != nil {
		t.Fatal(err)
	}
	rows := shape.Slices() * shape.N
	c := call{p: p, q: make([]float32, rows*shape.D), v: make([]float32, rows*shape.E)}
	variants.Normal(variants.Stream(5, "q", 0), c.q, 1)
	variants.Normal(variants.Stream(5, "v", 0), c.v, 1)
	return c
}

// forward runs the plan without keys.
func (c call) forward() ([]float32, variants.Attention) {
	out := make([]float32, len(c.v))
	attention, _ := c.p.Plan()
	attention.Forward(variants.F32s(out), variants.F32s(c.q), variants.Floats{}, variants.F32s(c.v))
	return out, attention
}

func (c call) head(slice int) variants.Head {
	s := c.p.Shape
	h := variants.Head{Batch: slice / s.Heads, Head: slice % s.Heads}
	h.Q = variants.Float64(c.q[slice*s.N*s.D : (slice+1)*s.N*s.D])
	h.V = variants.Float64(c.v[slice*s.N*s.E : (slice+1)*s.N*s.E])
	for i := range s.N {
		h.Rows = append(h.Rows, i)
	}
	return h
}

func near(t *testing.T, got []float32, want []float64, tolerance float64) {
	t.Helper()
	for i, x := range want {
		if !(math.Abs(float64(got[i])-x) <= tolerance) {
			t.Fatalf("element %d is %v, want %v", i, got[i], x)
		}
	}
}

// TestMargins makes sure that no conformance case hangs on the rounding of a product: in float64 the largest
// product beats the second by far more than float32 can move them.
func TestMargins(t *testing.T) {
	for _, c := range cases() {
		call := newCall(t, c.Shape, c.Options, drawn(t, c))
		variants.Normal(variants.Stream(7, "q", 0), call.q, 1)
		factors, rounds, d := call.p.Ints("buckets"), call.p.Int("rounds"), c.Shape.D
		for slice := range c.Shape.Slices() {
			r := call.p.PerHead(rotations, slice%c.Shape.Heads, 4)
			size := len(r) / rounds
			for i := range c.Shape.N * rounds {
				token, round := i/rounds, i%rounds
				x := variants.Float64(call.q[(slice*c.Shape.N+token)*d:][:d])
				u := naiveRotate(x, r[round*size:(round+1)*size])
				for _, b := range factors {
					if m := margin(u[:b/2]); m < 2e-6*math.Sqrt(dot(x, x)*float64(d)) {
						t.Errorf("%s: token %d of head %d: margin %g", c.Options, token, slice, m)
					}
					u = u[b/2:]
				}
			}
		}
	}
}

// drawn are the rotations that the conformance suite draws.
func drawn(t *testing.T, c variantstest.Case) map[string]variants.Tensor {
	settings, _ := variants.ParseSettings(c.Options)
	pool := work.NewPool(1)
	defer pool.Close()
	p, err := Mechanism().Resolve(variants.Request{
		Shape: c.Shape, Options: settings, Draw: true, Seed: 7, Kernels: kernel.Best(), Pool: pool,
	})
	if err != nil {
		t.Fatal(err)
	}
	p.DrawInputs()
	r, _ := p.Input(rotations)
	return map[string]variants.Tensor{rotations: r}
}

// margin is by how much the largest of [u; -u] beats the second.
func margin(u []float64) float64 {
	var both []float64
	for _, x := range u {
		both = append(both, x, -x)
	}
	slices.Sort(both)
	return both[len(both)-1] - both[len(both)-2]
}

// TestTies hashes tokens whose products are equal: the first index wins.
func TestTies(t *testing.T) {
	r := variants.Tensor{Dims: []int{1, 1, 2, 4}, F32: []float32{1, -1, 1, -1, 0, 0, 0, 0}}
	for _, options := range []string{"chunk=2", "chunk=2,buckets=4|4"} {
		c := newCall(t, variantstest.Self(1, 5, 2, false), options, map[string]variants.Tensor{rotations: r})
		copy(c.q, []float32{0, 0, 2, 0, -2, 0, 0, 1, 2, 5})
		_, attention := c.forward()
		got := attention.(variants.Tracer).Traces()["buckets"]
		want := variants.Tensor{Dims: []int{1, 1, 5}, I64: []int64{0, 0, 1, 0, 0}}
		if strings.Contains(options, "|") {
			want.I64[2] = 1 + 4
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", options, diff)
		}
	}
}

// TestSizesFromRotations leaves options out: the rotations that are given say how many rounds and buckets
// there are.
func TestSizesFromRotations(t *testing.T) {
	r := variants.Tensor{Dims: []int{1, 3, 4, 5}, F32: make([]float32, 60)}
	c := newCall(t, variantstest.Self(1, 20, 4, false), "", map[string]variants.Tensor{rotations: r})
	want := []variants.Setting{{Name: "rounds", Value: "3"}, {Name: "buckets", Value: "10"}}
	if diff := cmp.Diff(want, c.p.Settings()); diff != "" {
		t.Error(diff)
	}
}

// TestDefaultBuckets checks the rule of the contract around its limits.
func TestDefaultBuckets(t *testing.T) {
	for n, want := range map[int]string{
		1: "2", 64: "2", 65: "4", 4096: "128", 4097: "16|10", 5000: "16|10", 8192: "16|16", 8193: "32|10",
		16384: "32|16", 65536: "64|32",
	} {
		if got := defaultBuckets(n, 64); got != want {
			t.Errorf("n = %d: %s, want %s", n, got, want)
		}
	}
}

// TestPaperMode compares the three switches together with one softmax over the union of the keys that share a
// bucket and meet in any round, which is what the paper defines (spec §4.1).
func TestPaperMode(t *testing.T) {
	for _, causal := range []bool{false, true} {
		const options = "chunk=16,rounds=4,same_bucket_only=true,dedup=true,wrap=none"
		c := newCall(t, variantstest.Self(1, 100, 8, causal), options, nil)
		got, _ := c.forward()
		h := c.head(0)
		rounds := naiveRounds(c.p, h)
		want, seen := make([]float64, len(got)), int64(0)
		for i := range c.p.Shape.N {
			logits, keys := []float64{}, []int{}
			for j := range c.p.Shape.N {
				if (j <= i || !causal) && meet(rounds, i, j) {
					logits, keys = append(logits, naiveLogit(c.p, h, i, j)), append(keys, j)
				}
			}
			seen += int64(len(keys))
			exact.Softmax(logits, len(logits), nil)
			for at, j := range keys {
				for e := range 8 {
					want[i*8+e] += logits[at] * h.V[j*8+e]
				}
			}
		}
		near(t, got, want, 1e-5)
		if counted := pairs(c.p, c.q); counted != seen {
			t.Errorf("counted %d pairs, there are %d", counted, seen)
		}
	}
}

// meet reports whether i sees j in its own bucket in any round.
func meet(rounds []naiveRound, i, j int) bool {
	for _, r := range rounds {
		at := func(t int) int {
			return slices.IndexFunc(r.chunks, func(c []int) bool { return slices.Contains(c, t) })
		}
		if back := at(i) - at(j); r.bucket[i] == r.bucket[j] && (back == 0 || back == 1) {
			return true
		}
	}
	return false
}

// TestDense runs one bucket in paper mode with chunks that hold everything, and short sequences: both are
// dense shared-QK attention, the target of fidelity.
func TestDense(t *testing.T) {
	for _, options := range []string{
		"chunk=64,rounds=2,buckets=2,same_bucket_only=true,dedup=true,wrap=none",
		"chunk=64,rounds=3", "chunk=50,rounds=1,scale=sqrt_d",
	} {
		for _, causal := range []bool{false, true} {
			one := map[string]variants.Tensor{rotations: {Dims: []int{1, 2, 8, 1}, F32: make([]float32, 16)}}
			if !strings.Contains(options, "buckets") {
				one = nil
			}
			c := newCall(t, variantstest.Self(1, 50, 8, causal), options, one)
			got, _ := c.forward()
			near(t, got, sharedQK(c.p, c.head(0)), 1e-5)
			if counted, want := pairs(c.p, c.q), variants.DensePairs(c.p, nil); counted != want {
				t.Errorf("%s: counted %d pairs of %d", options, counted, want)
			}
		}
	}
}

// TestPairs counts what the definition sees.
func TestPairs(t *testing.T) {
	mask := make([]uint8, 70)
	for i := range mask {
		mask[i] = uint8(min(1, i%5))
	}
	for _, causal := range []bool{false, true} {
		for _, options := range switches {
			inputs := map[string]variants.Tensor{variants.KeyMask: {Dims: []int{70}, U8: mask}}
			options = strings.Trim("chunk=8,rounds=3,"+options, ",")
			c := newCall(t, variantstest.Self(3, 70, 8, causal), options, inputs)
			got, want := pairs(c.p, c.q), int64(0)
			for slice := range 3 {
				h := c.head(slice)
				rounds := naiveRounds(c.p, h)
				for i := range c.p.Shape.N {
					if hidden(c.p, h, i) {
						continue
					}
					keys := naiveSeen(c.p, rounds, i)
					slices.Sort(keys)
					want += int64(len(slices.Compact(keys)))
				}
			}
			if got != want {
				t.Errorf("%s: counted %d pairs, there are %d", options, got, want)
			}
		}
	}
}

// TestOnes averages values that are all 1: weights sum to 1.
func TestOnes(t *testing.T) {
	c := newCall(t, variantstest.Self(2, 150, 16, true), "chunk=16,rounds=4", nil)
	for i := range c.v {
		c.v[i] = 1
	}
	got, _ := c.forward()
	for i, x := range got {
		if math.Abs(float64(x)-1) > 1e-6 {
			t.Fatalf("element %d is %v", i, x)
		}
	}
}

// TestLargeTokens uses logits beyond a token's logit with itself, and squares beyond float32: the own logit
// takes the product's place, so the softmax is that of the definition, where the term would be lost in the
// sum.
func TestLargeTokens(t *testing.T) {
	for _, size := range []float32{1e4, 1e5, 1e6, 1e25} {
		c := newCall(t, variantstest.Self(1, 6, 2, false), "chunk=2,rounds=1", nil)
		for i := range 6 {
			copy(c.q[2*i:], []float32{size * float32(1-i%2*2), size * float32(i) / 8})
		}
		got, _ := c.forward()
		near(t, got, naive(c.p, c.head(0)), 1e-4)
	}
}

// TestZeroTokens has keys without direction: all logits are 0 but a token's own.
func TestZeroTokens(t *testing.T) {
	c := newCall(t, variantstest.Self(1, 40, 4, false), "chunk=8", nil)
	clear(c.q)
	got, _ := c.forward()
	near(t, got, naive(c.p, c.head(0)), 1e-6)
}

// TestCost is the figure of spec §8 for the usual shape.
func TestCost(t *testing.T) {
	c := newCall(t, variantstest.Self(8, 4096, 64, false), "", nil)
	if got := cost(c.p).FLOPs; got != 2684354560 {
		t.Errorf("%v operations", got)
	}
}

// TestRefusals checks what the declaration cannot say.
func TestRefusals(t *testing.T) {
	pool := work.NewPool(1)
	defer pool.Close()
	given := variants.Tensor{Dims: []int{1, 2, 4, 2}, F32: make([]float32, 16)}
	for options, want := range map[string]string{
		"buckets=5":           "reformer: buckets=5: it must be even",
		"buckets=2|4|6":       "reformer: buckets=2|4|6: it must be one number or two factors b1|b2",
		"buckets=65536|65536": "reformer: buckets=65536|65536: a round has at most 1048576 buckets",
		"rounds=3": "reformer: rotations is 1x2x4x2: " +
			"it must be [heads, rounds, d, buckets/2 or (b1+b2)/2] = 1x3x4x2",
	} {
		settings, _ := variants.ParseSettings(options)
		_, err := Mechanism().Resolve(variants.Request{
			Shape: variantstest.Self(1, 9, 4, false), Options: settings, Kernels: kernel.Best(), Pool: pool,
			Inputs: map[string]variants.Tensor{rotations: given},
		})
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", options, err, want)
		}
	}
}
