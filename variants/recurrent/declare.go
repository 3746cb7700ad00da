package recurrent

import (
	"fmt"

	"attnbench/variants"
)

// Mixer is what a mechanism declares beside its name, title, paper and side inputs: the rest follows.
type Mixer struct {
	Config Config
	// Recurrence is the definition, for one head of a batch element.
	Recurrence func(p *variants.Problem, head int) Recurrence
}

// maxChunk is the largest number of tokens of a chunk.
const maxChunk = 4096

// Declare completes the declaration of a mixer.
func (x Mixer) Declare(m *variants.Mechanism) *variants.Mechanism {
	m.Role, m.Family = variants.Approximation, "recurrent"
	m.Time, m.Memory = variants.Growth{Text: "n·d", Exponent: 1}, variants.Growth{Text: "d²", Exponent: 0}
	m.Options = []variants.Option{{Name: "chunk", Default: "64", Min: 1, Max: maxChunk,
		Doc: "tokens taken at a time: 1 is the recurrence, n the parallel form; the function is the same"}}
	m.OnlyCausal = "the state is made of the past"
	m.NoCross = "the token that changes the state also reads it"
	m.NoMask = "every token changes the state; leave masked ones out"
	m.Unrelated = "trained differently: made to do without softmax, not to stand in for it"
	m.Derive = x.Config.check
	m.New = func(p *variants.Problem, ws *variants.Workspace) variants.Attention { return New(p, ws, x.Config) }
	m.Cost = x.Config.cost(4, 6)
	m.Definition = func(p *variants.Problem, h variants.Head) []float64 {
		return x.Recurrence(p, h.Head).Output(p, h)
	}
	m.Gradient = x.gradient
	m.BackwardCost = x.Config.cost(8, 14)
	m.NewDecoder = func(p *variants.Problem, ws *variants.Workspace) variants.Decoder {
		return NewDecoder(p, ws, x.Config)
	}
	m.DecodeCost = func(p *variants.Problem) variants.Cost { return x.Config.work(p, 4, 6, 1) }
	return m
}

// gradient is the derivative of the definition.
func (x Mixer) gradient(p *variants.Problem, h variants.Head, dout []float64) variants.HeadGradients {
	slopes, s := x.Recurrence(p, h.Head).Gradient(p, h, dout), p.Shape
	g := variants.HeadGradients{Q: slopes.Q, K: slopes.K, V: slopes.V, Inputs: map[string][]float64{}}
	if name := x.Config.Step; name != "" {
		g.Inputs[name] = place(p, name, h.Head, slopes.Step)
	}
	decay := slopes.Decay // of [n, d]
	switch x.Config.Decay {
	case None:
		return g
	case PerHead:
		gamma := float64(p.PerHead(x.Config.Gate, h.Head, 1)[0])
		decay = []float64{0}
		for _, y := range slopes.Decay {
			decay[0] += y / gamma
		}
	case PerToken:
		decay = make([]float64, s.N)
		for i, y := range slopes.Decay {
			decay[i/s.D] += y
		}
	}
	g.Inputs[x.Config.Gate] = place(p, x.Config.Gate, h.Head, decay)
	return g
}

// place puts a head's part into an array like the whole side input.
func place(p *variants.Problem, name string, head int, part []float64) []float64 {
	t, _ := p.Input(name)
	all := make([]float64, t.Len())
	copy(all[head*len(part):], part)
	return all
}

// check refuses decays that let a state grow.
func (c Config) check(p *variants.Problem) error {
	t, _ := p.Input(c.Gate)
	for i, x := range t.F32 {
		switch {
		case c.Decay == PerHead && (x <= 0 || x > 1):
			return fmt.Errorf("%s holds %v at element %d: it must be above 0 and at most 1", c.Gate, x, i)
		case c.Decay != PerHead && x > 0:
			return fmt.Errorf("%s holds %v at element %d: the logarithm of a decay is at most 0", c.Gate, x, i)
		}
	}
	return nil
}

// cost is spec §8: so many products of n·d·e in all, by the plain recurrence or the delta rule.
func (c Config) cost(plain, delta float64) func(p *variants.Problem) variants.Cost {
	return func(p *variants.Problem) variants.Cost { return c.work(p, plain, delta, p.Shape.N) }
}

// work is that of some tokens of every head.
func (c Config) work(p *variants.Problem, plain, delta float64, tokens int) variants.Cost {
	s := p.Shape
	each, all := plain, float64(s.Slices()*tokens)
	if c.Step != "" {
		each = delta
	}
	cost := variants.Cost{FLOPs: each * all * float64(s.D) * float64(s.E)}
	switch c.Decay {
	case PerToken:
		cost.Exps = all
	case PerChannel:
		cost.Exps = all * float64(s.D)
	}
	return cost
}

// HeadsDims, TokenDims and ChannelDims are the shapes of side inputs: [heads], [heads, n], [heads, n, d].
func HeadsDims(p *variants.Problem) [][]int { return [][]int{{p.Shape.Heads}} }

// TokenDims is [heads, n].
func TokenDims(p *variants.Problem) [][]int { return [][]int{{p.Shape.Heads, p.Shape.N}} }

// ChannelDims is [heads, n, d].
func ChannelDims(p *variants.Problem) [][]int { return [][]int{{p.Shape.Heads, p.Shape.N, p.Shape.D}} }
