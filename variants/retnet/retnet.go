// Package retnet is retention (Sun et al. 2023, arXiv 2307.08621; spec §7.7): a state that decays by the same
// factor γ of its head at every token,
//
//	S_t = γ S_{t-1} + k_t v_tᵀ    out_t = S_tᵀ q_t / √d
//
// without what a layer adds: rotations of q and k, the norm of the output, its gate.
package retnet

import (
	"math"
	"math/rand/v2"

	"attnbench/variants"
	"attnbench/variants/recurrent"
)

const gamma = "gamma"

// Mechanism declares retnet.
func Mechanism() *variants.Mechanism {
	return recurrent.Mixer{
		Config:     recurrent.Config{Decay: recurrent.PerHead, Gate: gamma, Scaled: true},
		Recurrence: naive,
	}.Declare(&variants.Mechanism{
		Name: "retnet", Title: "Retention (RetNet)",
		Summary: "a state that decays by a factor of its head",
		Paper:   "Sun et al. 2023, arXiv 2307.08621",
		Inputs: []variants.Input{{
			Name: gamma, Layout: "[heads]", Doc: "decay of a head at every token, above 0 and at most 1",
			Dims: recurrent.HeadsDims, Learned: true, Gate: true, Draw: draw,
		}},
	})
}

// draw makes γ = 1 - 2^-(5+h) for head h, the values of the paper.
func draw(_ *variants.Problem, dims []int, _ func(head int) *rand.Rand) variants.Tensor {
	t := variants.Tensor{Dims: dims}
	for head := range dims[0] {
		t.F32 = append(t.F32, float32(1-math.Ldexp(1, -5-head)))
	}
	return t
}
