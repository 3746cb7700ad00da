package sparse

import (
	"math"

	"attnbench/variants"
	"attnbench/variants/exact"
)

// naive is the definition: causal softmax attention without the pairs that are in neither set.
func naive(p *variants.Problem, h variants.Head) []float64 { return exact.Edited(p, h, hide(p)) }

// naiveGradient is its derivative.
func naiveGradient(p *variants.Problem, h variants.Head, dout []float64) variants.HeadGradients {
	return exact.EditedGradient(p, h, dout, hide(p))
}

// hide takes the logits of a row out that it does not see.
func hide(p *variants.Problem) func(row int, logits []float64) {
	return func(row int, logits []float64) {
		for key := range logits {
			if !seen(p, row, key) {
				logits[key] = math.Inf(-1)
			}
		}
	}
}

// seen reports whether a row sees a key that is not in its future.
func seen(p *variants.Problem, row, key int) bool {
	stride := p.Int("stride")
	if p.Text("pattern") == fixed {
		return row/stride == key/stride || key%stride >= stride-p.Int("summary")
	}
	return row-key < stride || (row-key)%stride == 0
}
