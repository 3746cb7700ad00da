package local

import (
	"math"

	"attnbench/variants"
	"attnbench/variants/exact"
)

// naive is the definition: softmax attention without the pairs of blocks that do not see each other.
func naive(p *variants.Problem, h variants.Head) []float64 { return exact.Edited(p, h, hide(p)) }

// naiveGradient is its derivative.
func naiveGradient(p *variants.Problem, h variants.Head, dout []float64) variants.HeadGradients {
	return exact.EditedGradient(p, h, dout, hide(p))
}

// hide takes the logits of a row out that it does not see.
func hide(p *variants.Problem) func(row int, logits []float64) {
	return func(row int, logits []float64) {
		for key := range logits {
			ago := row/p.Int("block") - key/p.Int("block")
			if ago < 0 || ago > p.Int("lookback") {
				logits[key] = math.Inf(-1)
			}
		}
	}
}
