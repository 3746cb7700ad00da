package nystrom

import (
	"math"

	"attnbench/variants"
)

// naive is the definition, matrix by matrix.
func naive(p *variants.Problem, h variants.Head) []float64 {
	m := newModel(p, h)
	out := multiply(m.f, m.w, len(h.Rows), m.l, p.Shape.E)
	for t, weight := range m.kernel {
		for r, i := range h.Rows {
			j := i + t - len(m.kernel)/2
			if j < 0 || j >= p.Shape.S || !m.valid(j) {
				continue
			}
			for c := range p.Shape.E {
				out[r*p.Shape.E+c] += weight * h.V[j*p.Shape.E+c]
			}
		}
	}
	return out
}

// model holds the matrices of the package comment for one head; F has the wanted rows.
type model struct {
	p      *variants.Problem
	l      int // landmarks
	keys   []bool
	counts []float64 // valid keys of each segment
	q, k   []float64 // landmarks, [L, d]
	f      []float64 // [rows, L]
	a      []float64 // [L, L]
	b      []float64 // [L, s]
	bv     []float64 // B·V, [L, e]
	z      [][]float64
	w      []float64 // Z·(B·V), [L, e]
	kernel []float64
}

func newModel(p *variants.Problem, h variants.Head) *model {
	s, l := p.Shape, p.Int("landmarks")
	m := &model{p: p, l: l, keys: p.ValidKeys(h.Batch), counts: make([]float64, l)}
	m.q, m.k = make([]float64, l*s.D), make([]float64, l*s.D)
	for i := range s.N {
		for c := range s.D {
			m.q[i/(s.N/l)*s.D+c] += h.Q[i*s.D+c] / float64(s.N/l)
		}
	}
	for j := range s.S {
		if m.valid(j) {
			m.counts[j/(s.S/l)]++
		}
	}
	for j := range s.S {
		for c := range s.D {
			if segment := j / (s.S / l); m.valid(j) {
				m.k[segment*s.D+c] += h.K[j*s.D+c] / m.counts[segment]
			}
		}
	}
	var rows []float64
	for _, i := range h.Rows {
		rows = append(rows, h.Q[i*s.D:(i+1)*s.D]...)
	}
	landmark := func(j int) bool { return m.counts[j] > 0 }
	m.f, m.a = softmax(rows, m.k, s.D, landmark), softmax(m.q, m.k, s.D, landmark)
	m.b = softmax(m.q, h.K, s.D, m.valid)
	m.bv = multiply(m.b, h.V, l, s.S, s.E)
	m.invert()
	m.w = multiply(m.z[len(m.z)-1], m.bv, l, l, s.E)
	if p.Int("conv") > 0 {
		m.kernel = variants.Float64(p.PerHead(convKernel, h.Head, 2))
	}
	return m
}

func (m *model) valid(key int) bool { return m.keys == nil || m.keys[key] }

// invert computes z: Z₀ = Aᵀ over the largest column sum of A, then Z ← ¼Z(13I - AZ(15I - AZ(7I - AZ))).
func (m *model) invert() {
	l := m.l
	z := make([]float64, l*l)
	if _, top := m.largestColumn(); top > 0 {
		for i := range l {
			for j := range l {
				z[j*l+i] = m.a[i*l+j] / top
			}
		}
	}
	m.z = [][]float64{z}
	for range m.p.Int("iterations") {
		x := multiply(m.a, z, l, l, l)
		b1 := minus(7, x, l)
		b2 := minus(15, multiply(x, b1, l, l, l), l)
		b3 := minus(13, multiply(x, b2, l, l, l), l)
		z = multiply(z, b3, l, l, l)
		for i := range z {
			z[i] /= 4
		}
		m.z = append(m.z, z)
	}
}

// largestColumn is the column of A with the largest sum, the first one on ties, and that sum.
func (m *model) largestColumn() (column int, top float64) {
	for j := range m.l {
		var sum float64
		for i := range m.l {
			sum += m.a[i*m.l+j]
		}
		if sum > top {
			column, top = j, sum
		}
	}
	return column, top
}

// minus is a·I - x.
func minus(a float64, x []float64, l int) []float64 {
	y := make([]float64, l*l)
	for i := range y {
		y[i] = -x[i]
		if i/l == i%l {
			y[i] += a
		}
	}
	return y
}

// multiply is a·b of a [m, k] and b [k, n].
func multiply(a, b []float64, m, k, n int) []float64 {
	c := make([]float64, m*n)
	for i := range m {
		for p := range k {
			for j := range n {
				c[i*n+j] += a[i*k+p] * b[p*n+j]
			}
		}
	}
	return c
}

// transposed is xᵀ of x [rows, columns].
func transposed(x []float64, rows, columns int) []float64 {
	y := make([]float64, len(x))
	for i := range rows {
		for j := range columns {
			y[j*rows+i] = x[i*columns+j]
		}
	}
	return y
}

// softmax is that of q·kᵀ/√d along the keys that are valid, 0 where none is.
func softmax(q, k []float64, d int, valid func(key int) bool) []float64 {
	rows, keys := len(q)/d, len(k)/d
	weights := multiply(q, transposed(k, keys, d), rows, d, keys)
	for i := range rows {
		row, top, sum := weights[i*keys:(i+1)*keys], math.Inf(-1), 0.0
		for j := range row {
			row[j] /= math.Sqrt(float64(d))
			if valid(j) {
				top = max(top, row[j])
			}
		}
		for j := range row {
			if !valid(j) {
				row[j] = 0
				continue
			}
			row[j] = math.Exp(row[j] - top)
			sum += row[j]
		}
		for j := range row {
			if valid(j) {
				row[j] /= sum
			}
		}
	}
	return weights
}
