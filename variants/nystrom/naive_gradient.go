package nystrom

import (
	"math"

	"attnbench/variants"
)

// naiveGradient differentiates naive, factor by factor from the left.
func naiveGradient(p *variants.Problem, h variants.Head, dout []float64) variants.HeadGradients {
	s, m, rows := p.Shape, newModel(p, h), len(h.Rows)
	var q []float64
	for _, i := range h.Rows {
		q = append(q, h.Q[i*s.D:(i+1)*s.D]...)
	}
	df := multiply(dout, transposed(m.w, m.l, s.E), rows, s.E, m.l)
	dw := multiply(transposed(m.f, rows, m.l), dout, m.l, rows, s.E)
	z := m.z[len(m.z)-1]
	dz := multiply(dw, transposed(m.bv, m.l, s.E), m.l, s.E, m.l)
	dbv := multiply(transposed(z, m.l, m.l), dw, m.l, m.l, s.E)
	db := multiply(dbv, transposed(h.V, s.S, s.E), m.l, s.E, s.S)

	dq, columnK := softmaxGradient(m.f, df, q, m.k, s.D)
	cornerQ, cornerK := softmaxGradient(m.a, m.invertGradient(dz), m.q, m.k, s.D)
	rowQ, dk := softmaxGradient(m.b, db, m.q, h.K, s.D)
	g := variants.HeadGradients{
		Q: make([]float64, s.N*s.D), K: dk, V: multiply(transposed(m.b, m.l, s.S), dbv, s.S, m.l, s.E),
	}
	for r, i := range h.Rows {
		copy(g.Q[i*s.D:(i+1)*s.D], dq[r*s.D:])
	}
	for i := range g.Q {
		at := i/s.D/(s.N/m.l)*s.D + i%s.D
		g.Q[i] += (cornerQ[at] + rowQ[at]) / float64(s.N/m.l)
	}
	for j := range g.K {
		segment := j / s.D / (s.S / m.l)
		if at := segment*s.D + j%s.D; m.valid(j / s.D) {
			g.K[j] += (columnK[at] + cornerK[at]) / m.counts[segment]
		}
	}
	m.convGradient(&g, h, dout)
	return g
}

// convGradient adds the gradients of the convolution.
func (m *model) convGradient(g *variants.HeadGradients, h variants.Head, dout []float64) {
	s, size := m.p.Shape, len(m.kernel)
	if size == 0 {
		return
	}
	dkernel := make([]float64, s.Heads*size)
	for t, weight := range m.kernel {
		for r, i := range h.Rows {
			j := i + t - size/2
			if j < 0 || j >= s.S || !m.valid(j) {
				continue
			}
			for c := range s.E {
				g.V[j*s.E+c] += weight * dout[r*s.E+c]
				dkernel[h.Head*size+t] += dout[r*s.E+c] * h.V[j*s.E+c]
			}
		}
	}
	g.Inputs = map[string][]float64{convKernel: dkernel}
}

// softmaxGradient is the gradient of queries and keys by that of the weights: with dS = P∘(dP - ΣP∘dP) along
// each row, dQ = dS·K/√d and dK = dSᵀ·Q/√d.
func softmaxGradient(weights, dweights, q, k []float64, d int) (dq, dk []float64) {
	rows, keys := len(q)/d, len(k)/d
	ds := make([]float64, len(weights))
	for i := range rows {
		var mean float64
		for j := range keys {
			mean += weights[i*keys+j] * dweights[i*keys+j]
		}
		for j := range keys {
			ds[i*keys+j] = weights[i*keys+j] * (dweights[i*keys+j] - mean) / math.Sqrt(float64(d))
		}
	}
	return multiply(ds, k, rows, keys, d), multiply(transposed(ds, rows, keys), q, keys, rows, d)
}

// invertGradient is the gradient of A by that of the last Z (spec §7.3).
func (m *model) invertGradient(dz []float64) []float64 {
	l := m.l
	turned := func(x []float64) []float64 { return transposed(x, l, l) }
	product := func(a, b []float64) []float64 { return multiply(a, b, l, l, l) }
	da := make([]float64, l*l)
	for step := len(m.z) - 2; step >= 0; step-- {
		z := m.z[step]
		x := product(m.a, z)
		b1 := minus(7, x, l)
		b2 := minus(15, product(x, b1), l)
		b3 := minus(13, product(x, b2), l)
		for i := range dz {
			dz[i] /= 4
		}
		db3 := product(turned(z), dz)
		db2 := minus(0, product(turned(x), db3), l)
		db1 := minus(0, product(turned(x), db2), l)
		dx := minus(0, plus(plus(db1, 1, product(db2, turned(b1))), 1, product(db3, turned(b2))), l)
		da = plus(da, 1, product(dx, turned(z)))
		dz = plus(product(dz, turned(b3)), 1, product(turned(m.a), dx))
	}
	column, top := m.largestColumn()
	if top == 0 {
		return da
	}
	var scale float64 // the gradient of the largest column sum
	for i := range l {
		for j := range l {
			da[i*l+j] += dz[j*l+i] / top
			scale -= dz[j*l+i] * m.a[i*l+j] / (top * top)
		}
	}
	for i := range l {
		da[i*l+column] += scale
	}
	return da
}

// plus is a + f·b.
func plus(a []float64, f float64, b []float64) []float64 {
	c := make([]float64, len(a))
	for i := range c {
		c[i] = a[i] + f*b[i]
	}
	return c
}
