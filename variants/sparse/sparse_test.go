package sparse

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/variantstest"
	"attnbench/variants/work"
)

// mask hides keys whose number leaves remainder 0 or 3 modulo 5, the first ones among them.
func mask(length int) []uint8 {
	valid := make([]uint8, length)
	for i := range valid {
		if i%5 != 0 && i%5 != 3 {
			valid[i] = 1
		}
	}
	return valid
}

func TestConformance(t *testing.T) {
	var cases []variantstest.Case
	for _, n := range []int{1, 2, 7, 63, 64, 65, 130, 257} {
		for _, options := range []string{
			"stride=1", "stride=3", "stride=16", "", "stride=100",
			"pattern=fixed,stride=1", "pattern=fixed,stride=5,summary=2", "pattern=fixed,stride=8,summary=8",
			"pattern=fixed", "pattern=fixed,stride=100,summary=3",
		} {
			cases = append(cases, variantstest.Case{Shape: variantstest.Self(2, n, 16, true), Options: options})
		}
	}
	batch := variants.Shape{Batch: 2, Heads: 2, N: 75, S: 75, D: 12, E: 20, Causal: true}
	for _, options := range []string{"stride=8", "stride=19", "stride=80", "pattern=fixed,stride=8,summary=3",
		"pattern=fixed,stride=70,summary=5"} {
		cases = append(cases,
			variantstest.Case{Name: "mask," + options, Shape: batch, Options: options, Mask: mask(150)},
			variantstest.Case{Name: "no valid key," + options, Shape: batch, Options: options,
				Mask: make([]uint8, 75)},
			variantstest.Case{Name: "peaked," + options, Shape: variantstest.Self(1, 150, 64, true),
				Options: options, Scale: 10, Tolerance: 2e-5})
	}
	cases = append(cases,
		variantstest.Case{Shape: variantstest.Self(1, 600, 64, true), Options: "stride=4"},
		variantstest.Case{Name: "classes of 65 keys and more", Shape: variantstest.Self(1, 1190, 20, true),
			Options: "stride=17", Mask: mask(1190)},
		variantstest.Case{Name: "peaked classes", Shape: variantstest.Self(1, 1190, 32, true),
			Options: "stride=18", Scale: 10, Tolerance: 2e-5},
		variantstest.Case{Shape: variantstest.Self(1, 600, 64, true), Options: "stride=250"},
		variantstest.Case{Shape: variantstest.Self(1, 600, 64, true),
			Options: "pattern=fixed,stride=250,summary=20"},
	)
	variantstest.Run(t, Mechanism(), cases)
}

// options draws a pattern whose sets are neither empty nor everything for most lengths.
func options(r *rapid.T, longest int) string {
	stride := rapid.IntRange(1, longest).Draw(r, "stride")
	if rapid.Bool().Draw(r, "fixed") {
		summary := rapid.IntRange(1, stride).Draw(r, "summary")
		return fmt.Sprintf("pattern=fixed,stride=%d,summary=%d", stride, summary)
	}
	return fmt.Sprintf("stride=%d", stride)
}

func TestGradient(t *testing.T) {
	variantstest.CheckRandomGradients(t, Mechanism(), func(r *rapid.T, c *variantstest.Case) {
		c.Options = options(r, 8)
	})
}

// resolve returns a problem, or an error.
func resolve(shape variants.Shape, options string) (*variants.Problem, error) {
	settings, err := variants.ParseSettings(options)
	if err != nil {
		return nil, err
	}
	return Mechanism().Resolve(variants.Request{
		Shape: shape, Options: settings, Kernels: kernel.Generic(), Pool: work.NewPool(1),
	})
}

// TestPairs compares the formula with a count over the definition's sets.
func TestPairs(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 90).Draw(r, "n")
		p, err := resolve(variantstest.Self(2, n, 4, true), options(r, 40))
		if err != nil {
			t.Fatal(err)
		}
		var want int64
		for row := range n {
			for key := range row + 1 {
				if seen(p, row, key) {
					want += 2
				}
			}
		}
		if got := pairs(p, nil); got != want {
			t.Fatalf("%v: %d pairs, counted %d", p.Settings(), got, want)
		}
	})
}

// TestExecuted: tiles follow the pattern so closely that little is computed in vain.
func TestExecuted(t *testing.T) {
	for _, options := range []string{
		"stride=64", "stride=128", "pattern=fixed,stride=64", "pattern=fixed,stride=128",
	} {
		for _, set := range kernel.Available() {
			p, err := resolve(variantstest.Self(1, 4096, 64, true), options)
			if err != nil {
				t.Fatal(err)
			}
			p.Kernels = set
			a, _ := p.Plan()
			x := variants.F32s(make([]float32, 4096*64))
			a.Forward(variants.F32s(make([]float32, 4096*64)), x, x, x)
			if ratio := float64(a.Executed()) / cost(p).FLOPs; ratio > 1.3 {
				t.Errorf("%s, %s: executes %.2f of the useful work", set.Name, options, ratio)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	causal := variantstest.Self(2, 32, 8, true)
	cross := causal
	cross.S = 40
	for _, c := range []struct {
		shape   variants.Shape
		options string
		want    string
	}{
		{variantstest.Self(2, 32, 8, false), "", "always causal: both patterns are sets of the past: set causal"},
		{cross, "", "n = 32 and s = 40 differ"},
		{causal, "stride=0", "stride=0: it must be between"},
		{causal, "pattern=fixed,stride=8,summary=9", "summary=9 is more than stride=8"},
		{causal, "summary=0", "summary=0: it must be between"},
		{causal, "pattern=dense", "it must be strided or fixed"},
	} {
		if _, err := resolve(c.shape, c.options); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v, %q: error %v, want one with %q", c.shape, c.options, err, c.want)
		}
	}
}

func TestBackwardMemory(t *testing.T) {
	for _, options := range []string{"", "pattern=fixed"} {
		variantstest.CheckLinearMemory(t, Mechanism(), options)
	}
}
