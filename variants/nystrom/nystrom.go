// Package nystrom is Nyströmformer (Xiong et al. 2021, arXiv 2102.03902; spec §7.3): the softmax matrix is
// approximated from its columns and rows at L landmarks, which are means of n/L consecutive queries and of
// s/L consecutive keys:
//
//	F = softmax(Q·K̃ᵀ/√d)   A = softmax(Q̃·K̃ᵀ/√d)   B = softmax(Q̃·Kᵀ/√d)
//	out = F·Z·(B·V) + conv(V)
//
// Z is where a few steps of an iteration towards the pseudo-inverse of A lead, as a rule not yet the inverse
// (equation 11); the convolution is depth-wise along the sequence, with one kernel a head, and off unless
// asked for. Time O(n·L + L³).
//
// A masked key is no part of B, of its segment's mean and of the convolution; a landmark of masked keys alone
// has no weight. Queries are never masked. There is no causal form: every landmark mixes a segment, and the
// inverse mixes all landmarks.
package nystrom

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"

	"attnbench/variants"
)

// Mechanism declares nystrom.
func Mechanism() *variants.Mechanism {
	return &variants.Mechanism{
		Name: "nystrom", Title: "Nyströmformer",
		Summary: "the softmax matrix from its rows and columns at landmarks",
		Paper:   "Xiong et al. 2021, arXiv 2102.03902",
		Role:    variants.Approximation, Family: "low rank",
		Time:    variants.Growth{Text: "n·L", Exponent: 1},
		Memory:  variants.Growth{Text: "L²", Exponent: 0},
		Options: options(),
		Inputs: []variants.Input{{
			Name: convKernel, Layout: "[heads, conv]", Learned: true,
			Doc:  "kernels of the convolution of the values",
			Dims: kernelDims, Draw: drawKernel,
		}},
		NoCausal:   "landmarks are means over positions, and the inverse mixes them all; leave out causal",
		Fidelity:   []variants.Fidelity{{Options: "landmarks=64"}},
		Derive:     check,
		Cost:       cost,
		New:        newPlan,
		Definition: naive,

		Gradient: naiveGradient, BackwardCost: backwardCost,
		NoDecode: "landmarks are means over positions, later ones too",
	}
}

const convKernel = "conv_kernel"

func options() []variants.Option {
	return []variants.Option{
		{Name: "landmarks", Kind: variants.Int, Default: "64", Min: 1, Max: 4096,
			Doc: "segments whose means stand for queries and keys; n and s must be multiples of it"},
		{Name: "iterations", Kind: variants.Int, Default: "6", Min: 1, Max: 100,
			Doc: "steps towards the pseudo-inverse"},
		{Name: "conv", Kind: variants.Int, Default: "0", Min: 0, Max: 1 << 16, SizeOf: convKernel,
			FromInput: kernelSize, Doc: "size of the kernel that convolves the values, odd; 0 = no convolution"},
	}
}

// kernelSize reads the size off conv_kernel [heads, conv].
func kernelSize(t variants.Tensor) string {
	if len(t.Dims) != 2 {
		return ""
	}
	return strconv.Itoa(t.Dims[1])
}

func kernelDims(p *variants.Problem) [][]int {
	if p.Int("conv") == 0 {
		return nil
	}
	return [][]int{{p.Shape.Heads, p.Int("conv")}}
}

// drawKernel draws from U(-1/√conv, 1/√conv), as PyTorch initialises such a layer.
func drawKernel(_ *variants.Problem, dims []int, rng func(head int) *rand.Rand) variants.Tensor {
	t := variants.Tensor{Dims: dims, F32: make([]float32, dims[0]*dims[1])}
	for h := range dims[0] {
		stream := rng(h)
		for i := range dims[1] {
			t.F32[h*dims[1]+i] = float32((2*stream.Float64() - 1) / math.Sqrt(float64(dims[1])))
		}
	}
	return t
}

// check refuses what the declarations cannot express.
func check(p *variants.Problem) error {
	s, landmarks, conv := p.Shape, p.Int("landmarks"), p.Int("conv")
	for _, side := range []struct {
		name   string
		length int
	}{{"n", s.N}, {"s", s.S}} {
		if side.length%landmarks != 0 {
			return fmt.Errorf("%s = %d is no multiple of landmarks=%d: pad the input and mask the padding, "+
				"or take another number", side.name, side.length, landmarks)
		}
	}
	switch {
	case conv > 0 && conv%2 == 0:
		return fmt.Errorf("conv=%d is even: the kernel needs a middle, take an odd size", conv)
	case conv > 0 && s.Cross():
		return errors.New("a convolution of the values has no meaning for queries of another sequence: use conv=0")
	}
	return nil
}

// cost is spec §8: F and B with their values, A, the iteration and its product with B·V, the convolution.
func cost(p *variants.Problem) variants.Cost {
	s := p.Shape
	n, keys, d, e := float64(s.N), float64(s.S), float64(s.D), float64(s.E)
	l, steps, conv := float64(p.Int("landmarks")), float64(p.Int("iterations")), float64(p.Int("conv"))
	flops := 2*(n+keys)*l*(d+e) + 2*l*l*(d+e) + 8*steps*l*l*l + 2*n*e*conv
	heads := float64(s.Slices())
	return variants.Cost{FLOPs: heads * flops, Exps: heads * ((n+keys)*l + l*l)}
}

// backwardCost is that of the gradients of the three softmaxes, whose logits are computed again, of the
// iteration and its steps computed again, and of the convolution (spec §8).
func backwardCost(p *variants.Problem) variants.Cost {
	s := p.Shape
	n, keys, d, e := float64(s.N), float64(s.S), float64(s.D), float64(s.E)
	l, steps, conv := float64(p.Int("landmarks")), float64(p.Int("iterations")), float64(p.Int("conv"))
	flops := (n+keys)*l*(6*d+4*e) + l*l*(6*d+4*e) + 22*steps*l*l*l + 4*n*e*conv
	heads := float64(s.Slices())
	return variants.Cost{FLOPs: heads * flops, Exps: heads * ((n+keys)*l + l*l)}
}
