package recurrent

import (
	"slices"

	"attnbench/variants"
)

// Recurrence is a mixer in float64, token by token: what definitions are written with. It shares nothing with
// the engine.
type Recurrence struct {
	// Scale is that of queries.
	Scale float64
	// Decay returns what row of the state is multiplied by before a token is taken. Nil: nothing.
	Decay func(token, row int) float64
	// Step returns β of a token. Nil: tokens add k vᵀ as it is, not by the delta rule.
	Step func(token int) float64
}

// token is what a token does to the state [d, e].
type token struct {
	before  []float64 // the state
	decayed []float64 // a ∘ before
	missed  []float64 // v - decayedᵀ k, or v
	u       []float64 // β times that
	after   []float64 // decayed + k uᵀ
}

// Output computes the wanted rows of a head.
func (r Recurrence) Output(p *variants.Problem, h variants.Head) []float64 {
	d, e := p.Shape.D, p.Shape.E
	state, out := make([]float64, d*e), []float64{}
	for t, next := 0, 0; next < len(h.Rows); t++ {
		state = r.take(h, state, t, d, e).after
		if h.Rows[next] == t {
			row := make([]float64, e)
			addRead(row, state, h.Q[t*d:(t+1)*d], r.Scale)
			out = append(out, row...)
			next++
		}
	}
	return out
}

// take takes one token.
func (r Recurrence) take(h variants.Head, state []float64, t, d, e int) token {
	k, beta := h.K[t*d:(t+1)*d], 1.0
	x := token{
		before: state, decayed: make([]float64, d*e), missed: slices.Clone(h.V[t*e : (t+1)*e]),
		u: make([]float64, e), after: make([]float64, d*e),
	}
	for i := range d {
		decay := r.decay(t, i)
		for c := range e {
			x.decayed[i*e+c] = decay * state[i*e+c]
		}
	}
	if r.Step != nil {
		addRead(x.missed, x.decayed, k, -1)
		beta = r.Step(t)
	}
	for c, y := range x.missed {
		x.u[c] = beta * y
	}
	for i := range d {
		for c := range e {
			x.after[i*e+c] = x.decayed[i*e+c] + k[i]*x.u[c]
		}
	}
	return x
}

func (r Recurrence) decay(t, row int) float64 {
	if r.Decay == nil {
		return 1
	}
	return r.Decay(t, row)
}

// addRead adds scale · Sᵀ x.
func addRead(out, state, x []float64, scale float64) {
	for i, y := range x {
		for c := range out {
			out[c] += scale * y * state[i*len(out)+c]
		}
	}
}

// Slopes are the gradients of one head.
type Slopes struct {
	Q, K, V []float64
	// Decay [n, d] is that of the logarithm of Decay, Step [n] that of Step.
	Decay, Step []float64
}

// Gradient differentiates Output: it goes back through the tokens with the slope of the state (spec §7.7).
// States are kept for every few tokens and made again between those.
func (r Recurrence) Gradient(p *variants.Problem, h variants.Head, dout []float64) Slopes {
	d, e, n := p.Shape.D, p.Shape.E, p.Shape.N
	g := Slopes{make([]float64, n*d), make([]float64, n*d), make([]float64, n*e), make([]float64, n*d),
		make([]float64, n)}
	const few = 64
	kept, state := [][]float64{}, make([]float64, d*e)
	for t := range n {
		if t%few == 0 {
			kept = append(kept, state)
		}
		state = r.take(h, state, t, d, e).after
	}
	slope, next := make([]float64, d*e), len(h.Rows)-1 // by the state behind token t
	for i := len(kept) - 1; i >= 0; i-- {
		var tokens []token
		for t := i * few; t < min((i+1)*few, n); t++ {
			tokens = append(tokens, r.take(h, kept[i], t, d, e))
			kept[i] = tokens[len(tokens)-1].after
		}
		for j := len(tokens) - 1; j >= 0; j-- {
			t := i*few + j
			if next >= 0 && h.Rows[next] == t {
				r.pullRead(tokens[j], slope, h.Q[t*d:(t+1)*d], dout[next*e:(next+1)*e], g.Q[t*d:(t+1)*d])
				next--
			}
			r.pullToken(tokens[j], slope, h.K[t*d:(t+1)*d], t, g)
		}
	}
	return g
}

// pullRead adds what an output row does to the slopes of the state and the query.
func (r Recurrence) pullRead(x token, slope, q, dout, dq []float64) {
	for i := range q {
		for c, y := range dout {
			slope[i*len(dout)+c] += r.Scale * q[i] * y
			dq[i] += r.Scale * x.after[i*len(dout)+c] * y
		}
	}
}

// pullToken turns the slope of the state after a token into that of the state before it.
func (r Recurrence) pullToken(x token, slope, k []float64, t int, g Slopes) {
	d, e := len(k), len(x.u)
	du := make([]float64, e)
	addRead(du, slope, k, 1)
	for c, y := range du {
		g.Step[t] += y * x.missed[c]
		if r.Step != nil {
			du[c] *= r.Step(t)
		}
	}
	copy(g.V[t*e:], du)
	for i := range d {
		a := r.decay(t, i)
		for c := range e {
			s := &slope[i*e+c]
			g.K[t*d+i] += *s * x.u[c]
			if r.Step != nil {
				g.K[t*d+i] -= x.decayed[i*e+c] * du[c]
				*s -= k[i] * du[c]
			}
			*s *= a
			g.Decay[t*d+i] += *s * x.before[i*e+c]
		}
	}
}
