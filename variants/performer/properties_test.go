package performer

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/variantstest"
)

func normal(name string, n int, sigma float64) []float32 {
	x := make([]float32, n)
	variants.Normal(variants.Stream(3, name, 0), x, sigma)
	return x
}

func run(p *variants.Problem, q, k, v []float32) []float32 {
	attention, _ := p.Plan()
	out := make([]float32, p.Shape.Slices()*p.Shape.N*p.Shape.E)
	attention.Forward(variants.F32s(out), variants.F32s(q), variants.F32s(k), variants.F32s(v))
	return out
}

// near reports whether two outputs agree to the accepted error, relative to the largest value.
func near(t *testing.T, got []float32, want []float64, tolerance float64) {
	t.Helper()
	var top float64
	for _, x := range want {
		top = math.Max(top, math.Abs(x))
	}
	for i, x := range want {
		if d := math.Abs(float64(got[i]) - x); !(d <= tolerance*top) {
			t.Fatalf("element %d is %v, want %v", i, got[i], x)
		}
	}
}

// TestStress runs inputs at which a feature map without a stabiliser, or with one that is too high, fails.
func TestStress(t *testing.T) {
	const n, d = 130, 16
	settings := []string{
		"", "eps=0", "kernel=hyperbolic", "kernel=hyperbolic,eps=0", "kernel=relu", "eps=0.000000000000001",
	}
	huge := func(x []float32, row int, factor float32) {
		for c := range d {
			x[row*d+c] *= factor
		}
	}
	for _, c := range []struct {
		name   string
		change func(q, k []float32)
	}{
		{"large", func(q, k []float32) {
			for i := range q {
				q[i], k[i] = 6*q[i], 6*k[i]
			}
		}},
		{"one huge key in the middle", func(_, k []float32) { huge(k, 70, 40) }},
		{"one huge key at the start", func(_, k []float32) { huge(k, 0, 40) }},
		{"growing keys", func(_, k []float32) {
			for j := range n {
				huge(k, j, float32(j)/5)
			}
		}},
		{"zero keys", func(_, k []float32) { clear(k) }},
		{"zero queries", func(q, _ []float32) { clear(q) }},
	} {
		for _, options := range settings {
			for _, causal := range []bool{false, true} {
				t.Run(c.name+"/"+options, func(t *testing.T) {
					p := problem(t, variantstest.Self(1, n, d, causal), options, 1)
					q, k, v := normal("q", n*d, 1), normal("k", n*d, 1), normal("v", n*d, 1)
					c.change(q, k)
					// The exponents are some hundreds here: float32 keeps them to some 10⁻⁵.
					near(t, run(p, q, k, v), variantstest.Definition(p, q, k, v), 1e-3)
				})
			}
		}
	}
}

// TestOverflow asks for finite outputs where the exponents are beyond any float32.
func TestOverflow(t *testing.T) {
	const n, d = 50, 8
	for _, options := range []string{"", "eps=0", "kernel=hyperbolic,eps=0", "kernel=relu", "kernel=trig"} {
		for _, causal := range []bool{false, true} {
			p := problem(t, variantstest.Self(1, n, d, causal), options, 1)
			for _, x := range run(p, normal("q", n*d, 1e4), normal("k", n*d, 1e4), normal("v", n*d, 1)) {
				if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
					t.Fatalf("%s, causal %v: the output holds %v", options, causal, x)
				}
			}
		}
	}
}

// TestPrefixInvariance changes all that follows a token, keys of huge norm included: rows before it must
// keep their bits.
func TestPrefixInvariance(t *testing.T) {
	const n, d = 150, 8
	rapid.Check(t, func(r *rapid.T) {
		kernels := []string{"", "eps=0", "kernel=hyperbolic", "kernel=trig", "kernel=relu"}
		options := rapid.SampledFrom(kernels).Draw(r, "options")
		p := problem(t, variantstest.Self(1, n, d, true), options, 1)
		from, factor := rapid.IntRange(1, n-1).Draw(r, "from"), rapid.Float32Range(0, 100).Draw(r, "factor")
		q, k, v := normal("q", n*d, 1), normal("k", n*d, 1), normal("v", n*d, 1)
		before := run(p, q, k, v)
		for i := from * d; i < n*d; i++ {
			q[i], k[i], v[i] = -q[i], k[i]*factor, v[i]+1
		}
		if after := run(p, q, k, v); !slices.Equal(before[:from*d], after[:from*d]) {
			r.Fatalf("changing tokens from %d on changes rows before", from)
		}
	})
}

// TestRunningIsGlobalOnEveryPrefix compares definitions: a causal row is bidirectional attention of the
// tokens up to it.
func TestRunningIsGlobalOnEveryPrefix(t *testing.T) {
	const n, d = 12, 4
	q, k, v := normal("q", n*d, 2), normal("k", n*d, 2), normal("v", n*d, 1)
	define := func(n int, causal bool, options string) []float64 {
		p := problem(t, variantstest.Self(1, n, d, causal), "features=8,"+options, 1)
		return variantstest.Definition(p, q[:n*d], k[:n*d], v[:n*d])
	}
	for _, options := range []string{"eps=0.01", "eps=0", "kernel=hyperbolic", "kernel=trig"} {
		causal := define(n, true, options)
		for i := range n {
			prefix := define(i+1, false, options)
			for c := i * d; c < (i+1)*d; c++ {
				if math.Abs(prefix[c]-causal[c]) > 1e-9*(1+math.Abs(causal[c])) {
					t.Fatalf("%s: row %d is %v, its prefix gives %v", options, i, causal[c], prefix[c])
				}
			}
		}
	}
}

// TestDirectFormula compares the definition with spec §3.1 written out as one double sum.
func TestDirectFormula(t *testing.T) {
	const n, d, m, eps = 9, 4, 6, 0.01
	p := problem(t, variantstest.Self(1, n, d, false), "features=6,eps=0.01", 1)
	q, k, v := normal("q", n*d, 1), normal("k", n*d, 1), normal("v", n*d, 1)
	want := variantstest.Definition(p, q, k, v)
	omega := p.PerHead("omega", 0, 3)
	u := func(x []float32, i, r int) (u, h float64) {
		for c := range d {
			u += float64(omega[r*d+c]) * float64(x[i*d+c]) / math.Pow(d, 0.25)
			h += float64(x[i*d+c]) * float64(x[i*d+c]) / (2 * math.Sqrt(d))
		}
		return u, h
	}
	top := func(x []float32, from, to int) float64 {
		c := math.Inf(-1)
		for i := from; i < to; i++ {
			for r := range m {
				a, _ := u(x, i, r)
				c = max(c, a)
			}
		}
		return c
	}
	cKey := top(k, 0, n)
	for i := range n {
		cQuery := top(q, i, i+1)
		var numerator [d]float64
		var denominator float64
		for j := range n {
			for r := range m {
				uq, hq := u(q, i, r)
				uk, hk := u(k, j, r)
				w := (math.Exp(uq-hq-cQuery) + eps) * (math.Exp(uk-hk-cKey) + eps)
				denominator += w
				for c := range d {
					numerator[c] += w * float64(v[j*d+c])
				}
			}
		}
		for c := range d {
			if got := numerator[c] / denominator; math.Abs(got-want[i*d+c]) > 1e-12 {
				t.Fatalf("row %d column %d is %v, the formula gives %v", i, c, want[i*d+c], got)
			}
		}
	}
}

func TestPermutedKeys(t *testing.T) {
	const n, d = 100, 8
	for _, options := range []string{"", "eps=0", "kernel=relu", "kernel=hyperbolic"} {
		p := problem(t, variantstest.Self(1, n, d, false), options, 1)
		q, k, v := normal("q", n*d, 1), normal("k", n*d, 1), normal("v", n*d, 1)
		want := variants.Float64(run(p, q, k, v))
		k2, v2 := make([]float32, n*d), make([]float32, n*d)
		for j, to := range variants.Stream(5, "order", 0).Perm(n) {
			copy(k2[to*d:][:d], k[j*d:])
			copy(v2[to*d:][:d], v[j*d:])
		}
		near(t, run(p, q, k2, v2), want, accepted)
	}
}

// TestConstantValues: the weights of a row add up to 1.
func TestConstantValues(t *testing.T) {
	const n, d = 100, 8
	ones := make([]float32, n*d)
	for i := range ones {
		ones[i] = 1
	}
	for _, options := range []string{"", "eps=0", "kernel=relu", "kernel=hyperbolic", "kernel=trig"} {
		for _, causal := range []bool{false, true} {
			p := problem(t, variantstest.Self(1, n, d, causal), options, 1)
			near(t, run(p, normal("q", n*d, 0.5), normal("k", n*d, 0.5), ones), variants.Float64(ones), accepted)
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		options, want string
		causal        bool
	}{
		{options: "stabilizer=running", want: "stabilizer=running needs causal attention"},
		{options: "eps=-0.1", want: "eps=-0.1: it must be between 0 and 1000000"},
		{options: "eps=1e-30", want: "use eps=0 or at least"},
		{options: "features=0", want: "features=0: it must be between 1"},
		{options: "kernel=cosine", want: "kernel=cosine: it must be positive or hyperbolic or trig or relu"},
	} {
		settings, _ := variants.ParseSettings(c.options)
		shape := variantstest.Self(1, 8, 4, c.causal)
		_, err := Mechanism().Resolve(variants.Request{Shape: shape, Options: settings, Draw: true})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.options, err, c.want)
		}
	}
	cross := variants.Shape{Batch: 1, Heads: 1, N: 4, S: 5, D: 2, E: 2, Causal: true}
	if _, err := Mechanism().Resolve(variants.Request{Shape: cross, Draw: true}); err == nil {
		t.Error("causal attention with n ≠ s is accepted")
	}
}

func TestDerivedOptions(t *testing.T) {
	for _, c := range []struct {
		options, eps, stabilizer string
		causal, leaks            bool
	}{
		{"", "0.000001", "global", false, false},
		{"kernel=relu", "0.001", "running", true, false},
		{"eps=1e-06,detach=false", "0.000001", "running", true, false},
		{"stabilizer=global", "0.000001", "global", true, true},
		{"stabilizer=global,eps=0.0", "0", "global", true, false},
		{"stabilizer=global,kernel=relu", "0.001", "global", true, false},
	} {
		p := problem(t, variantstest.Self(1, 8, 4, c.causal), c.options, 1)
		if p.Text("eps") != c.eps || p.Text("stabilizer") != c.stabilizer || (leaks(p) != "") != c.leaks {
			t.Errorf("%q: eps=%s, stabilizer=%s, leaks: %q", c.options, p.Text("eps"), p.Text("stabilizer"), leaks(p))
		}
	}
}

func TestFeaturesFromOmega(t *testing.T) {
	omega := variants.Tensor{Dims: []int{7, 4}, F32: make([]float32, 28)}
	p, err := Mechanism().Resolve(variants.Request{
		Shape: variantstest.Self(2, 8, 4, false), Kernels: kernel.Best(),
		Inputs: map[string]variants.Tensor{"omega": omega},
	})
	if err != nil || p.Int("features") != 7 {
		t.Errorf("features are taken from omega [7, 4] as %v, %v", p, err)
	}
}

// TestCost checks the published figure: 4nmd + 4nme + 2nm for 8 heads of n = 4096, d = 64, m = 256.
func TestCost(t *testing.T) {
	p := problem(t, variantstest.Self(8, 4096, 64, true), "", 1)
	if got := cost(p); math.Abs(got.FLOPs-4.312e9) > 1e6 || got.Exps != 2*8*4096*256 {
		t.Errorf("cost is %+v", got)
	}
}
