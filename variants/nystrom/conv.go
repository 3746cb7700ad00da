package nystrom

import (
	"slices"

	"attnbench/variants"
)

// convRows is the number of rows that are convolved together, as a product with a band matrix.
const convRows = 64

// convolution adds conv(V) to the output, or, backward, what that contributes to the gradient of V: then v
// stands for the gradient of the output, out for that of V, and the kernel is turned round.
type convolution struct {
	p        *variants.Problem
	backward bool
	size     int // of the kernel
	deep     int // rows of values that a full tile meets
	lde      int // columns of values, padded
	tiles    int
	bands    []float32   // [heads, convRows, deep]: row i holds the kernel from column i on
	values   [][]float32 // by worker: [deep, lde]
	sums     [][]float32 // by worker: [convRows, lde]
	out, v   variants.Floats
	step     func(worker, job int)
}

func newConvolution(p *variants.Problem, ws *variants.Workspace) *convolution {
	s, size := p.Shape, p.Int("conv")
	c := &convolution{p: p, size: size, deep: convRows + size - 1, lde: p.Kernels.Pad(s.E)}
	c.tiles = (s.N + convRows - 1) / convRows
	c.bands = variants.Alloc[float32](ws, s.Heads*convRows*c.deep)
	for range p.Pool.Threads() {
		c.values = append(c.values, variants.Alloc[float32](ws, min(c.deep, s.N)*c.lde))
		c.sums = append(c.sums, variants.Alloc[float32](ws, convRows*c.lde))
	}
	c.step = c.tile
	return c
}

func (c *convolution) prepare() {
	for h := range c.p.Shape.Heads {
		for i := range convRows {
			kernel := c.bands[(h*convRows+i)*c.deep+i:][:c.size]
			copy(kernel, c.p.PerHead(convKernel, h, 2))
			if c.backward {
				slices.Reverse(kernel)
			}
		}
	}
}

// run adds the convolution of v [batch, heads, n, e] to out.
func (c *convolution) run(out, v variants.Floats) {
	c.out, c.v = out, v
	c.p.Pool.Run(c.p.Shape.Slices()*c.tiles, c.step)
	c.out, c.v = variants.Floats{}, variants.Floats{}
}

// executed is the number of floating-point operations of run.
func (c *convolution) executed() int64 {
	var rows int64
	for i := range c.tiles {
		first, end, from, to := c.reach(i)
		rows += int64(end-first) * int64(to-from)
	}
	return 2 * int64(c.p.Shape.Slices()) * rows * int64(c.lde)
}

// reach is the i-th tile's rows [first, end) and the rows of values [from, to) that they meet.
func (c *convolution) reach(i int) (first, end, from, to int) {
	n, half := c.p.Shape.N, c.size/2
	first, end = i*convRows, min((i+1)*convRows, n)
	return first, end, max(0, first-half), min(n, end+half)
}

func (c *convolution) tile(worker, job int) {
	s, set := c.p.Shape, c.p.Kernels
	head, sums := job/c.tiles, c.sums[worker]
	first, end, from, to := c.reach(job % c.tiles)
	out := c.out.Slice((head*s.N+first)*s.E, (head*s.N+end)*s.E)
	copyRows(c.p, sums, c.lde, out, s.E)
	values := c.load(worker, head, from, to)
	band := c.bands[head%s.Heads*convRows*c.deep+from-(first-c.size/2):]
	set.Gemm(end-first, c.lde, to-from, band, c.deep, values, c.lde, sums, c.lde, true)
	if out.BF16 != nil {
		set.Narrow(end-first, s.E, out.BF16, s.E, sums, c.lde)
		return
	}
	valid := c.p.ValidKeys(head / s.Heads)
	for i := range end - first {
		if masked := valid != nil && !valid[first+i]; !masked || !c.backward {
			copy(out.F32[i*s.E:(i+1)*s.E], sums[i*c.lde:])
		}
	}
}

// load copies the rows [from, to) of a head's values and clears those of masked keys.
func (c *convolution) load(worker, head, from, to int) []float32 {
	s, values := c.p.Shape, c.values[worker]
	copyRows(c.p, values, c.lde, c.v.Slice((head*s.S+from)*s.E, (head*s.S+to)*s.E), s.E)
	if valid := c.p.ValidKeys(head / s.Heads); valid != nil && !c.backward {
		for j := from; j < to; j++ {
			if !valid[j] {
				clear(values[(j-from)*c.lde:][:s.E])
			}
		}
	}
	return values
}
