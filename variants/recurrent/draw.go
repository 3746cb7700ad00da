package recurrent

import (
	"math"
	"math/rand/v2"

	"attnbench/variants"
)

// Draw is a variants.Input's for [heads, ...]: next gets the stream of a head and returns what makes each of
// its numbers.
func Draw(next func(p *variants.Problem, rng *rand.Rand) func() float64) func(
	p *variants.Problem, dims []int, rng func(head int) *rand.Rand,
) variants.Tensor {
	return func(p *variants.Problem, dims []int, rng func(head int) *rand.Rand) variants.Tensor {
		t := variants.Tensor{Dims: dims}
		t.F32 = make([]float32, t.Len())
		size := len(t.F32) / dims[0]
		for head := range dims[0] {
			draw := next(p, rng(head))
			for i := range size {
				t.F32[head*size+i] = float32(draw())
			}
		}
		return t
	}
}

// Steps draws β: the logistic function of a normal number, over d. Normal keys have a length of about √d, so
// that β k kᵀ is what such a β makes of keys of length 1, which the delta rule is trained with.
func Steps(p *variants.Problem, rng *rand.Rand) func() float64 {
	return func() float64 { return logistic(rng.NormFloat64()) / float64(p.Shape.D) }
}

// TimeSteps draws the logarithms of decays -A Δ: A uniform in [1, 16] for the head, Δ of the token
// log-uniform in [0.001, 0.1], as state-space models are initialised.
func TimeSteps(_ *variants.Problem, rng *rand.Rand) func() float64 {
	a := 1 + 15*rng.Float64()
	return func() float64 { return -a * 0.001 * math.Pow(100, rng.Float64()) }
}

// Sigmoids draws the logarithms of decays: that of the logistic function of a normal number, over 16.
func Sigmoids(_ *variants.Problem, rng *rand.Rand) func() float64 {
	return func() float64 { return math.Log(logistic(rng.NormFloat64())) / 16 }
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
