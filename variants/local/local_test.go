package local

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"attnbench/variants/variantstest"
)

func TestConformance(t *testing.T) {
	var cases []variantstest.Case
	for _, n := range []int{1, 7, 64, 100, 257} {
		for _, options := range []string{"block=1", "block=8,lookback=3", "block=64", "block=150", "lookback=1"} {
			for _, causal := range []bool{false, true} {
				shape := variantstest.Self(2, n, 12, causal)
				mask := make([]uint8, n)
				for i := range mask {
					mask[i] = uint8(i % 3 % 2)
				}
				cases = append(cases,
					variantstest.Case{Shape: shape, Options: options},
					variantstest.Case{Name: "mask," + options, Shape: shape, Options: options, Mask: mask})
			}
		}
	}
	variantstest.Run(t, Mechanism(), cases)
}

func TestGradient(t *testing.T) {
	variantstest.CheckRandomGradients(t, Mechanism(), func(r *rapid.T, c *variantstest.Case) {
		block, lookback := rapid.IntRange(1, 8).Draw(r, "block"), rapid.IntRange(0, 3).Draw(r, "lookback")
		c.Options = fmt.Sprintf("block=%d,lookback=%d", block, lookback)
	})
}

func TestBackwardMemory(t *testing.T) { variantstest.CheckLinearMemory(t, Mechanism(), "") }
