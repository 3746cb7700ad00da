package performer

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"attnbench/variants"
	"attnbench/variants/variantstest"
)

// frozen is the mechanism with the stabilisers of its definition held where they are when its Gradient is
// taken, written as the dense double sum of spec §3.1: what detach=true differentiates.
func frozen() *variants.Mechanism {
	m := Mechanism()
	queries, keys := map[[2]int][]float64{}, map[[2]int][]float64{}
	m.Gradient = func(p *variants.Problem, h variants.Head, dout []float64) variants.HeadGradients {
		queries[[2]int{h.Batch, h.Head}], keys[[2]int{h.Batch, h.Head}] = stabilisers(p, h)
		return gradient(p, h, dout)
	}
	m.Definition = func(p *variants.Problem, h variants.Head) []float64 {
		return dense(p, h, queries[[2]int{h.Batch, h.Head}], keys[[2]int{h.Batch, h.Head}])
	}
	return m
}

// stabilisers are those of every query, and those of the keys for every row.
func stabilisers(p *variants.Problem, h variants.Head) (queries, keys []float64) {
	f, s, valid := newDefinition(p, h), p.Shape, p.ValidKeys(h.Batch)
	for i := range s.N {
		c := math.Inf(-1)
		for j := range s.S {
			hidden := valid != nil && !valid[j] || s.Causal && j > i && p.Text("stabilizer") == "running"
			if !hidden {
				c = max(c, f.features(h.K[j*s.D:][:s.D]).top)
			}
		}
		queries, keys = append(queries, f.features(h.Q[i*s.D:][:s.D]).top), append(keys, c)
	}
	return queries, keys
}

func dense(p *variants.Problem, h variants.Head, queries, keys []float64) []float64 {
	f, s, valid := newDefinition(p, h), p.Shape, p.ValidKeys(h.Batch)
	out := make([]float64, s.N*s.E)
	for i := range s.N {
		var z float64
		q, row := f.values(f.features(h.Q[i*s.D:][:s.D]), queries[i]), out[i*s.E:][:s.E]
		for j := range s.S {
			if s.Causal && j > i || valid != nil && !valid[j] {
				continue
			}
			weight := dot(q, f.values(f.features(h.K[j*s.D:][:s.D]), keys[i]))
			z += weight
			for c := range row {
				row[c] += weight * h.V[j*s.E+c]
			}
		}
		for c := range row {
			if z != 0 {
				row[c] /= z
			}
		}
	}
	return out
}

// TestGradient compares the gradient of the definition with differences of it, for problems of all kinds.
func TestGradient(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		detach := rapid.Bool().Draw(t, "detach")
		c := drawCase(t, fmt.Sprintf("detach=%v", detach), 9)
		m := Mechanism()
		if detach {
			m = frozen()
		}
		if err := variantstest.GradientError(m, c); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	})
}

// drawCase draws a problem with at most so many tokens.
func drawCase(t *rapid.T, options string, most int) variantstest.Case {
	size := func(name string, most int) int { return rapid.IntRange(1, most).Draw(t, name) }
	c := variantstest.Case{Scale: rapid.SampledFrom([]float64{0.3, 1, 2}).Draw(t, "scale")}
	c.Shape = variants.Shape{
		Batch: size("batch", 2), Heads: size("heads", 2), N: size("n", most), D: size("d", 6), E: size("e", 6),
		Causal: rapid.Bool().Draw(t, "causal"),
	}
	c.Shape.S = c.Shape.N
	if !c.Shape.Causal {
		c.Shape.S = size("s", most)
	}
	if rapid.Bool().Draw(t, "masked") {
		c.Mask = make([]uint8, c.Shape.Batch*c.Shape.S)
		for i := range c.Mask {
			c.Mask[i] = uint8(rapid.IntRange(0, 1).Draw(t, "valid"))
		}
	}
	c.Options = fmt.Sprintf("features=%d,kernel=%s,eps=%s,%s", size("features", 5),
		rapid.SampledFrom([]string{"positive", "hyperbolic", "trig", "relu"}).Draw(t, "kernel"),
		rapid.SampledFrom([]string{"0", "0.000001", "0.05"}).Draw(t, "eps"), options)
	if c.Shape.Causal {
		c.Options += ",stabilizer=" + rapid.SampledFrom([]string{"global", "running"}).Draw(t, "stabilizer")
	}
	return c
}

// TestBackward runs the kinds of problems that TestConformance does not: gradients through stabilisers, and
// more tokens than a chunk and a stretch hold.
func TestBackward(t *testing.T) {
	var cases []variantstest.Case
	mask := make([]uint8, 2*310)
	for i := range mask {
		if i%7 != 0 && i%310 > 50 && (i < 100 || i > 230) {
			mask[i] = 1
		}
	}
	for _, options := range []string{
		"eps=0.05", "kernel=hyperbolic,eps=0.001", "stabilizer=global,eps=0.01", "kernel=trig", "kernel=relu",
		"eps=0", "kernel=hyperbolic,eps=0",
	} {
		for _, causal := range []bool{false, true} {
			for _, m := range [][]uint8{nil, mask} {
				s := variants.Shape{Batch: 2, Heads: 1, N: 310, S: 310, D: 7, E: 16, Causal: causal}
				cases = append(cases, variantstest.Case{
					Name: options, Shape: s, Options: "detach=false,features=7," + options, Mask: m, Scale: 0.7,
					Tolerance: accepted, Leaks: true,
				})
			}
		}
	}
	variantstest.Run(t, Mechanism(), cases)
}

// differentiate runs both passes of a problem.
func differentiate(t *testing.T, shape variants.Shape, options string, q, k, v, dout []float32) (
	*variants.Problem, map[string][]float32,
) {
	t.Helper()
	p := problem(t, shape, options, 1)
	p.Backward = true
	plan, _ := p.Plan()
	a, out := plan.(variants.Differentiable), make([]float32, len(dout))
	a.Forward(variants.F32s(out), variants.F32s(q), variants.F32s(k), variants.F32s(v))
	g := variants.Gradients{Q: make([]float32, len(q)), K: make([]float32, len(k)), V: make([]float32, len(v))}
	a.Backward(g, dout, out, q, k, v)
	return p, map[string][]float32{"q": g.Q, "k": g.K, "v": g.V}
}

// TestStressedGradients runs what TestStress does: chunks of causal attention end where keys grow.
func TestStressedGradients(t *testing.T) {
	const n, d = 250, 16
	for name, factor := range map[string]func(j int) float32{
		"large":                   func(int) float32 { return 4 },
		"huge key in the middle":  func(j int) float32 { return map[bool]float32{true: 30, false: 1}[j == 70] },
		"growing keys":            func(j int) float32 { return float32(j) / 12 },
		"falling keys":            func(j int) float32 { return float32(n-j) / 12 },
		"zero keys":               func(int) float32 { return 0 },
		"huge keys now and again": func(j int) float32 { return float32(1 + j%50/49*(10+j/10)) },
	} {
		for _, options := range []string{"", "eps=0", "kernel=hyperbolic", "kernel=relu", "eps=0.000000000000001"} {
			for _, causal := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/causal=%v", name, options, causal), func(t *testing.T) {
					q, k := normal("q", n*d, 1), normal("k", n*d, 1)
					v, dout := normal("v", n*d, 1), normal("dout", n*d, 1)
					for i := range k {
						k[i] *= factor(i / d)
					}
					shape := variantstest.Self(1, n, d, causal)
					p, got := differentiate(t, shape, options+",features=32", q, k, v, dout)
					for name, want := range variantstest.Gradient(p, q, k, v, dout) {
						nearOrSmall(t, name, got[name], want)
					}
				})
			}
		}
	}
}

// nearOrSmall is near for gradients, some of which vanish: dout is of size 1.
func nearOrSmall(t *testing.T, name string, got []float32, want []float64) {
	t.Helper()
	top := 1e-2
	for _, x := range want {
		top = math.Max(top, math.Abs(x))
	}
	for i, x := range want {
		if d := math.Abs(float64(got[i]) - x); !(d <= 1e-3*top) {
			t.Fatalf("d%s: element %d is %v, want %v; the largest is %v", name, i, got[i], x, top)
		}
	}
}

// TestGradientOverflow asks for finite gradients where the exponents are beyond any float32.
func TestGradientOverflow(t *testing.T) {
	const n, d = 250, 8
	for _, options := range []string{"", "eps=0", "kernel=hyperbolic,eps=0", "kernel=relu", "kernel=trig"} {
		for _, causal := range []bool{false, true} {
			for _, sigma := range []float64{3, 10, 30, 1e4} {
				q, k := normal("q", n*d, sigma), normal("k", n*d, sigma)
				v, dout := normal("v", n*d, 1), normal("dout", n*d, 1)
				_, got := differentiate(t, variantstest.Self(1, n, d, causal), options, q, k, v, dout)
				for name, g := range got {
					for i, x := range g {
						if x-x != 0 {
							t.Fatalf("%s, causal %v, inputs of size %v: d%s holds %v at %d", options, causal, sigma, name, x, i)
						}
					}
				}
			}
		}
	}
}

// TestBackwardCost checks 8nme + 4nmd and the features once more, 4nmd.
func TestBackwardCost(t *testing.T) {
	p := problem(t, variantstest.Self(8, 4096, 64, true), "", 1)
	if got, want := backwardCost(p).FLOPs, 8.*4096*256*64*16; got != want {
		t.Errorf("cost is %v operations, want %v", got, want)
	}
}
