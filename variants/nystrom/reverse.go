package nystrom

import "attnbench/variants"

// reverse computes the gradients of A and B·V by that of Z·(B·V), one head a job (spec §7.3). The steps of
// the iteration are computed again.
type reverse struct {
	*inverse
	memory      []steps
	da, dbv, dw []float32 // of the call
	back        func(worker, job int)
}

// steps is one worker's memory: matrices [L][ld], and values [L][lde].
type steps struct {
	z          [][]float32 // Z₀, Z₁, …
	b1, b2, b3 []float32
	g, next    []float32 // the gradient of Z
	d, d2      []float32
	dx, da     []float32 // the gradients of AZ and of A, negative
	turned     []float32 // [max(L, e)][ld]: a transpose
	dw, dbv    []float32
}

func newReverse(ws *variants.Workspace, v *inverse) *reverse {
	r := &reverse{inverse: v}
	for range v.p.Pool.Threads() {
		m := steps{z: make([][]float32, v.p.Int("iterations")+1)}
		for i := range m.z {
			m.z[i] = variants.Alloc[float32](ws, v.l*v.ld)
		}
		for _, x := range []*[]float32{&m.b1, &m.b2, &m.b3, &m.g, &m.next, &m.d, &m.d2, &m.dx, &m.da} {
			*x = variants.Alloc[float32](ws, v.l*v.ld)
		}
		m.turned = variants.Alloc[float32](ws, max(v.l, v.e)*v.ld)
		m.dw, m.dbv = variants.Alloc[float32](ws, v.l*v.lde), variants.Alloc[float32](ws, v.l*v.lde)
		r.memory = append(r.memory, m)
	}
	r.back = r.backHead
	return r
}

// run computes da [slices, L, L] and dbv [slices, L, e] from dw [slices, L, e]. A and B·V are those of the
// last Forward.
func (r *reverse) run(da, dbv, dw []float32) {
	r.da, r.dbv, r.dw = da, dbv, dw
	r.p.Pool.Run(r.p.Shape.Slices(), r.back)
	r.da, r.dbv, r.dw = nil, nil, nil
}

// executed is the number of floating-point operations of run.
func (r *reverse) executed() int64 {
	products := r.l*r.l*(15*r.p.Int("iterations")*r.ld+r.lde) + r.l*r.e*r.ld
	return 2 * int64(r.p.Shape.Slices()) * int64(products)
}

func (r *reverse) backHead(worker, head int) {
	l, e, t, m := r.l, r.e, &r.scratch[worker], &r.memory[worker]
	a := r.a[head*l*l : (head+1)*l*l]
	r.start(t, a)
	copy(m.z[0], t.z)
	for i := range m.z[1:] {
		r.improve(t)
		copy(m.z[i+1], t.z)
	}
	r.load(t.values, r.bv, head)
	r.load(m.dw, r.dw, head)
	set, z := r.p.Kernels, m.z[len(m.z)-1]
	set.Pack(l, e, m.turned, r.ld, t.values, r.lde, 1)
	set.Gemm(l, r.ld, e, m.dw, r.lde, m.turned, r.ld, m.g, r.ld, false) // dZ = dW·(B·V)ᵀ
	set.GemmT(l, r.lde, l, z, r.ld, m.dw, r.lde, m.dbv, r.lde, false)
	for i := range l {
		copy(r.dbv[(head*l+i)*e:][:e], m.dbv[i*r.lde:])
	}
	clear(m.da)
	for i := len(m.z) - 2; i >= 0; i-- {
		r.step(t, m, m.z[i])
	}
	r.finish(r.da[head*l*l:(head+1)*l*l], a, m)
}

// step takes the gradient of Z one step back: from that of ¼Z(13I - AZ(15I - AZ(7I - AZ))).
func (r *reverse) step(t *iteration, m *steps, z []float32) {
	r.multiply(t.x, t.a, z, false) // -AZ
	copy(m.b1, t.x)
	r.addUnit(m.b1, 7)
	r.unit(m.b2, 15)
	r.multiply(m.b2, t.x, m.b1, true)
	r.unit(m.b3, 13)
	r.multiply(m.b3, t.x, m.b2, true)
	for i := range m.g {
		m.g[i] *= 0.25
	}
	r.multiplyT(m.d, z, m.g, false) // of B3
	r.timesT(m, m.dx, m.d, m.b2, false)
	r.multiplyT(m.d2, t.x, m.d, false) // of B2
	r.timesT(m, m.dx, m.d2, m.b1, true)
	r.multiplyT(m.dx, t.x, m.d2, true) // of B1
	r.timesT(m, m.da, m.dx, z, true)
	r.timesT(m, m.next, m.g, m.b3, false)
	r.multiplyT(m.next, t.a, m.dx, true)
	m.g, m.next = m.next, m.g
}

// finish stores the gradient of A, with that of Z₀ = Aᵀ over the largest column sum.
func (r *reverse) finish(da, a []float32, m *steps) {
	top, column := r.largestColumn(a)
	var sum float32 // of dZ₀∘Aᵀ
	for i := range r.l {
		for j := range r.l {
			at := i*r.l + j
			da[at] = -m.da[i*r.ld+j]
			if top > 0 {
				da[at] += m.g[j*r.ld+i] / top
				sum += m.g[j*r.ld+i] * a[at]
			}
		}
	}
	for i := range r.l {
		if top > 0 {
			da[i*r.l+column] -= sum / (top * top)
		}
	}
}

// multiplyT computes c = aᵀ·b, or c += aᵀ·b, of matrices [L][ld].
func (r *reverse) multiplyT(c, a, b []float32, add bool) {
	r.p.Kernels.GemmT(r.l, r.ld, r.l, a, r.ld, b, r.ld, c, r.ld, add)
}

// timesT computes c = a·bᵀ, or c += a·bᵀ.
func (r *reverse) timesT(m *steps, c, a, b []float32, add bool) {
	r.p.Kernels.Pack(r.l, r.l, m.turned, r.ld, b, r.ld, 1)
	r.multiply(c, a, m.turned, add)
}
