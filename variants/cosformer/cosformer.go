// Package cosformer is cosFormer: softmax attention is replaced by products of rectified queries and keys
// that are weighted down with the distance of their positions,
//
//	w_ij = relu(q_i)·relu(k_j) · cos(π(i-j)/2M)
//	out_i = Σ_j w_ij v_j / max(Σ_j w_ij, 10⁻⁶)
//
// The cosine of a difference is a product of features too, cos(a-b) = sin a·sin b + cos a·cos b: with those
// the sums over keys are computed once for all queries, or carried along in causal attention (Qin et al.
// 2022, arXiv 2202.08791, equations 9 to 12; spec §7.2). Nothing is scaled by 1/√d. The cost is 8nde + 4nd
// operations a head, O(n) time; sines and cosines of positions are tables.
//
// M is at least the length. The default, the length itself, makes a row depend on how long the sequence is:
// decoding step by step needs a fixed max_len.
package cosformer

import (
	"fmt"
	"strconv"

	"attnbench/variants"
	"attnbench/variants/prefix"
)

// Mechanism declares cosformer.
func Mechanism() *variants.Mechanism {
	return &variants.Mechanism{
		Name: "cosformer", Title: "cosFormer", Summary: "rectified products, weighted by the cosine of distance",
		Paper: "Qin et al. 2022, arXiv 2202.08791",
		Role:  variants.Approximation, Family: "kernel",
		Time:   variants.Growth{Text: "n", Exponent: 1},
		Memory: variants.Growth{Text: "n", Exponent: 1},
		Options: []variants.Option{
			{
				Name: "max_len", Derived: "the longer of n and s", Min: 1, Max: variants.MaxLength,
				Doc: "M, the distance of which the weight is 0",
			},
			{
				Name: "chunk", Default: "64", Min: 1, Max: variants.MaxLength,
				Doc: "causal: positions whose features are made at a time",
			},
		},
		Fidelity:   []variants.Fidelity{{Causal: true}, {}},
		Derive:     derive,
		Cost:       cost,
		New:        newPlan,
		Definition: naive,
		Gradient:   gradient, BackwardCost: backwardCost,

		NewDecoder: newDecoder, DecodeCost: decodeCost,
	}
}

func derive(p *variants.Problem) error {
	if err := prefix.CheckCausal(p); err != nil {
		return err
	}
	longer := max(p.Shape.N, p.Shape.S)
	if !p.Given("max_len") {
		p.Set("max_len", strconv.Itoa(longer))
	}
	if p.Int("max_len") < longer {
		return fmt.Errorf("max_len=%s is below the length: use at least %d, the longer of n and s",
			p.Text("max_len"), longer)
	}
	return nil
}

// cost is spec §8: the state of 2d features, its use and the denominators, causal attention as recurrence.
func cost(p *variants.Problem) variants.Cost {
	s := p.Shape
	heads, features, n, keys := float64(s.Slices()), 2*float64(s.D), float64(s.N), float64(s.S)
	return variants.Cost{FLOPs: heads * (2*features*float64(s.E)*(n+keys) + 2*n*features)}
}

// backwardCost is spec §8: four products with states.
func backwardCost(p *variants.Problem) variants.Cost {
	s := p.Shape
	return variants.Cost{FLOPs: float64(s.Slices()) * float64(s.N+s.S) * 8 * float64(s.D) * float64(s.E)}
}

// decodeCost is that of one token of the recurrence.
func decodeCost(p *variants.Problem) variants.Cost {
	c, n := cost(p), float64(p.Shape.N)
	return variants.Cost{FLOPs: c.FLOPs / n, Exps: c.Exps / n}
}
