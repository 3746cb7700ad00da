// Package performer is FAVOR+ attention: the softmax kernel is replaced by a product of m random features,
//
//	exp(q·k/√d) ≈ φ(q)·φ(k)    φ_r(x) = exp(ω_r·x/d^¼ - ‖x‖²/(2√d) - c) + ε
//	out_i = Σ_j φ(q_i)·φ(k_j) v_j / Σ_j φ(q_i)·φ(k_j)
//
// so that Σ_j φ(k_j) v_jᵀ is computed once for all queries, or carried along in causal attention
// (Choromanski et al. 2021, arXiv 2009.14794, equations 3 to 8; spec §3). c is a stabiliser: the largest
// ω_r·x/d^¼ of the query, and of all keys. It cancels but for ε. The cost is 4nmd + 4nme + 2nm operations
// a head and 2nm exponentials, O(n·m) time.
//
// With the stabiliser of all keys a causal row depends on later keys through ε; stabilizer=running takes
// the largest over keys j ≤ i instead: each row is then bidirectional attention of its prefix.
package performer

import (
	"errors"
	"fmt"
	"strconv"

	"attnbench/variants"
	"attnbench/variants/prefix"
)

// Mechanism declares performer.
func Mechanism() *variants.Mechanism {
	return &variants.Mechanism{
		Name: "performer", Title: "Performer", Summary: "softmax kernel as a product of random features (FAVOR+)",
		Paper: "Choromanski et al. 2021, arXiv 2009.14794",
		Role:  variants.Approximation, Family: "kernel",
		Time:    variants.Growth{Text: "n·m", Exponent: 1},
		Memory:  variants.Growth{Text: "n", Exponent: 1},
		Options: options(),
		Inputs: []variants.Input{{
			Name: "omega", Doc: "random directions", Layout: "[m, d] or [heads, m, d]",
			Dims: func(p *variants.Problem) [][]int {
				m, d := p.Int("features"), p.Shape.D
				return [][]int{{p.Shape.Heads, m, d}, {m, d}}
			},
			Draw: draw,
		}},
		Fidelity:   []variants.Fidelity{{Causal: true}, {Causal: true, Options: "eps=0"}, {Options: "features=64"}},
		Derive:     derive,
		Leaks:      leaks,
		Cost:       cost,
		New:        newPlan,
		Definition: naive,
		Gradient:   gradient, BackwardCost: backwardCost,

		NewDecoder: newDecoder, DecodeCost: decodeCost,
	}
}

func options() []variants.Option {
	return []variants.Option{
		{
			Name: "features", Kind: variants.Int, Default: "256", Min: 1, Max: 1 << 16, SizeOf: "omega",
			FromInput: featuresOf, Doc: "m, rows of omega",
		},
		{
			Name: "kernel", Kind: variants.Choice, Default: "positive",
			Choices: []string{"positive", "hyperbolic", "trig", "relu"},
			Doc:     "exp(u); exp(u) and exp(-u); cos(u) and sin(u); max(u, 0)",
		},
		{
			Name: "eps", Kind: variants.Float, Derived: "0.000001, relu 0.001", Min: 0, Max: 1e6,
			Doc: "added to every feature; trig ignores it",
		},
		{
			Name: "stabilizer", Kind: variants.Choice, Derived: "running where causal, else global",
			Choices: []string{"global", "running"},
			Doc:     "keys whose largest feature sets the scale: all, or in causal attention those up to the row",
		},
		{
			Name: "detach", Kind: variants.Bool, Default: "true",
			Doc: "no gradient through the stabiliser; forward does not depend on it",
		},
		{
			Name: "qr", Kind: variants.Choice, Default: "haar", Choices: []string{"haar", "raw"},
			Doc: "drawn orthogonal blocks: uniform rotations, or QR factors as they come, which are biased",
		},
		{
			Name: "draw", Kind: variants.Choice, Default: "orthogonal", Choices: []string{"orthogonal", "iid"},
			Doc: "drawn rows: orthogonal in blocks of d, or independent normal",
		},
		{
			Name: "norm", Kind: variants.Choice, Default: "chi", Choices: []string{"chi", "sqrt_d"},
			Doc: "lengths of drawn rows: as of normal vectors, or all √d",
		},
	}
}

// featuresOf reads m off omega [m, d] or [heads, m, d].
func featuresOf(t variants.Tensor) string {
	if len(t.Dims) != 2 && len(t.Dims) != 3 {
		return ""
	}
	return strconv.Itoa(t.Dims[len(t.Dims)-2])
}

// smallestEps is the smallest positive eps whose square, a weight of attention, is a float32.
const smallestEps = 1e-18

func derive(p *variants.Problem) error {
	if err := prefix.CheckCausal(p); err != nil {
		return err
	}
	if p.Given("stabilizer") && p.Text("stabilizer") == "running" && !p.Shape.Causal {
		return errors.New("stabilizer=running needs causal attention: use stabilizer=global")
	}
	if p.Decode && p.Given("stabilizer") && p.Text("stabilizer") == "global" {
		return errors.New("does not decode with stabilizer=global, the largest feature of all keys, later ones " +
			"too: use stabilizer=running")
	}
	if !p.Given("stabilizer") {
		p.Set("stabilizer", map[bool]string{true: "running", false: "global"}[p.Shape.Causal])
	}
	if !p.Given("eps") {
		p.Set("eps", map[bool]string{true: "0.001", false: "0.000001"}[p.Text("kernel") == "relu"])
	}
	if eps := p.Float("eps"); exponential(p) && eps > 0 && eps < smallestEps {
		return fmt.Errorf("eps=%s is below the reach of float32: use eps=0 or at least 0.000000000000000001",
			p.Text("eps"))
	}
	return nil
}

// exponential reports whether features are exponentials, so that they have stabilisers and eps is added
// after them.
func exponential(p *variants.Problem) bool {
	kernel := p.Text("kernel")
	return kernel == "positive" || kernel == "hyperbolic"
}

// leaks says how a later token changes a causal row. With eps=0 the stabiliser cancels.
func leaks(p *variants.Problem) string {
	if !p.Shape.Causal || p.Text("stabilizer") == "running" || !exponential(p) || p.Float("eps") == 0 {
		return ""
	}
	return "leaks through its stabiliser: stabilizer=global is the largest feature of all keys, later ones too"
}

// columns is the number of features a token has: two for each row of omega where the kernel makes pairs.
func columns(p *variants.Problem) int {
	if kernel := p.Text("kernel"); kernel == "hyperbolic" || kernel == "trig" {
		return 2 * p.Int("features")
	}
	return p.Int("features")
}

// cost is spec §8: projections of queries and keys, the state, its use and the denominators. Causal
// attention counts as recurrence.
func cost(p *variants.Problem) variants.Cost {
	s := p.Shape
	heads, m, features := float64(s.Slices()), float64(p.Int("features")), float64(columns(p))
	n, keys := float64(s.N), float64(s.S)
	c := variants.Cost{FLOPs: heads * ((n+keys)*(2*m*float64(s.D)+2*features*float64(s.E)) + 2*n*features)}
	if p.Text("kernel") != "relu" {
		c.Exps = heads * (n + keys) * features
	}
	return c
}

// backwardCost is spec §8 with the features computed once more: four products with the states and the two
// that take features back to tokens, and the projections.
func backwardCost(p *variants.Problem) variants.Cost {
	s := p.Shape
	heads, m, features := float64(s.Slices()), float64(p.Int("features")), float64(columns(p))
	c := variants.Cost{FLOPs: heads * float64(s.N+s.S) * (4*features*float64(s.E) + 4*m*float64(s.D))}
	if p.Text("kernel") != "relu" {
		c.Exps = heads * float64(s.N+s.S) * features
	}
	return c
}
