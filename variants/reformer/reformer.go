// Package reformer is attention among tokens that hash alike (Kitaev, Kaiser and Levskaya 2020, arXiv
// 2001.04451, in the form that trax and Hugging Face compute; spec §4):
//
//	bucket(x) = argmax [x·R; -x·R],   k_j = q_j / |q_j|,   out_i = Σ_j exp(q_i·k_j) v_j / Σ_j exp(q_i·k_j)
//
// Queries serve as keys. In each round the tokens are sorted by bucket and position and cut into chunks; a
// chunk sees the chunk before it and itself. j runs over everything that i sees in any round, each time that
// it sees it. A token's own logit is -1e5, so that it counts only where nothing else is visible. Time O(n·log
// n) in the paper, O(n) here (the sort counts); memory O(n).
//
// Causal attention shows a query no later token, but where later tokens hash decides which of the earlier
// ones share its chunks: outputs are not those of the prefix alone.
package reformer

import (
	"fmt"
	"math/rand/v2"
	"strconv"

	"attnbench/variants"
)

const (
	rotations = "rotations"
	// ownLogit takes the place of a token's logit with itself.
	ownLogit = -1e5
	// epsilon is added to the mean square of a key before it is normalised.
	epsilon = 1e-6
	// maxBuckets bounds the buckets of a round, over both factors of a factorised hash.
	maxBuckets = 1 << 20
)

// Mechanism declares reformer.
func Mechanism() *variants.Mechanism {
	return &variants.Mechanism{
		Name: "reformer", Title: "Reformer",
		Summary: "attention in chunks of tokens sorted by a locality-sensitive hash",
		Paper:   "Kitaev, Kaiser and Levskaya 2020, arXiv 2001.04451",
		Role:    variants.Approximation, Family: "hashing",
		Time:     variants.Growth{Text: "n·log n", Exponent: 1},
		Memory:   variants.Growth{Text: "n", Exponent: 1},
		Options:  options(),
		Inputs:   []variants.Input{rotationsInput()},
		NoCross:  "queries serve as keys, so there is no cross form: give as many values as queries",
		SharedQK: true, DeadRows: true,
		Fidelity: []variants.Fidelity{{Causal: true}, {Causal: false, Options: "chunk=16"}},
		Target:   sharedQK, TargetName: "shared-QK attention",
		Derive:     derive,
		Leaks:      leaks,
		Cost:       cost,
		Pairs:      pairs,
		New:        newPlan,
		Definition: naive,

		Gradient: naiveGradient, BackwardCost: backwardCost,
		NoDecode: "tokens are sorted by bucket and cut into chunks, which needs all of them",
	}
}

func options() []variants.Option {
	return []variants.Option{
		{
			Name: "rounds", Kind: variants.Int, Default: "2", Min: 1, Max: 64, Doc: "independent hashes",
			SizeOf: rotations, FromInput: func(t variants.Tensor) string { return axis(t, 1, 1) },
		},
		{
			Name: "chunk", Kind: variants.Int, Default: "64", Min: 1, Max: variants.MaxLength,
			Doc: "tokens of a chunk",
		},
		{
			Name: "buckets", Kind: variants.Ints, Min: 2, Max: 65536, Even: true,
			Derived: "2·⌈n/chunk⌉, above 128 as two factors",
			Doc:     "buckets of a round, or b1|b2 for a hash in two factors",
			SizeOf:  rotations, FromInput: func(t variants.Tensor) string { return axis(t, 3, 2) },
		},
		{
			Name: "same_bucket_only", Kind: variants.Bool, Default: "false",
			Doc: "hide keys of other buckets and rounds",
		},
		{
			Name: "dedup", Kind: variants.Bool, Default: "false",
			Doc: "count a pair once, however often it meets",
		},
		{
			Name: "wrap", Kind: variants.Choice, Default: "flat",
			Choices: []string{"flat", "per_round", "none"},
			Doc:     "before a round's first chunk comes the last one of the round before, of its own, or none",
		},
		{
			Name: "scale", Kind: variants.Choice, Default: "unit", Choices: []string{"unit", "sqrt_d"},
			Doc: "logits are q·k of unit keys, or those over √d",
		},
	}
}

// axis returns a multiple of the rotations' size along an axis as an option's value.
func axis(t variants.Tensor, i, times int) string {
	if len(t.Dims) != 4 {
		return ""
	}
	return strconv.Itoa(t.Dims[i] * times)
}

func rotationsInput() variants.Input {
	return variants.Input{
		Name: rotations, Type: variants.F32,
		Doc:    "random directions: the bucket is the one nearest to a token, or its opposite",
		Layout: "[heads, rounds, d, buckets/2 or (b1+b2)/2]",
		Dims: func(p *variants.Problem) [][]int {
			return [][]int{{p.Shape.Heads, p.Int("rounds"), p.Shape.D, columns(p.Ints("buckets"))}}
		},
		Draw: func(_ *variants.Problem, dims []int, rng func(head int) *rand.Rand) variants.Tensor {
			t := variants.Tensor{Dims: dims}
			t.F32 = make([]float32, t.Len())
			size := len(t.F32) / dims[0]
			for head := range dims[0] {
				variants.Normal(rng(head), t.F32[head*size:(head+1)*size], 1)
			}
			return t
		},
	}
}

// columns is the number of directions of one round: half of each factor's buckets.
func columns(factors []int) int {
	sum := 0
	for _, b := range factors {
		sum += b / 2
	}
	return sum
}

// total is the number of buckets of a round.
func total(factors []int) int {
	product := 1
	for _, b := range factors {
		product *= b
	}
	return product
}

func derive(p *variants.Problem) error {
	if !p.Given("buckets") {
		p.Set("buckets", defaultBuckets(p.Shape.N, p.Int("chunk")))
	}
	factors := p.Ints("buckets")
	if len(factors) > 2 {
		return fmt.Errorf("buckets=%s: it must be one number or two factors b1|b2", p.Text("buckets"))
	}
	if total(factors) > maxBuckets {
		return fmt.Errorf("buckets=%s: a round has at most %d buckets", p.Text("buckets"), maxBuckets)
	}
	return nil
}

// defaultBuckets makes a bucket half a chunk on average. Above 128 the hash is a pair of hashes with about √b
// buckets each: the time of one with b would grow quadratically in n.
func defaultBuckets(n, chunk int) string {
	b := 2 * ceilDiv(n, chunk)
	if b <= 128 {
		return strconv.Itoa(b)
	}
	first := 1
	for first*first < b {
		first *= 2
	}
	second := 2 * ceilDiv(ceilDiv(b, first), 2)
	return fmt.Sprintf("%d|%d", first, second)
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// cost is spec §8: hashing, and two chunks of keys for every query in every round. A chunk longer than the
// sequence is the sequence.
func cost(p *variants.Problem) variants.Cost {
	n, d, e := float64(p.Shape.N), float64(p.Shape.D), float64(p.Shape.E)
	chunk := float64(min(p.Int("chunk"), p.Shape.N))
	rounds := float64(p.Int("rounds") * p.Shape.Slices())
	hash := n * d * float64(2*columns(p.Ints("buckets")))
	return variants.Cost{FLOPs: rounds * (hash + 4*n*chunk*(d+e)), Exps: rounds * 2 * n * chunk}
}

// backwardCost is twice the attention of forward and its logits computed again. Buckets have no gradient.
func backwardCost(p *variants.Problem) variants.Cost {
	c := cost(p)
	return variants.Cost{FLOPs: (4*float64(p.Shape.D+p.Shape.E) + 2*float64(p.Shape.D)) * c.Exps, Exps: c.Exps}
}

// leaks says how a later token changes a causal row: not as a key, but by its hash. All tokens are sorted
// before any is masked, so one that changes its bucket moves the borders of the chunks behind it, and with
// them who sees whom.
func leaks(p *variants.Problem) string {
	if !p.Shape.Causal {
		return ""
	}
	return "leaks through its routing: the hash of a later token moves the borders of chunks"
}
