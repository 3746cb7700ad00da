package nystrom

import "attnbench/variants"

// inverse computes Z and Z·(B·V), one head a job.
type inverse struct {
	p        *variants.Problem
	l, ld    int // landmarks, and padded to vectors
	e, lde   int // columns of values, and padded
	scratch  []iteration
	w, a, bv []float32 // of the last call
	first    int       // of the heads at hand
	step     func(worker, job int)
}

// iteration is one worker's memory: matrices [L][ld], and values [L][lde].
type iteration struct {
	a, z, next, x, b, c []float32
	values, product     []float32
}

func newInverse(p *variants.Problem, ws *variants.Workspace) *inverse {
	l, e := p.Int("landmarks"), p.Shape.E
	v := &inverse{p: p, l: l, ld: p.Kernels.Pad(l), e: e, lde: p.Kernels.Pad(e)}
	for range p.Pool.Threads() {
		var t iteration
		for _, x := range []*[]float32{&t.a, &t.z, &t.next, &t.x, &t.b, &t.c} {
			*x = variants.Alloc[float32](ws, l*v.ld)
		}
		t.values, t.product = variants.Alloc[float32](ws, l*v.lde), variants.Alloc[float32](ws, l*v.lde)
		v.scratch = append(v.scratch, t)
	}
	v.step = v.head
	return v
}

// run computes so many heads of w [slices, L, e] = Z·bv from a [slices, L, L] and bv [slices, L, e].
func (v *inverse) run(w, a, bv []float32, first, count int) {
	v.w, v.a, v.bv, v.first = w, a, bv, first
	v.p.Pool.Run(count, v.step)
}

// executed is the number of floating-point operations of run.
func (v *inverse) executed() int64 {
	products := int64(4*v.p.Int("iterations")*v.ld + v.lde)
	return 2 * int64(v.p.Shape.Slices()) * int64(v.l*v.l) * products
}

func (v *inverse) head(worker, job int) {
	head := v.first + job
	l, e, t := v.l, v.e, &v.scratch[worker]
	v.start(t, v.a[head*l*l:(head+1)*l*l])
	for range v.p.Int("iterations") {
		v.improve(t)
	}
	v.load(t.values, v.bv, head)
	v.p.Kernels.Gemm(l, v.lde, l, t.z, v.ld, t.values, v.lde, t.product, v.lde, false)
	for i := range l {
		copy(v.w[(head*l+i)*e:][:e], t.product[i*v.lde:])
	}
}

// load copies a head's rows of x [slices, L, e] to rows of lde.
func (v *inverse) load(into, x []float32, head int) {
	for i := range v.l {
		copy(into[i*v.lde:], x[(head*v.l+i)*v.e:][:v.e])
	}
}

// start stores -A and Z₀ = Aᵀ over the largest column sum of A.
func (v *inverse) start(t *iteration, a []float32) {
	top, _ := v.largestColumn(a)
	for i := range v.l {
		for j, x := range a[i*v.l : (i+1)*v.l] {
			t.a[i*v.ld+j] = -x
			if t.z[j*v.ld+i] = 0; top > 0 {
				t.z[j*v.ld+i] = x / top
			}
		}
	}
}

// largestColumn is the largest column sum of A and the first column that has it.
func (v *inverse) largestColumn(a []float32) (top float32, column int) {
	for j := range v.l {
		var sum float32
		for i := range v.l {
			sum += a[i*v.l+j]
		}
		if sum > top {
			top, column = sum, j
		}
	}
	return top, column
}

// improve is one step: Z ← ¼Z(13I - AZ(15I - AZ(7I - AZ))).
func (v *inverse) improve(t *iteration) {
	v.multiply(t.x, t.a, t.z, false) // -AZ
	copy(t.b, t.x)
	v.addUnit(t.b, 7)
	v.unit(t.c, 15)
	v.multiply(t.c, t.x, t.b, true)
	v.unit(t.b, 13)
	v.multiply(t.b, t.x, t.c, true)
	v.multiply(t.next, t.z, t.b, false)
	for i := range t.next {
		t.next[i] *= 0.25
	}
	t.z, t.next = t.next, t.z
}

// multiply computes c = a·b, or c += a·b, of matrices [L][ld].
func (v *inverse) multiply(c, a, b []float32, add bool) {
	v.p.Kernels.Gemm(v.l, v.ld, v.l, a, v.ld, b, v.ld, c, v.ld, add)
}

// unit stores f·I.
func (v *inverse) unit(x []float32, f float32) {
	clear(x)
	v.addUnit(x, f)
}

func (v *inverse) addUnit(x []float32, f float32) {
	for i := range v.l {
		x[i*v.ld+i] += f
	}
}
