package reformer

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/variantstest"
)

// switches are combinations of the options that change what meets.
var switches = []string{
	"", "wrap=per_round", "wrap=none", "dedup=true", "same_bucket_only=true",
	"same_bucket_only=true,dedup=true", "same_bucket_only=true,dedup=true,wrap=none",
	"scale=sqrt_d,dedup=true,wrap=per_round",
}

func cases() []variantstest.Case {
	var list []variantstest.Case
	add := func(s variants.Shape, options ...string) {
		text := strings.Trim(strings.Join(options, ","), ",")
		list = append(list, variantstest.Case{Shape: s, Options: text, Leaks: true})
	}
	for _, causal := range []bool{false, true} {
		for _, n := range []int{1, 2, 3, 63, 64, 65, 100} {
			add(variantstest.Self(2, n, 16, causal))
			for _, s := range switches {
				add(variantstest.Self(1, n, 8, causal), "chunk=16,rounds=3", s)
			}
		}
		for _, s := range switches {
			add(variantstest.Self(1, 90, 12, causal), "chunk=7,rounds=8,buckets=6", s)
			add(variantstest.Self(1, 20, 5, causal), "chunk=1,rounds=2", s)
			add(variantstest.Self(1, 60, 8, causal), "chunk=8,rounds=1,buckets=6|4", s)
			add(variantstest.Self(1, 500, 8, causal), "chunk=200,rounds=2,buckets=4", s) // of several tiles
			add(variantstest.Self(1, 40, 8, causal), "chunk=4096,rounds=2,buckets=4", s)
		}
		add(variants.Shape{Batch: 2, Heads: 2, N: 77, S: 77, D: 20, E: 12, Causal: causal}, "chunk=16")
	}
	return append(list, maskedCases()...)
}

// maskedCases hides tokens here and there, whole chunks, and all.
func maskedCases() []variantstest.Case {
	var list []variantstest.Case
	masks := map[string]func(i int) bool{
		"every third": func(i int) bool { return i%3 != 0 },
		"most":        func(i int) bool { return i < 9 },
		"first":       func(i int) bool { return i%60 > 40 },
		"all":         func(int) bool { return false },
	}
	for name, valid := range masks {
		mask := make([]uint8, 2*60)
		for i := range mask {
			if valid(i) {
				mask[i] = 1
			}
		}
		for _, s := range switches {
			for _, causal := range []bool{false, true} {
				list = append(list, variantstest.Case{
					Name:    fmt.Sprintf("mask %s causal=%v %s", name, causal, s),
					Shape:   variants.Shape{Batch: 2, Heads: 1, N: 60, S: 60, D: 8, E: 9, Causal: causal},
					Options: strings.Trim("chunk=8,"+s, ","), Mask: mask, Leaks: true,
				})
			}
		}
	}
	return list
}

func TestConformance(t *testing.T) { variantstest.Run(t, Mechanism(), cases()) }

func BenchmarkForward(b *testing.B) {
	for _, set := range kernel.Available() {
		for _, n := range []int{2048, 4096, 16384} {
			b.Run(fmt.Sprintf("simd=%s/n=%d", set.Name, n), func(b *testing.B) {
				variantstest.Benchmark(b, Mechanism(), variantstest.Self(8, n, 64, false), "", set)
			})
		}
	}
}

func TestGradient(t *testing.T) {
	s := variants.Shape{Batch: 2, Heads: 1, N: 22, S: 22, D: 4, E: 3}
	mask := make([]uint8, 44)
	for i := range mask {
		mask[i] = min(1, uint8(i%5))
	}
	var list []variantstest.Case
	for _, options := range switches {
		options = strings.Trim("chunk=5,buckets=4,"+options, ",")
		for _, causal := range []bool{false, true} {
			s.Causal = causal
			list = append(list, variantstest.Case{Shape: s, Options: options})
		}
	}
	variantstest.CheckGradient(t, Mechanism(), append(list,
		variantstest.Case{Name: "mask", Shape: s, Options: "chunk=5,buckets=4", Mask: mask},
		variantstest.Case{Name: "alone", Shape: variantstest.Self(1, 1, 4, false)},
	))
	variantstest.CheckRandomGradients(t, Mechanism(), func(r *rapid.T, c *variantstest.Case) {
		c.Options = fmt.Sprintf("rounds=%d,chunk=%d,buckets=4,wrap=%s,dedup=%v,same_bucket_only=%v,scale=%s",
			rapid.IntRange(1, 3).Draw(r, "rounds"), rapid.IntRange(1, 6).Draw(r, "chunk"),
			rapid.SampledFrom([]string{"flat", "per_round", "none"}).Draw(r, "wrap"),
			rapid.Bool().Draw(r, "dedup"), rapid.Bool().Draw(r, "same bucket"),
			rapid.SampledFrom([]string{"unit", "sqrt_d"}).Draw(r, "scale"))
	})
}

func TestBackwardMemory(t *testing.T) { variantstest.CheckLinearMemory(t, Mechanism(), "") }
