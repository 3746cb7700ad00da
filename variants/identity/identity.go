// Package identity is the row that no mechanism can beat: out = v, no arithmetic at all (the "OPT" line of
// the Performer paper's figure 3, arXiv 2009.14794). Its time is that of touching the values once; its error
// says what not attending costs.
package identity

import "attnbench/variants"

// Mechanism declares identity.
func Mechanism() *variants.Mechanism {
	return &variants.Mechanism{
		Name: "identity", Title: "Identity", Summary: "out = v: the ceiling of any speed-up",
		Paper: "Choromanski et al. 2021, arXiv 2009.14794, figure 3",
		Role:  variants.Reference, Family: "reference",
		Time:     variants.Growth{Text: "n", Exponent: 1},
		Memory:   variants.Growth{Text: "1", Exponent: 0},
		NoCross:  "output row i is value row i, so n and s must be equal",
		NoMask:   "it looks at no key",
		Fidelity: []variants.Fidelity{{Causal: true}, {Causal: false}},
		Cost:     func(*variants.Problem) variants.Cost { return variants.Cost{} },
		New:      func(*variants.Problem, *variants.Workspace) variants.Attention { return plan{} },

		Definition:   naive,
		NoDecode:     "a token's output is its own value: nothing is kept",
		Gradient:     gradient,
		BackwardCost: func(*variants.Problem) variants.Cost { return variants.Cost{} },
	}
}

type plan struct{}

// Forward copies v to out.
func (plan) Forward(out, _, _, v variants.Floats) {
	copy(out.F32, v.F32)
	copy(out.BF16, v.BF16)
}

// Executed is 0: nothing is computed.
func (plan) Executed() int64 { return 0 }

// Backward copies dout to the gradient of v; those of q and k are 0.
func (plan) Backward(g variants.Gradients, dout, _, _, _, _ []float32) {
	clear(g.Q)
	clear(g.K)
	copy(g.V, dout)
}

// BackwardExecuted is 0 too.
func (plan) BackwardExecuted() int64 { return 0 }
