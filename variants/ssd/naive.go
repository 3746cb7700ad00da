package ssd

import (
	"math"

	"attnbench/variants"
	"attnbench/variants/recurrent"
)

// naive is the definition of a head: the recurrence in float64.
func naive(p *variants.Problem, head int) recurrent.Recurrence {
	logs := p.PerHead(gate, head, 2)
	return recurrent.Recurrence{
		Scale: 1,
		Decay: func(token, _ int) float64 { return math.Exp(float64(logs[token])) },
	}
}
