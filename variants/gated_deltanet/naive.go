package gated_deltanet

import (
	"math"

	"attnbench/variants"
	"attnbench/variants/recurrent"
)

// naive is the definition of a head: the recurrence in float64.
func naive(p *variants.Problem, head int) recurrent.Recurrence {
	steps, logs := p.PerHead(beta, head, 2), p.PerHead(gate, head, 2)
	return recurrent.Recurrence{
		Scale: 1 / math.Sqrt(float64(p.Shape.D)),
		Decay: func(token, _ int) float64 { return math.Exp(float64(logs[token])) },
		Step:  func(token int) float64 { return float64(steps[token]) },
	}
}
