// Package deltanet is linear attention with the delta rule (Yang et al. 2024, arXiv 2406.06484; spec §7.7): a
// token takes out what the state holds for its key before it writes its value,
//
//	S_t = S_{t-1} + β_t k_t (v_t - S_{t-1}ᵀ k_t)ᵀ    out_t = S_tᵀ q_t / √d
//
// Keys are used as they are: a layer makes their lengths 1, and the state grows where β |k|² exceeds 2.
package deltanet

import (
	"attnbench/variants"
	"attnbench/variants/recurrent"
)

const beta = "beta"

// Mechanism declares deltanet.
func Mechanism() *variants.Mechanism {
	return recurrent.Mixer{
		Config:     recurrent.Config{Step: beta, Scaled: true},
		Recurrence: naive,
	}.Declare(&variants.Mechanism{
		Name: "deltanet", Title: "Delta rule (DeltaNet)",
		Summary: "a state that unlearns what it holds for a key before it learns its value",
		Paper:   "Yang et al. 2024, arXiv 2406.06484",
		Inputs: []variants.Input{{
			Name: beta, Layout: "[heads, n]", Doc: "step sizes of the delta rule",
			Dims: recurrent.TokenDims, Learned: true, Gate: true, Draw: recurrent.Draw(recurrent.Steps),
		}},
	})
}
