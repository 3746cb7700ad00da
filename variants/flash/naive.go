package flash

import (
	"attnbench/variants"
	"attnbench/variants/exact"
)

// naive is the definition: softmax attention itself. The tiles are an order of evaluation, not another
// function.
func naive(p *variants.Problem, h variants.Head) []float64 { return exact.Attention(p, h) }

func naiveGradient(p *variants.Problem, h variants.Head, dout []float64) variants.HeadGradients {
	return exact.Gradient(p, h, dout)
}
