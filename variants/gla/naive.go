package gla

import (
	"math"

	"attnbench/variants"
	"attnbench/variants/recurrent"
)

// naive is the definition of a head: the recurrence in float64.
func naive(p *variants.Problem, head int) recurrent.Recurrence {
	logs := p.PerHead(gate, head, 3)
	return recurrent.Recurrence{
		Scale: 1 / math.Sqrt(float64(p.Shape.D)),
		Decay: func(token, row int) float64 { return math.Exp(float64(logs[token*p.Shape.D+row])) },
	}
}
