package retnet

import (
	"math"

	"attnbench/variants"
	"attnbench/variants/recurrent"
)

// naive is the definition of a head: the recurrence in float64.
func naive(p *variants.Problem, head int) recurrent.Recurrence {
	decay := float64(p.PerHead(gamma, head, 1)[0])
	return recurrent.Recurrence{
		Scale: 1 / math.Sqrt(float64(p.Shape.D)),
		Decay: func(_, _ int) float64 { return decay },
	}
}
