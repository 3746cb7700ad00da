// Package bigbird is block-sparse attention with global, window and random blocks (Zaheer et al. 2020, arXiv
// 2007.14062, the internal-global form, ITC; spec §6).
//
// Queries and keys are cut into N blocks. The first and the last block see and are seen by all blocks; every
// other query block i sees also the blocks i-1, i, i+1 and r random ones, all under one softmax a row. Time
// O(n·block·(5 + r)).
package bigbird

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"

	"attnbench/variants"
)

// Mechanism declares bigbird.
func Mechanism() *variants.Mechanism {
	return &variants.Mechanism{
		Name: "bigbird", Title: "BigBird",
		Summary: "blocks: the first, the last, the neighbours and a few random ones",
		Paper:   "Zaheer et al. 2020, arXiv 2007.14062",
		Role:    variants.Approximation, Family: "pattern",
		Time:     variants.Growth{Text: "n·b", Exponent: 1},
		Memory:   variants.Growth{Text: "n", Exponent: 1},
		NoCausal: "the last block is global, so every row sees the future",
		NoCross:  "query and key blocks come from one sequence",
		Options:  options(),
		Inputs: []variants.Input{{
			Name: randomBlocks, Type: variants.I64, Layout: "[heads, n/block - 2, random]",
			Doc:  "row i-1: the random key blocks of query block i",
			Dims: randomDims, Draw: draw,
		}},
		Fidelity:   []variants.Fidelity{{Causal: false, Options: "block=16,random=1"}},
		Derive:     check,
		Cost:       cost,
		Pairs:      pairs,
		New:        newPlan,
		Definition: naive,

		Gradient: naiveGradient, BackwardCost: backwardCost,
		NoDecode: "its last block is global, so every row sees later tokens",
	}
}

const randomBlocks = "random_blocks"

// The generators of random blocks.
const (
	uniform   = "uniform"
	plan      = "legacy_plan"
	oldPlan   = "legacy_old_plan"
	evalZeros = "hf_eval"
)

func options() []variants.Option {
	return []variants.Option{
		{Name: "block", Kind: variants.Int, Default: "64", Min: 1, Max: variants.MaxLength,
			Doc: "tokens of a block; n must be a multiple of it"},
		{Name: "random", Kind: variants.Int, Default: "3", Min: 0, Max: variants.MaxLength,
			Doc: "random key blocks of each query block", SizeOf: randomBlocks, FromInput: lastOfThree},
		{Name: "count_duplicates", Kind: variants.Bool, Default: "false",
			Doc: "a key block listed c times counts c times, as in the authors' block-sparse code; else once"},
		{Name: "generator", Kind: variants.Choice, Default: uniform,
			Choices: []string{uniform, plan, oldPlan, evalZeros},
			Doc: "of absent random_blocks: uniform over the blocks not seen anyway; " +
				"the authors' plan for any length; " +
				"their plan for lengths 1024, 2048, 3072 and 4096; block 0 throughout, as Hugging Face in eval mode"},
	}
}

// lastOfThree reads r off random_blocks.
func lastOfThree(t variants.Tensor) string {
	if len(t.Dims) != 3 {
		return ""
	}
	return strconv.Itoa(t.Dims[2])
}

// randomDims asks for no tensor where there is nothing in it.
func randomDims(p *variants.Problem) [][]int {
	if _, given := p.Input(randomBlocks); !given && p.Int("random") == 0 {
		return nil
	}
	return [][]int{{p.Shape.Heads, blocks(p) - 2, p.Int("random")}}
}

func blocks(p *variants.Problem) int { return p.Shape.N / p.Int("block") }

// check refuses what the declarations cannot express.
func check(p *variants.Problem) error {
	n, block, r := p.Shape.N, p.Int("block"), p.Int("random")
	if n%block != 0 {
		return fmt.Errorf("n = %d is no multiple of block=%d: "+
			"pad the input and mask the padding, or take another block", n, block)
	}
	if count := n / block; count < 5+r {
		return fmt.Errorf("n = %d has %d blocks of %d, random=%d needs at least 5 + %d: "+
			"take smaller or fewer blocks",
			n, count, block, r, r)
	}
	given, ok := p.Input(randomBlocks)
	for _, id := range given.I64 {
		if id < 0 || id >= int64(n/block) {
			return fmt.Errorf("random_blocks holds %d: block ids are between 0 and n/block - 1 = %d", id, n/block-1)
		}
	}
	if ok || r == 0 {
		return nil
	}
	return checkGenerator(p)
}

// checkGenerator refuses lengths for which the authors' plans are undefined.
func checkGenerator(p *variants.Problem) error {
	generator := p.Text("generator")
	if generator != plan && generator != oldPlan {
		return nil
	}
	if p.Seed() > math.MaxUint32 {
		return fmt.Errorf("generator=%s takes NumPy's seeds: --seed must be below 2^32", generator)
	}
	if generator == plan {
		return checkPlan(blocks(p), p.Int("random"))
	}
	return checkOldPlan(p.Shape.N, p.Int("block"), p.Int("random"))
}

// draw makes random_blocks, [heads, blocks-2, r].
func draw(p *variants.Problem, dims []int, rng func(head int) *rand.Rand) variants.Tensor {
	t := variants.Tensor{Dims: dims, I64: make([]int64, dims[0]*dims[1]*dims[2])}
	switch p.Text("generator") {
	case uniform:
		size := dims[1] * dims[2]
		for h := range dims[0] {
			drawUniform(t.I64[h*size:(h+1)*size], dims[1]+2, dims[2], rng(h))
		}
	case plan:
		drawPlan(t.I64, dims[0], dims[1]+2, dims[2], newTwister(uint32(p.Seed())))
	case oldPlan:
		drawOldPlan(t.I64, dims[0], dims[1]+2, p.Int("block"), dims[2], newTwister(uint32(p.Seed())))
	}
	return t
}

// cost is that of N(7+r) - 12 - 2r pairs of blocks (spec §8): a random block that is seen anyway counts as if
// it were another.
func cost(p *variants.Problem) variants.Cost { return variants.PairsCost(p.Shape, listedPairs(p)) }

func backwardCost(p *variants.Problem) variants.Cost {
	return variants.PairsBackwardCost(p.Shape, listedPairs(p))
}

func listedPairs(p *variants.Problem) int64 {
	block, count, r := int64(p.Int("block")), int64(blocks(p)), int64(p.Int("random"))
	return int64(p.Shape.Slices()) * block * block * (count*(7+r) - 12 - 2*r)
}

// pairs counts the distinct pairs.
func pairs(p *variants.Problem, _ []float32) int64 {
	p.DrawInputs()
	count, block := blocks(p), int64(p.Int("block"))
	list := make([]int32, listed(p))
	sum := 2 * int64(count) * int64(p.Shape.Heads)
	for h := range p.Shape.Heads {
		for i := 1; i < count-1; i++ {
			sum += int64(len(keyBlocks(p, h, i, list)))
		}
	}
	return sum * block * block * int64(p.Shape.Batch)
}
