// Package linformer is attention over compressed keys: learned matrices E and F [k, s] mix the s keys and
// values of a head into k slots, and the queries attend to the slots:
//
//	K̄ = E·K    V̄ = F·V    out = softmax(Q·K̄ᵀ/√d)·V̄
//
// (Wang et al. 2020, arXiv 2006.04768, equation 7; spec §2). The cost is 2nk(d+e) operations for the two
// projections and as many for the attention, O(n·k) time. A masked key's rows of K and V count as zero. There
// is no causal form: every slot mixes all positions, and masking slots does not undo that.
package linformer

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"

	"attnbench/variants"
)

// Mechanism declares linformer.
func Mechanism() *variants.Mechanism {
	return &variants.Mechanism{
		Name: "linformer", Title: "Linformer", Summary: "queries attend to k learned mixtures of the keys",
		Paper: "Wang et al. 2020, arXiv 2006.04768",
		Role:  variants.Approximation, Family: "low rank",
		Time:    variants.Growth{Text: "n·k", Exponent: 1},
		Memory:  variants.Growth{Text: "n·k", Exponent: 1},
		Options: options(),
		Inputs: []variants.Input{
			projection("proj_k", "E, compresses the keys", true),
			projection("proj_v", "F, compresses the values", false),
		},
		NoCausal:   "every compressed slot mixes all positions; leave out causal",
		Fidelity:   []variants.Fidelity{{Options: "k=64"}},
		Derive:     checkPool,
		Cost:       cost,
		New:        newPlan,
		Definition: naive,
		Gradient:   gradient, BackwardCost: backwardCost,
		NoDecode: "a compressed slot mixes all positions, later ones too",
	}
}

func options() []variants.Option {
	return []variants.Option{
		{
			Name: "k", Kind: variants.Int, Default: "256", Min: 1, Max: 1 << 16,
			Doc: "slots that the keys are compressed to", SizeOf: "proj_k", FromInput: slotsOf,
		},
		{
			Name: "sharing", Kind: variants.Choice, Default: "headwise",
			Choices: []string{"headwise", "none", "kv", "layerwise"},
			Doc:     "who shares a matrix: the heads; nobody; the heads, for keys and values alike (kv, layerwise)",
		},
		{
			Name: "projection", Kind: variants.Choice, Default: "gaussian", Choices: []string{"gaussian", "pool"},
			Doc: "matrices that are not given: N(0, 1/k), or means of k contiguous segments",
		},
		{
			Name: "frozen", Kind: variants.Bool, Default: "false",
			Doc: "no gradients of E and F; forward does not depend on it",
		},
	}
}

// frozen reports whether E and F are constants: what random or pooled projections are that nobody trains.
func frozen(p *variants.Problem) bool { return p.Bool("frozen") }

// slotsOf reads k off a projection [k, s] or [heads, k, s].
func slotsOf(t variants.Tensor) string {
	if len(t.Dims) != 2 && len(t.Dims) != 3 {
		return ""
	}
	return strconv.Itoa(t.Dims[len(t.Dims)-2])
}

// one reports whether keys and values share one matrix. Sharing by layer differs from that only in a model of
// several layers.
func one(p *variants.Problem) bool {
	sharing := p.Text("sharing")
	return sharing == "kv" || sharing == "layerwise"
}

func projection(name, doc string, keys bool) variants.Input {
	return variants.Input{
		Name: name, Doc: doc, Layout: "[k, s] or [heads, k, s]", Learned: true, Frozen: frozen,
		Dims: func(p *variants.Problem) [][]int {
			k, s := p.Int("k"), p.Shape.S
			switch {
			case p.Text("sharing") == "none":
				return [][]int{{p.Shape.Heads, k, s}}
			case one(p) && !keys:
				return nil
			}
			return [][]int{{k, s}}
		},
		Draw: draw,
	}
}

// checkPool refuses more segments than keys: some would have no mean.
func checkPool(p *variants.Problem) error {
	if k := p.Int("k"); p.Text("projection") == "pool" && k > p.Shape.S {
		return fmt.Errorf("projection=pool cannot cut s = %d keys into k = %d segments: use k=%d or fewer",
			p.Shape.S, k, p.Shape.S)
	}
	return nil
}

// draw makes matrices [k, s] or [heads, k, s].
func draw(p *variants.Problem, dims []int, rng func(head int) *rand.Rand) variants.Tensor {
	t := variants.Tensor{Dims: dims}
	t.F32 = make([]float32, t.Len())
	k, s := dims[len(dims)-2], dims[len(dims)-1]
	for head := range t.Len() / (k * s) {
		matrix := t.F32[head*k*s : (head+1)*k*s]
		if p.Text("projection") == "pool" {
			pool(matrix, k, s)
		} else {
			variants.Normal(rng(head), matrix, 1/math.Sqrt(float64(k)))
		}
	}
	return t
}

// pool fills a matrix [k, s] with means of k contiguous segments, whose lengths differ by at most one.
func pool(matrix []float32, k, s int) {
	for slot := range k {
		from, to := slot*s/k, (slot+1)*s/k
		for j := from; j < to; j++ {
			matrix[slot*s+j] = 1 / float32(to-from)
		}
	}
}

// cost is spec §8: two projections and the attention over k slots.
func cost(p *variants.Problem) variants.Cost {
	s := p.Shape
	slots, heads := float64(p.Int("k")), float64(s.Slices())
	width := 2 * float64(s.D+s.E) * slots * heads
	return variants.Cost{FLOPs: width * float64(s.S+s.N), Exps: float64(s.N) * slots * heads}
}

// backwardCost is spec §8 with the scores computed once more.
func backwardCost(p *variants.Problem) variants.Cost {
	s := p.Shape
	n, keys, slots, heads := float64(s.N), float64(s.S), float64(p.Int("k")), float64(s.Slices())
	width := 4 * float64(s.D+s.E)
	flops := width*(n+keys) + 2*n*float64(s.D)
	if frozen(p) {
		flops -= width / 2 * keys
	}
	return variants.Cost{FLOPs: heads * slots * flops, Exps: heads * slots * n}
}
