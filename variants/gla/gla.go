// Package gla is gated linear attention (Yang et al. 2023, arXiv 2312.06635; spec §7.7): every token sets the
// decay of each row of the state,
//
//	S_t = diag(α_t) S_{t-1} + k_t v_tᵀ    out_t = S_tᵀ q_t / √d
//
// with log α_t as a side input.
package gla

import (
	"attnbench/variants"
	"attnbench/variants/recurrent"
)

const gate = "log_alpha"

// Mechanism declares gla.
func Mechanism() *variants.Mechanism {
	return recurrent.Mixer{
		Config:     recurrent.Config{Decay: recurrent.PerChannel, Gate: gate, Scaled: true},
		Recurrence: naive,
	}.Declare(&variants.Mechanism{
		Name: "gla", Title: "Gated linear attention",
		Summary: "a state each of whose rows decays as the token says",
		Paper:   "Yang et al. 2023, arXiv 2312.06635",
		Inputs: []variants.Input{{
			Name: gate, Layout: "[heads, n, d]", Doc: "natural logarithms of decays, at most 0",
			Dims: recurrent.ChannelDims, Learned: true, Gate: true, Draw: recurrent.Draw(recurrent.Sigmoids),
		}},
	})
}
