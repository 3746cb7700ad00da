// Package longformer is sliding-window attention with global tokens (Beltagy, Peters and Cohan 2020, arXiv
// 2004.05150; spec §5).
//
// Query i sees the keys i + t·dilation with |t| ≤ window/2 (t ≤ 0 if causal) and every global token, each
// once, under one softmax. A global token sees every key, with projections of its own where they are given.
// Time O(n·(window + globals)).
package longformer

import (
	"errors"
	"fmt"
	"slices"

	"attnbench/variants"
)

// Mechanism declares longformer.
func Mechanism() *variants.Mechanism {
	return &variants.Mechanism{
		Name: "longformer", Title: "Longformer",
		Summary: "a sliding window, dilated or not, and a few global tokens",
		Paper:   "Beltagy, Peters and Cohan 2020, arXiv 2004.05150",
		Role:    variants.Approximation, Family: "pattern",
		Time:    variants.Growth{Text: "n·w", Exponent: 1},
		Memory:  variants.Growth{Text: "n", Exponent: 1},
		NoCross: "a sliding window needs queries and keys of one sequence",
		Options: options(),
		Inputs:  inputs(),
		Fidelity: []variants.Fidelity{
			{Causal: true, Options: "window=512,globals=4,causal_global=true"},
			{Causal: false, Options: "window=64"},
		},
		Derive:     check,
		Cost:       cost,
		Pairs:      pairs,
		New:        newPlan,
		Definition: naive,

		Gradient: naiveGradient, BackwardCost: backwardCost,
		NewDecoder: newDecoder, DecodeCost: decodeCost,
	}
}

func options() []variants.Option {
	return []variants.Option{
		{Name: "window", Kind: variants.Int, Default: "512", Min: 2, Max: 2 * variants.MaxLength, Even: true,
			Doc: "keys of the window on both sides together, the token itself not counted"},
		{Name: "dilation", Kind: variants.Ints, Default: "1", Min: 1, Max: variants.MaxLength,
			Doc: "distance of neighbouring keys in the window, 1 = no gaps; one number or one per head"},
		{Name: "globals", Kind: variants.Int, Default: "0", Min: 0, Max: variants.MaxLength,
			Doc: "the first so many tokens are global"},
		{Name: "causal_global", Kind: variants.Bool, Default: "false",
			Doc: "causal only: allow global tokens, which see and are seen by nothing later than a row itself"},
	}
}

const globalIndex = "global_index"

func inputs() []variants.Input {
	return []variants.Input{
		{Name: globalIndex, Type: variants.I64, Optional: true, Doc: "positions of the global tokens, in any order",
			Layout: "[globals]", Dims: func(p *variants.Problem) [][]int {
				t, _ := p.Input(globalIndex)
				return [][]int{{len(t.I64)}}
			}},
		own("q_global", "queries", "[heads, n, d]", func(s variants.Shape) int { return s.D }),
		own("k_global", "keys", "[heads, n, d]", func(s variants.Shape) int { return s.D }),
		own("v_global", "values", "[heads, n, e]", func(s variants.Shape) int { return s.E }),
	}
}

// own declares one of the three tensors that rows of global tokens use in place of q, k and v.
func own(name, what, layout string, columns func(s variants.Shape) int) variants.Input {
	return variants.Input{
		Name: name, Type: variants.F32, Optional: true, Learned: true,
		Doc:    what + " for the rows of global tokens, instead of " + name[:1],
		Layout: layout,
		Dims: func(p *variants.Problem) [][]int {
			return [][]int{{p.Shape.Heads, p.Shape.N, columns(p.Shape)}}
		},
	}
}

// check refuses what the declarations cannot express.
func check(p *variants.Problem) error {
	if d := len(p.Ints("dilation")); d != 1 && d != p.Shape.Heads {
		return fmt.Errorf("dilation lists %d values for %d heads: give one value, or one per head",
			d, p.Shape.Heads)
	}
	if err := checkProjections(p); err != nil {
		return err
	}
	if err := checkGlobals(p); err != nil {
		return err
	}
	if p.Decode && len(globals(p)) > 0 {
		return errors.New("does not decode with global tokens: a global row sees keys that the ring buffer of " +
			"the window has dropped; leave the global tokens out")
	}
	if p.Shape.Causal && len(globals(p)) > 0 && !p.Bool("causal_global") {
		return errors.New("causal attention with global tokens leaks the future: set causal_global=true, " +
			"where a global token is seen by later rows only, or leave the global tokens out")
	}
	return nil
}

func checkProjections(p *variants.Problem) error {
	var given, absent []string
	for _, name := range []string{"q_global", "k_global", "v_global"} {
		if _, ok := p.Input(name); ok {
			given = append(given, name)
		} else {
			absent = append(absent, name)
		}
	}
	if len(given) > 0 && len(absent) > 0 {
		return fmt.Errorf("%s is given without %s: give q_global, k_global and v_global, or none of them",
			given[0], absent[0])
	}
	return nil
}

func checkGlobals(p *variants.Problem) error {
	n := p.Shape.N
	_, given := p.Input(globalIndex)
	switch first := p.Int("globals"); {
	case first > 0 && given:
		return fmt.Errorf("globals=%d and global_index are both given: leave one of them out", first)
	case first > n:
		return fmt.Errorf("globals=%d: there are only n = %d tokens", first, n)
	}
	index := globals(p)
	for i, g := range index {
		switch {
		case g < 0 || g >= int64(n):
			return fmt.Errorf("global_index holds %d: it must be between 0 and n-1 = %d", g, n-1)
		case i > 0 && g == index[i-1]:
			return fmt.Errorf("global_index holds %d twice: name each global token once", g)
		}
		for b := range p.Shape.Batch {
			if valid := p.ValidKeys(b); valid != nil && !valid[g] {
				return fmt.Errorf("global token %d is masked in key_mask: a masked token cannot be global", g)
			}
		}
	}
	return nil
}

// globals returns the positions of the global tokens, ascending.
func globals(p *variants.Problem) []int64 {
	if t, ok := p.Input(globalIndex); ok {
		return slices.Sorted(slices.Values(t.I64))
	}
	index := make([]int64, p.Int("globals"))
	for i := range index {
		index[i] = int64(i)
	}
	return index
}

// dilation returns the dilation of one head of a batch element.
func dilation(p *variants.Problem, head int) int {
	list := p.Ints("dilation")
	return list[head%len(list)]
}
