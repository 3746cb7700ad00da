// Package ssd is the state-space dual of Mamba-2 (Dao and Gu 2024, arXiv 2405.21060; spec §7.7): every token
// sets the decay of the state,
//
//	S_t = exp(a_t) S_{t-1} + k_t v_tᵀ    out_t = S_tᵀ q_t
//
// where a is AΔ, k is B, v is xΔ and q is C of the paper, without its D x. Queries are not scaled.
package ssd

import (
	"attnbench/variants"
	"attnbench/variants/recurrent"
)

const gate = "log_decay"

// Mechanism declares ssd.
func Mechanism() *variants.Mechanism {
	return recurrent.Mixer{
		Config:     recurrent.Config{Decay: recurrent.PerToken, Gate: gate},
		Recurrence: naive,
	}.Declare(&variants.Mechanism{
		Name: "ssd", Title: "State-space dual (Mamba-2)",
		Summary: "a state that decays as the token says",
		Paper:   "Dao and Gu 2024, arXiv 2405.21060",
		Inputs: []variants.Input{{
			Name: gate, Layout: "[heads, n]", Doc: "natural logarithms of decays, at most 0",
			Dims: recurrent.TokenDims, Learned: true, Gate: true, Draw: recurrent.Draw(recurrent.TimeSteps),
		}},
	})
}
