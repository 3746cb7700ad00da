package performer

import (
	"strings"
	"testing"

	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/variantstest"
	"attnbench/variants/work"
)

// accepted is the specification's error of random features in float32: their exponents cancel.
const accepted = 2e-5

func TestConformance(t *testing.T) {
	var cases []variantstest.Case
	add := func(s variants.Shape, options ...string) {
		cases = append(cases, variantstest.Case{
			Shape: s, Options: strings.Join(options, ","), Tolerance: accepted, Scale: 0.7,
			Leaks: s.Causal && strings.Contains(strings.Join(options, ","), "global"),
		})
	}
	for _, n := range []int{1, 2, 47, 97, 300} {
		for _, causal := range []bool{false, true} {
			add(variantstest.Self(2, n, 16, causal), "features=32")
			add(variantstest.Self(1, n, 12, causal), "features=20,eps=0")
		}
	}
	for _, kernel := range []string{"positive", "hyperbolic", "trig", "relu"} {
		for _, causal := range []bool{false, true} {
			for _, eps := range []string{"eps=0", "eps=0.1"} {
				s := variants.Shape{Batch: 2, Heads: 2, N: 60, S: 60, D: 9, E: 13, Causal: causal}
				add(s, "features=21,kernel="+kernel, eps)
			}
		}
		add(variants.Shape{Batch: 1, Heads: 2, N: 33, S: 140, D: 9, E: 8}, "features=17,kernel="+kernel)
		add(variantstest.Self(2, 150, 8, true), "features=30,stabilizer=global,kernel="+kernel)
	}
	add(variantstest.Self(1, 2100, 4, true), "features=6")
	add(variantstest.Self(2, 2100, 4, false), "features=6")
	add(variantstest.Self(1, 64, 64, true))
	add(variantstest.Self(3, 50, 1, true), "features=1")
	add(variantstest.Self(1, 30, 3, false), "features=1100,eps=2")
	add(variantstest.Self(1, 30, 3, true), "features=5,kernel=trig,eps=0.00000000000000000000000001")
	variantstest.Run(t, Mechanism(), cases)
}

// TestMasks covers masked keys at the start, where causal rows see nothing, and in all of a chunk.
func TestMasks(t *testing.T) {
	mask := make([]uint8, 2*260)
	for i := range mask {
		if i%7 != 0 && i%260 > 20 && (i < 100 || i > 230) {
			mask[i] = 1
		}
	}
	kernels := []string{
		"positive", "positive,eps=0", "hyperbolic", "trig", "relu", "positive,stabilizer=global",
	}
	var cases []variantstest.Case
	for _, kernel := range kernels {
		for _, causal := range []bool{false, true} {
			c := variantstest.Case{
				Name: kernel, Options: "features=16,kernel=" + kernel, Mask: mask, Scale: 0.5,
				Tolerance: accepted, Leaks: strings.Contains(kernel, "global"),
			}
			c.Shape = variants.Shape{Batch: 2, Heads: 1, N: 260, S: 260, D: 8, E: 8, Causal: causal}
			cases = append(cases, c)
			c.Shape, c.Mask = variantstest.Self(1, 9, 8, causal), make([]uint8, 9)
			cases = append(cases, c)
		}
	}
	variantstest.Run(t, Mechanism(), cases)
}

func problem(t *testing.T, shape variants.Shape, options string, seed uint64) *variants.Problem {
	t.Helper()
	settings, err := variants.ParseSettings(options)
	if err != nil {
		t.Fatal(err)
	}
	pool := work.NewPool(2)
	t.Cleanup(pool.Close)
	p, err := Mechanism().Resolve(variants.Request{
		Shape: shape, Options: settings, Draw: true, Seed: seed, Kernels: kernel.Best(), Pool: pool,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestDecodeState: a row of [v 1] and a reference for each feature, of which eps is one, at any position.
func TestDecodeState(t *testing.T) {
	for _, n := range []int{64, 5000} {
		r := variants.Request{
			Shape: variants.Shape{Batch: 2, Heads: 3, N: n, S: n, D: 16, E: 32, Causal: true}, Draw: true,
			Decode: true, Kernels: kernel.Best(), Pool: work.NewPool(1),
			Options: []variants.Setting{{Name: "features", Value: "40"}},
		}
		p, err := Mechanism().Resolve(r)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := p.Memory().State, int64(2*3*(40+1)*(32+2)*4); got != want {
			t.Errorf("n = %d: %d bytes of state, want %d", n, got, want)
		}
		r.Options = append(r.Options, variants.Setting{Name: "stabilizer", Value: "global"})
		_, err = Mechanism().Resolve(r)
		if err == nil || !strings.Contains(err.Error(), "use stabilizer=running") {
			t.Errorf("decoding with the largest feature of all keys: error %v", err)
		}
	}
}
