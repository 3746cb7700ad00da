// Package linear is the Linear Transformer: the exponential of softmax attention is replaced by a product of
// features that are positive and as many as a head has dimensions,
//
//	φ(x) = elu(x) + 1 = x + 1 where x > 0, e^x elsewhere
//	out_i = Σ_j φ(q_i)·φ(k_j) v_j / (Σ_j φ(q_i)·φ(k_j) + ε)
//
// so that Σ_j φ(k_j) v_jᵀ is computed once for all queries, or carried along in causal attention
// (Katharopoulos et al. 2020, arXiv 2006.16236, equations 4 to 12; spec §7.1). Nothing is scaled by 1/√d. The
// cost is 4nde + 2nd operations a head and about nd exponentials, O(n) time.
package linear

import (
	"attnbench/variants"
	"attnbench/variants/prefix"
)

// Mechanism declares linear.
func Mechanism() *variants.Mechanism {
	return &variants.Mechanism{
		Name: "linear", Title: "Linear Transformer", Summary: "softmax kernel replaced by products of elu(x)+1",
		Paper: "Katharopoulos et al. 2020, arXiv 2006.16236",
		Role:  variants.Approximation, Family: "kernel",
		Time:   variants.Growth{Text: "n", Exponent: 1},
		Memory: variants.Growth{Text: "n", Exponent: 1},
		Options: []variants.Option{
			{
				Name: "eps", Kind: variants.Float, Default: "0.000001", Min: 0, Max: 1e6,
				Doc: "added to the denominator",
			},
			{
				Name: "chunk", Default: "64", Min: 1, Max: variants.MaxLength,
				Doc: "causal: positions whose features are made at a time",
			},
		},
		Fidelity:   []variants.Fidelity{{Causal: true}, {}},
		Derive:     prefix.CheckCausal,
		Cost:       cost,
		New:        newPlan,
		Definition: naive,
		Gradient:   gradient, BackwardCost: backwardCost,

		NewDecoder: newDecoder, DecodeCost: decodeCost,
	}
}

// cost is spec §8: the state, its use and the denominators, causal attention as recurrence. Half of the
// features are exponentials.
func cost(p *variants.Problem) variants.Cost {
	s := p.Shape
	heads, d, n, keys := float64(s.Slices()), float64(s.D), float64(s.N), float64(s.S)
	return variants.Cost{
		FLOPs: heads * (2*d*float64(s.E)*(n+keys) + 2*n*d),
		Exps:  heads * (n + keys) * d / 2,
	}
}

// backwardCost is spec §8: four products with states, and the features once more.
func backwardCost(p *variants.Problem) variants.Cost {
	s := p.Shape
	heads, d, tokens := float64(s.Slices()), float64(s.D), float64(s.N+s.S)
	return variants.Cost{FLOPs: heads * tokens * 4 * d * float64(s.E), Exps: heads * tokens * d / 2}
}

// decodeCost is that of one token of the recurrence.
func decodeCost(p *variants.Problem) variants.Cost {
	c, n := cost(p), float64(p.Shape.N)
	return variants.Cost{FLOPs: c.FLOPs / n, Exps: c.Exps / n}
}
