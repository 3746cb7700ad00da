package nystrom

import "attnbench/variants"

// kernels computes the gradients of the convolution: that of the values is the convolution of dout with the
// kernel turned round, and that of the kernel sums along the diagonals of dout·Vᵀ.
type kernels struct {
	conv   *convolution
	turned *convolution
	ld     int         // rows of values that a tile meets, padded
	values [][]float32 // by worker, as all below: [e, ld], transposed
	dots   [][]float32 // [convRows, ld]
	sums   [][]float64 // [conv]
	dout   []float32   // of the call: [batch, heads, n, e]
	dw     []float32   // [heads, conv]
	step   func(worker, job int)
}

func newKernels(ws *variants.Workspace, c *convolution) *kernels {
	x := &kernels{conv: c, turned: newConvolution(c.p, ws), ld: c.p.Kernels.Pad(c.deep)}
	x.turned.backward = true
	for range c.p.Pool.Threads() {
		x.values = append(x.values, variants.Alloc[float32](ws, c.p.Shape.E*x.ld))
		x.dots = append(x.dots, variants.Alloc[float32](ws, convRows*x.ld))
		x.sums = append(x.sums, variants.Alloc[float64](ws, c.size))
	}
	x.step = x.head
	return x
}

// run adds to the gradient of the values and stores that of conv_kernel.
func (x *kernels) run(to variants.Gradients, dout, v []float32) {
	x.turned.run(variants.F32s(to.V), variants.F32s(dout))
	x.conv.v, x.dout, x.dw = variants.F32s(v), dout, to.Inputs[convKernel]
	x.conv.p.Pool.Run(x.conv.p.Shape.Heads, x.step)
	x.conv.v, x.dout, x.dw = variants.Floats{}, nil, nil
}

// executed is the number of floating-point operations of run.
func (x *kernels) executed() int64 {
	c, sum := x.conv, int64(0)
	for i := range c.tiles {
		first, end, from, to := c.reach(i)
		sum += int64(end-first) * int64(c.p.Kernels.Pad(to-from))
	}
	return x.turned.executed() + 2*int64(c.p.Shape.Slices())*sum*int64(c.p.Shape.E)
}

// head computes the gradient of one head's kernel, over all batch elements.
func (x *kernels) head(worker, head int) {
	c, s, sums := x.conv, x.conv.p.Shape, x.sums[worker]
	clear(sums)
	for batch := range s.Batch {
		for i := range c.tiles {
			x.tile(worker, batch*s.Heads+head, i)
		}
	}
	for t, sum := range sums {
		x.dw[head*c.size+t] = float32(sum)
	}
}

// tile adds what the i-th tile of a slice contributes.
func (x *kernels) tile(worker, slice, i int) {
	c, s, set := x.conv, x.conv.p.Shape, x.conv.p.Kernels
	first, end, from, to := c.reach(i)
	values, dots, sums := x.values[worker], x.dots[worker], x.sums[worker]
	set.Pack(to-from, s.E, values, x.ld, c.load(worker, slice, from, to), c.lde, 1)
	dout := x.dout[(slice*s.N+first)*s.E:]
	set.Gemm(end-first, set.Pad(to-from), s.E, dout, s.E, values, x.ld, dots, x.ld, false)
	for row := first; row < end; row++ {
		for j := max(from, row-c.size/2); j < min(to, row+c.size/2+1); j++ {
			sums[j-row+c.size/2] += float64(dots[(row-first)*x.ld+j-from])
		}
	}
}
