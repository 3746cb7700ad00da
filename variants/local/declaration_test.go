package local

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

func resolve(shape variants.Shape, options string) (*variants.Problem, error) {
	settings, err := variants.ParseSettings(options)
	if err != nil {
		return nil, err
	}
	return Mechanism().Resolve(variants.Request{
		Shape: shape, Options: settings, Kernels: kernel.Generic(), Pool: work.NewPool(1),
	})
}

// TestPairs compares the count by blocks with one pair by pair.
func TestPairs(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n, causal := rapid.IntRange(1, 60).Draw(r, "n"), rapid.Bool().Draw(r, "causal")
		block, lookback := rapid.IntRange(1, 70).Draw(r, "block"), rapid.IntRange(0, 5).Draw(r, "lookback")
		p, err := resolve(variantstest.Self(2, n, 4, causal), fmt.Sprintf("block=%d,lookback=%d", block, lookback))
		if err != nil {
			t.Fatal(err)
		}
		var want int64
		for i := range n {
			for j := range n {
				if ago := i/block - j/block; ago >= 0 && ago <= lookback && (!causal || j <= i) {
					want += 2
				}
			}
		}
		if got := pairs(p, nil); got != want {
			t.Fatalf("n = %d, %v: %d pairs, counted %d", n, p.Settings(), got, want)
		}
	})
}

func TestRefusals(t *testing.T) {
	self := variantstest.Self(1, 20, 4, false)
	cross := self
	cross.S = 30
	for _, c := range []struct {
		shape         variants.Shape
		options, want string
	}{
		{self, "block=0", "block=0: it must be between 1 and"},
		{self, "lookback=-1", "lookback=-1: it must be between 0 and"},
		{cross, "", "n = 20 and s = 30 differ"},
	} {
		if _, err := resolve(c.shape, c.options); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want one with %q", c.options, err, c.want)
		}
	}
}
