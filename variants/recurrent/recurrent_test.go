package recurrent

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"attnbench/variants"
	"attnbench/variants/variantstest"
)

// mixer declares a mixer whose logarithms of decays are spread over many orders of magnitude: runs are cut
// anywhere, and single tokens empty the state.
func mixer(decay Decay, delta bool) *variants.Mechanism {
	c := Config{Decay: decay, Gate: "gate", Scaled: true}
	dims := map[Decay]func(*variants.Problem) [][]int{
		PerHead: HeadsDims, PerToken: TokenDims, PerChannel: ChannelDims,
	}
	m := &variants.Mechanism{Name: "mixer", Inputs: []variants.Input{{
		Name: "gate", Learned: true, Gate: true, Dims: dims[decay], Draw: Draw(spread(decay)),
	}}}
	if delta {
		c.Step = "step"
		m.Inputs = append(m.Inputs, variants.Input{
			Name: "step", Learned: true, Gate: true, Dims: TokenDims, Draw: Draw(Steps),
		})
	}
	return Mixer{c, func(p *variants.Problem, head int) Recurrence {
		r := Recurrence{Scale: 1 / math.Sqrt(float64(p.Shape.D)), Decay: func(token, row int) float64 {
			switch decay {
			case PerHead:
				return float64(p.PerHead("gate", head, 1)[0])
			case PerToken:
				return math.Exp(float64(p.PerHead("gate", head, 2)[token]))
			}
			return math.Exp(float64(p.PerHead("gate", head, 3)[token*p.Shape.D+row]))
		}}
		if delta {
			r.Step = func(token int) float64 { return float64(p.PerHead("step", head, 2)[token]) }
		}
		return r
	}}.Declare(m)
}

func spread(decay Decay) func(*variants.Problem, *rand.Rand) func() float64 {
	return func(_ *variants.Problem, rng *rand.Rand) func() float64 {
		return func() float64 {
			log := -math.Exp(3*rng.NormFloat64() - 1)
			if decay == PerHead {
				return math.Exp(max(log, -1)) // still several runs a chunk
			}
			return log
		}
	}
}

func TestStrongDecays(t *testing.T) {
	for _, c := range []struct {
		decay Decay
		delta bool
	}{{PerHead, false}, {PerToken, false}, {PerChannel, false}, {PerToken, true}} {
		var cases []variantstest.Case
		for _, chunk := range []int{1, 10, 64, 128} {
			for _, n := range []int{130, 300} {
				cases = append(cases, variantstest.Case{
					Name:    fmt.Sprintf("decay %d,delta=%v,n=%d,chunk=%d", c.decay, c.delta, n, chunk),
					Shape:   variants.Shape{Batch: 2, Heads: 2, N: n, S: n, D: 12, E: 20, Causal: true},
					Options: fmt.Sprintf("chunk=%d", chunk), Tolerance: 2e-5,
				})
			}
		}
		variantstest.Run(t, mixer(c.decay, c.delta), cases)
	}
}

// TestExp2 compares with math.Exp2: a float32 of it is off by no more than one of the other.
func TestExp2(t *testing.T) {
	for x := 0.0; x > -126; x -= 0.0137 {
		if got, want := exp2(x), math.Exp2(x); math.Abs(got-want) > 1e-9*want {
			t.Fatalf("2^%v is %v, want %v", x, got, want)
		}
	}
	for x := range 126 {
		if got := exp2(-float64(x)); got != math.Ldexp(1, -x) {
			t.Errorf("2^-%d is %v", x, got)
		}
	}
	if got := exp2(-126.5); got != 0 {
		t.Errorf("2^-126.5 is %v: a number below the normal ones", got)
	}
}
