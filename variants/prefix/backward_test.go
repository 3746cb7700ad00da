package prefix

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/work"
)

// slopes differentiates absolute. Forward's references stay at -r; levels rise above them by raise with each
// of the chunks of at most limit tokens.
type slopes struct{ absolute }

func (a slopes) Products() int { return a.d }

func (a slopes) level(token int) float32 { return a.raise * float32(token/min(a.limit, 1000)) }

func (a slopes) Level(c Chunk) (float32, int) {
	return a.level(c.From), min(c.Count, a.limit-c.From%a.limit)
}

func (a slopes) Refs(level float32, ref []float32) {
	for r := range ref {
		ref[r] = level - float32(r)
	}
}

// write stores |x|·2^(sign·(level - r)), 0 for masked tokens and from count on.
func (a slopes) write(
	dst []float32, ld int, x []float32, c Chunk, level []float32, sign float64, masks bool,
) {
	for r := range a.d {
		clear(dst[r*ld:][:(c.Count+15)/16*16])
		for j := range c.Count {
			if !masks || !a.masked(c.From+j) {
				power := math.Exp2(sign * (float64(level[j]) - float64(r)))
				dst[r*ld+j] = float32(math.Abs(float64(x[j*a.d+r])) * power)
			}
		}
	}
}

func (a slopes) Keys(dst []float32, ld int, k []float32, c Chunk, level []float32) {
	a.write(dst, ld, k, c, level, -1, true)
}

func (a slopes) Queries(dst []float32, ld int, q []float32, c Chunk, level, bottom []float32) {
	a.write(dst, ld, q, c, level, 1, false)
	for j := range bottom { // twice the query has twice the denominator
		for r := range a.d {
			dst[r*ld+j] *= 2
		}
		bottom[j] *= 2
	}
}

func (a slopes) PullKeys(dk, k []float32, c Chunk, grad []float32, ldg int, features []float32, ld int) {
	a.PullQueries(dk, k, c, grad, ldg, features, ld)
}

func (a slopes) PullQueries(dq, q []float32, c Chunk, grad []float32, ldg int, features []float32, ld int) {
	for j := range c.Count {
		for r := range a.d {
			dq[j*a.d+r] = grad[r*ldg+j] * features[r*ld+j] / q[j*a.d+r] // |x|' is |x|/x
		}
	}
}

// gradient is the derivative of direct, written as sums over pairs.
func gradient(s variants.Shape, q, k, v, dout []float32, masked func(int) bool) (dq, dk, dv []float64) {
	out := direct(s, q, k, v, absolute{masked: masked})
	dq, dk, dv = make([]float64, len(q)), make([]float64, len(k)), make([]float64, len(v))
	for i := range s.Slices() * s.N {
		head, sum := i/s.N, 0.0
		pair := func(visit func(j int, weight, along float64)) {
			for j := range s.S {
				if masked(j) || s.Causal && j > i%s.N {
					continue
				}
				var weight, along float64
				for c := range s.D {
					weight += math.Abs(float64(q[i*s.D+c]) * float64(k[(head*s.S+j)*s.D+c]))
				}
				for c := range s.E {
					along += float64(dout[i*s.E+c]) * (float64(v[(head*s.S+j)*s.E+c]) - out[i*s.E+c])
				}
				visit(head*s.S+j, weight, along)
			}
		}
		pair(func(_ int, weight, _ float64) { sum += weight })
		pair(func(j int, weight, along float64) {
			for c := range s.D {
				x, y := float64(q[i*s.D+c]), float64(k[j*s.D+c])
				dq[i*s.D+c] += along / sum * math.Abs(x*y) / x
				dk[j*s.D+c] += along / sum * math.Abs(x*y) / y
			}
			for c := range s.E {
				dv[j*s.E+c] += weight / sum * float64(dout[i*s.E+c])
			}
		})
	}
	return dq, dk, dv
}

// differentiate runs both passes and returns all gradients behind each other.
func differentiate(
	set *kernel.Set, s variants.Shape, a absolute, threads int, q, k, v, dout []float32,
) []float32 {
	pool := work.NewPool(threads)
	defer pool.Close()
	p, ws := &variants.Problem{Shape: s, Kernels: set, Pool: pool, Backward: true}, &variants.Workspace{}
	fixed := a
	fixed.raise = 0
	e := New(p, ws, Config{Features: a.d, Chunk: ChunkSize(p)}, slices.Repeat([]Map{fixed}, threads))
	b := NewBackward(e, ws, slices.Repeat([]Derivative{slopes{a}}, threads))
	e.Prepare()
	b.Prepare()
	out, all := make([]float32, len(dout)), make([]float32, len(q)+len(k)+len(v))
	e.Forward(variants.F32s(out), variants.F32s(q), variants.F32s(k), variants.F32s(v))
	g := variants.Gradients{Q: all[:len(q)], K: all[len(q):][:len(k)], V: all[len(q)+len(k):]}
	b.Run(g, dout, out, q, k, v)
	return all
}

func TestBackwardAgainstTheDefinition(t *testing.T) {
	for _, set := range sets() {
		t.Run(set.Name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				s := variants.Shape{
					Batch: 1, Heads: rapid.IntRange(1, 3).Draw(t, "heads"), N: rapid.IntRange(1, 400).Draw(t, "n"),
					D: rapid.IntRange(2, 9).Draw(t, "d"), E: rapid.IntRange(1, 20).Draw(t, "e"),
					Causal: rapid.Bool().Draw(t, "causal"),
				}
				s.S = s.N
				if !s.Causal {
					s.S = rapid.IntRange(1, 260).Draw(t, "s")
				}
				period := rapid.IntRange(1, 9).Draw(t, "masked period")
				a := absolute{
					d: s.D, limit: rapid.SampledFrom([]int{1, 5, 40, 1000}).Draw(t, "limit"),
					raise:  rapid.SampledFrom([]float32{0, 0.25}).Draw(t, "raise"),
					masked: func(token int) bool { return token%10 >= period },
				}
				checkGradients(t, set, s, a)
			})
		})
	}
}

// checkGradients compares gradients with the definition's and asks more threads for the same bits.
func checkGradients(t interface{ Fatalf(string, ...any) }, set *kernel.Set, s variants.Shape, a absolute) {
	q, k, v := away(s.Heads*s.N*s.D), away(s.Heads*s.S*s.D), normal("v", s.Heads*s.S*s.E)
	dout := normal("dout", s.Heads*s.N*s.E)
	got := differentiate(set, s, a, 1, q, k, v, dout)
	dq, dk, dv := gradient(s, q, k, v, dout, a.masked)
	want, top := slices.Concat(dq, dk, dv), 0.5
	for _, x := range want { // those that vanish are differences of numbers of the size of the others
		top = math.Max(top, math.Abs(x))
	}
	for i, x := range want {
		if d := math.Abs(float64(got[i]) - x); !(d <= 2e-5*top) {
			t.Fatalf("%+v: element %d of dq, dk and dv is %v, want %v; the largest is %v", s, i, got[i], x, top)
		}
	}
	for _, threads := range []int{2, 3} {
		if !slices.Equal(differentiate(set, s, a, threads, q, k, v, dout), got) {
			t.Fatalf("%+v: %d threads give other bits than one", s, threads)
		}
	}
}

// away is normal numbers moved away from 0, where |x| has no slope.
func away(n int) []float32 {
	x := normal("away", n)
	for i, y := range x {
		x[i] = y + float32(math.Copysign(0.3, float64(y)))
	}
	return x
}

// TestBackwardSegments cuts heads into segments, whose levels rise.
func TestBackwardSegments(t *testing.T) {
	for _, s := range []variants.Shape{
		{Batch: 1, Heads: 1, N: 3*shortest + 5, S: 3*shortest + 5, D: 2, E: 3, Causal: true},
		{Batch: 1, Heads: 2, N: 2*shortest + 77, S: 2*shortest + 77, D: 3, E: 16, Causal: true},
		{Batch: 1, Heads: 1, N: 3*shortest + 1, S: 100, D: 2, E: 8},
	} {
		t.Run(fmt.Sprintf("n=%d/s=%d", s.N, s.S), func(t *testing.T) {
			a := absolute{d: s.D, limit: 1000, raise: 3, masked: func(token int) bool { return token == 7 }}
			checkGradients(t, kernel.Best(), s, a)
		})
	}
}
