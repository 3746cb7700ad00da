package performer

import (
	"math"

	"attnbench/variants"
)

// slope is the gradient by one token's features, which are value·exp(exponent - c) + ε.
type slope struct {
	value, exponent []float64
	top             float64 // by the u that c is taken from, where the stabiliser is not a constant
}

func newSlope(features int) *slope {
	return &slope{value: make([]float64, features), exponent: make([]float64, features)}
}

// add chains dφ [features], the gradient by the features of t under the stabiliser c, and returns the one
// by c.
func (s *slope) add(t token, c float64, dφ []float64) (dc float64) {
	for r, dx := range dφ {
		power := math.Exp(t.exponent[r] - c)
		s.value[r] += dx * power
		s.exponent[r] += dx * t.value[r] * power
		dc -= dx * t.value[r] * power
	}
	return dc
}

// pull takes the slope of a token back to its vector x, [d].
func (f definition) pull(x []float64, t token, s *slope) []float64 {
	m, root := len(f.omega)/f.d, math.Pow(float64(f.d), 0.25)
	dh, du := 0.0, make([]float64, m)
	per := len(t.value) / m // features of a row of omega
	for r := range du {
		omega, u := f.omega[r*f.d:][:f.d], 0.0
		for c, w := range omega {
			u += w * x[c] / root
		}
		for i := r * per; i < (r+1)*per; i++ {
			switch first := i == r*per; {
			case f.kernel == "trig" && first:
				du[r] -= s.value[i] * math.Sin(u)
				dh += s.exponent[i]
			case f.kernel == "trig":
				du[r] += s.value[i] * math.Cos(u)
				dh += s.exponent[i]
			case f.kernel == "relu":
				if u > 0 {
					du[r] += s.value[i]
				}
			case f.kernel == "hyperbolic" && first: // exp(-u - h)
				du[r] -= s.exponent[i] + s.topAt(t, i)
				dh -= s.exponent[i]
			default: // exp(u - h)
				du[r] += s.exponent[i] + s.topAt(t, i)
				dh -= s.exponent[i]
			}
		}
	}
	dx := make([]float64, f.d)
	for c := range dx {
		dx[c] = dh * x[c] / math.Sqrt(float64(f.d))
		for r, slope := range du {
			dx[c] += slope * f.omega[r*f.d+c] / root
		}
	}
	return dx
}

// topAt is the gradient by c at the feature that c is taken from: the first of the largest.
func (s *slope) topAt(t token, i int) float64 {
	if i == t.at {
		return s.top
	}
	return 0
}

// backward is the gradient of one head under construction.
type backward struct {
	definition
	shape   variants.Shape
	k, v    []float64
	valid   []bool
	global  bool      // the stabiliser of a causal row is that of all keys
	through bool      // gradients flow through the stabilisers
	tops    []float64 // by key: gradient by the stabilisers that are taken from it
}

// gradient differentiates naive by the rule of spec §3.4: with G_i = [g_i/z_i, -(g_i·o_i)/z_i] and
// V_j = [v_j, 1]
//
//	∂φ(q_i) = (Σ_j φ(k_j) V_jᵀ)·G_i    ∂φ(k_j) = (Σ_i φ(q_i) G_iᵀ)·V_j    ∂v_j = Σ_i φ(q_i)·φ(k_j) g_i/z_i
//
// where causal sums go over j ≤ i. With detach=false it follows the stabilisers to the first token and
// feature that has the maximum. What is scale-free in them, everything but ε, has no gradient there.
func gradient(p *variants.Problem, h variants.Head, dout []float64) variants.HeadGradients {
	b := &backward{definition: newDefinition(p, h), shape: p.Shape, k: h.K, v: h.V, valid: p.ValidKeys(h.Batch)}
	b.global, b.tops = p.Text("stabilizer") == "global", make([]float64, p.Shape.S)
	b.through = p.Text("detach") == "false" && exponential(p) && b.eps > 0
	g := variants.HeadGradients{
		Q: make([]float64, len(h.Q)), K: make([]float64, len(h.K)), V: make([]float64, len(h.V)),
	}
	b.ofKeys(b.ofQueries(h, columns(p), dout, g.Q), g.K, g.V)
	return g
}

// row is what the gradients of keys need of an output row.
type row struct {
	at       int
	features []float64
	g        []float64 // G
	c        float64   // stabiliser of its keys
}

// ofQueries computes dq [n, d], going through the rows from first to last.
func (b *backward) ofQueries(h variants.Head, features int, dout, dq []float64) (rows []row) {
	e := b.shape.E
	s, from, next := newSums(features, e), 0, 0
	if b.shape.Causal && b.global {
		s.c, from = b.highest()
	}
	for r, i := range h.Rows {
		for ; next < b.end(i); next++ {
			if !b.seen(next) {
				continue
			}
			t := b.key(next)
			if t.top > s.c {
				from = next
			}
			s.add(t, b.v[next*e:][:e])
		}
		q := h.Q[i*b.d:][:b.d]
		t := b.features(q)
		φ := b.values(t, t.top)
		g := b.upstream(s.total(φ, b.eps), dout[r*e:][:e])
		if g == nil {
			continue
		}
		dφ, dc := make([]float64, features), 0.0
		for x, part := range s.part {
			for c, u := range g {
				dφ[x] += (part[c] + b.eps*s.plain[c]) * u
				dc -= φ[x] * part[c] * u
			}
		}
		slope := newSlope(features)
		dcQuery := slope.add(t, t.top, dφ)
		if b.through {
			slope.top = dcQuery
			b.tops[from] += dc
		}
		copy(dq[i*b.d:], b.pull(q, t, slope))
		rows = append(rows, row{i, φ, g, s.c})
	}
	return rows
}

// upstream is G of a row whose numerators and denominator are total; nil if it is 0.
func (b *backward) upstream(total, dout []float64) []float64 {
	e := len(dout)
	z, g := total[e], make([]float64, e+1)
	if z == 0 {
		return nil
	}
	for c, u := range dout {
		g[c] = u / z
		g[e] -= u * total[c] / (z * z)
	}
	return g
}

// ofKeys computes dk [s, d] and dv [s, e], going through the keys from last to first. The sum over rows that
// see a key is relative to the smallest of their stabilisers, which falls on the way; what ε adds is kept
// apart.
func (b *backward) ofKeys(rows []row, dk, dv []float64) {
	e := b.shape.E
	var sum [][]float64 // by feature
	plain, c := make([]float64, e+1), math.Inf(1)
	for j := b.shape.S - 1; j >= 0; j-- {
		for len(rows) > 0 && b.end(rows[len(rows)-1].at) > j {
			r := rows[len(rows)-1]
			rows = rows[:len(rows)-1]
			sum = addRow(sum, r, math.Exp(r.c-c))
			c = r.c
			for _, φ := range r.features {
				for x, u := range r.g {
					plain[x] += b.eps * φ * u
				}
			}
		}
		if !b.seen(j) || sum == nil {
			continue
		}
		t, v1 := b.key(j), append(append([]float64(nil), b.v[j*e:][:e]...), 1)
		dφ, slope := make([]float64, len(t.value)), newSlope(len(t.value))
		copy(dv[j*e:][:e], plain)
		for r, part := range sum {
			for x, y := range v1 {
				dφ[r] += part[x] * y
			}
			power := t.value[r] * math.Exp(t.exponent[r]-c)
			for x := range e {
				dv[j*e+x] += power * part[x]
			}
		}
		slope.add(t, c, dφ)
		slope.top = b.tops[j]
		copy(dk[j*b.d:], b.pull(b.k[j*b.d:][:b.d], t, slope))
	}
}

// addRow adds the products of a row's features with its G to factor times sum, which is nil at first.
func addRow(sum [][]float64, r row, factor float64) [][]float64 {
	if sum == nil {
		sum = make([][]float64, len(r.features))
		for i := range sum {
			sum[i] = make([]float64, len(r.g))
		}
	}
	for i, φ := range r.features {
		for c, u := range r.g {
			sum[i][c] = factor*sum[i][c] + φ*u
		}
	}
	return sum
}

// end is the number of keys that row i sees.
func (b *backward) end(i int) int {
	if b.shape.Causal {
		return i + 1
	}
	return b.shape.S
}

func (b *backward) seen(j int) bool { return b.valid == nil || b.valid[j] }

func (b *backward) key(j int) token { return b.features(b.k[j*b.d:][:b.d]) }

// highest is the stabiliser of all keys, and the first that has it.
func (b *backward) highest() (c float64, from int) {
	c = math.Inf(-1)
	for j := range b.shape.S {
		if b.seen(j) && b.key(j).top > c {
			c, from = b.key(j).top, j
		}
	}
	return c, from
}
