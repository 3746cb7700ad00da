package deltanet

import (
	"math"

	"attnbench/variants"
	"attnbench/variants/recurrent"
)

// naive is the definition of a head: the recurrence in float64.
func naive(p *variants.Problem, head int) recurrent.Recurrence {
	steps := p.PerHead(beta, head, 2)
	return recurrent.Recurrence{
		Scale: 1 / math.Sqrt(float64(p.Shape.D)),
		Step:  func(token int) float64 { return float64(steps[token]) },
	}
}
