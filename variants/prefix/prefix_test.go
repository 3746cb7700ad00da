package prefix

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/work"
)

// absolute maps a token to the absolute values of its elements, relative to references that it moves
// about: with each of them chunks end where the generator likes, and the output must not notice.
type absolute struct {
	d      int
	limit  int     // most keys taken at a time
	raise  float32 // of the references, with each chunk
	masked func(token int) bool
	chunk  int // 0: ChunkSize
	Divisor
}

func (a absolute) Keys(dst []float32, ld int, k []float32, c Chunk, ref, next []float32) int {
	taken := min(c.Count, a.limit)
	for r := range a.d {
		if ref[r] == kernel.Lowest {
			ref[r] = float32(-r)
		}
		next[r] = ref[r] + a.raise
		clear(dst[r*ld:][:(c.Count+15)/16*16])
		for j := range taken {
			if !a.masked(c.From + j) {
				x := math.Abs(float64(k[j*a.d+r]))
				dst[r*ld+j] = float32(x * math.Exp2(-float64(ref[r])))
			}
		}
	}
	return taken
}

func (a absolute) Queries(dst []float32, ld int, q []float32, c Chunk, _, ref []float32) {
	for r := range a.d {
		for j := range c.Count {
			x := math.Abs(float64(q[j*a.d+r]))
			dst[r*ld+j] = float32(x * math.Exp2(float64(ref[r])))
		}
	}
}

// direct is the definition of the package comment for features |x|.
func direct(s variants.Shape, q, k, v []float32, a absolute) []float64 {
	out := make([]float64, s.Slices()*s.N*s.E)
	for i := range s.Slices() * s.N {
		head, keys := i/s.N, s.S
		if s.Causal {
			keys = i%s.N + 1
		}
		row, sum := out[i*s.E:][:s.E], 0.0
		for j := range keys {
			if a.masked(j) {
				continue
			}
			var w float64
			for c := range s.D {
				w += math.Abs(float64(q[i*s.D+c]) * float64(k[(head*s.S+j)*s.D+c]))
			}
			sum += w
			for c := range row {
				row[c] += w * float64(v[(head*s.S+j)*s.E+c])
			}
		}
		divisor := max(sum+float64(a.Add), float64(a.Least))
		for c := range row {
			if divisor != 0 {
				row[c] /= divisor
			}
		}
	}
	return out
}

func normal(name string, n int) []float32 {
	x := make([]float32, n)
	variants.Normal(variants.Stream(1, name, n), x, 1)
	return x
}

func forward(set *kernel.Set, s variants.Shape, a absolute, threads int, q, k, v []float32) []float32 {
	pool := work.NewPool(threads)
	defer pool.Close()
	p := &variants.Problem{Shape: s, Kernels: set, Pool: pool}
	config := Config{Features: a.d, Chunk: a.chunk, Divisor: a.Divisor}
	if a.chunk == 0 {
		config.Chunk = ChunkSize(p)
	}
	e := New(p, &variants.Workspace{}, config, slices.Repeat([]Map{a}, threads))
	e.Prepare()
	out := make([]float32, s.Slices()*s.N*s.E)
	e.Forward(variants.F32s(out), variants.F32s(q), variants.F32s(k), variants.F32s(v))
	return out
}

// sets are the kernel sets of the machine, and one with wide vectors and register tiles on any machine: the
// plain routines serve it, as their columns are multiples of half its lanes.
func sets() []*kernel.Set {
	wide := *kernel.Generic()
	wide.Name, wide.Lanes, wide.Panel, wide.Rows = "wide", 16, 64, 6
	return append(kernel.Available(), &wide)
}

func TestAgainstTheDefinition(t *testing.T) {
	for _, set := range sets() {
		t.Run(set.Name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				s := variants.Shape{
					Batch: 1, Heads: rapid.IntRange(1, 3).Draw(t, "heads"), N: rapid.IntRange(1, 260).Draw(t, "n"),
					D: rapid.IntRange(1, 20).Draw(t, "d"), E: rapid.IntRange(1, 20).Draw(t, "e"),
					Causal: rapid.Bool().Draw(t, "causal"),
				}
				s.S = s.N
				if !s.Causal {
					s.S = rapid.IntRange(1, 260).Draw(t, "s")
				}
				period := rapid.IntRange(1, 9).Draw(t, "masked period")
				a := absolute{
					d: s.D, limit: rapid.SampledFrom([]int{1, 5, 1000}).Draw(t, "limit"),
					raise:  rapid.SampledFrom([]float32{0, 0.25, 3}).Draw(t, "raise"),
					masked: func(token int) bool { return token%10 >= period },
					chunk:  rapid.SampledFrom([]int{0, 1, 7, 64, 100}).Draw(t, "chunk"),
					Divisor: Divisor{
						Add:   rapid.SampledFrom([]float32{0, 0.5}).Draw(t, "add"),
						Least: rapid.SampledFrom([]float32{0, 20}).Draw(t, "least"),
					},
				}
				if a.limit < 1000 || a.chunk != 0 {
					a.raise = min(a.raise, 0.25) // references add up to less than float32's exponents
				}
				q, k, v := normal("q", s.Heads*s.N*s.D), normal("k", s.Heads*s.S*s.D), normal("v", s.Heads*s.S*s.E)
				compare(t, forward(set, s, a, 1, q, k, v), direct(s, q, k, v, a))
			})
		})
	}
}

func compare(t *rapid.T, got []float32, want []float64) {
	for i, x := range want {
		if d := math.Abs(float64(got[i]) - x); !(d <= 1e-5) {
			t.Fatalf("element %d is %v, want %v", i, got[i], x)
		}
	}
}

// TestSegments cuts heads into segments, works through them one by one or in parallel, and asks for the
// same bits.
func TestSegments(t *testing.T) {
	never := func(int) bool { return false }
	for _, s := range []variants.Shape{
		{Batch: 1, Heads: 1, N: 3 * shortest, S: 3 * shortest, D: 4, E: 5, Causal: true},
		{Batch: 1, Heads: 2, N: 2*shortest + 77, S: 2*shortest + 77, D: 4, E: 8, Causal: true},
		{Batch: 1, Heads: 1, N: 100, S: 3*shortest + 1, D: 4, E: 8},
	} {
		q, k, v := normal("q", s.Heads*s.N*s.D), normal("k", s.Heads*s.S*s.D), normal("v", s.Heads*s.S*s.E)
		a := absolute{d: s.D, limit: 1000, raise: 0.25, masked: never}
		one := forward(kernel.Best(), s, a, 1, q, k, v)
		for i, want := range direct(s, q, k, v, a) {
			if d := math.Abs(float64(one[i]) - want); !(d <= 1e-5) {
				t.Fatalf("%+v: element %d is %v, want %v", s, i, one[i], want)
			}
		}
		for _, threads := range []int{2, 3} {
			if !slices.Equal(forward(kernel.Best(), s, a, threads, q, k, v), one) {
				t.Errorf("%+v: %d threads give other bits than one", s, threads)
			}
		}
	}
}
