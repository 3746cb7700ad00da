// Package gated_deltanet is the delta rule on a state that decays (Yang et al. 2024, arXiv 2412.06464; spec
// §7.7):
//
//	S' = exp(g_t) S_{t-1}
//	S_t = S' + β_t k_t (v_t - S'ᵀ k_t)ᵀ    out_t = S_tᵀ q_t / √d
//
// Keys are used as they are: a layer makes their lengths 1, and the state grows where β |k|² exceeds 2.
package gated_deltanet

import (
	"attnbench/variants"
	"attnbench/variants/recurrent"
)

// The side inputs.
const beta, gate = "beta", "log_decay"

// Mechanism declares gated_deltanet.
func Mechanism() *variants.Mechanism {
	return recurrent.Mixer{
		Config:     recurrent.Config{Step: beta, Decay: recurrent.PerToken, Gate: gate, Scaled: true},
		Recurrence: naive,
	}.Declare(&variants.Mechanism{
		Name: "gated_deltanet", Title: "Gated delta rule",
		Summary: "the delta rule on a state that decays as the token says",
		Paper:   "Yang et al. 2024, arXiv 2412.06464",
		Inputs: []variants.Input{
			{
				Name: beta, Layout: "[heads, n]", Doc: "step sizes of the delta rule",
				Dims: recurrent.TokenDims, Learned: true, Gate: true, Draw: recurrent.Draw(recurrent.Steps),
			},
			{
				Name: gate, Layout: "[heads, n]", Doc: "natural logarithms of decays, at most 0",
				Dims: recurrent.TokenDims, Learned: true, Gate: true, Draw: recurrent.Draw(recurrent.TimeSteps),
			},
		},
	})
}
