package check

import (
	"context"
	"fmt"
	"slices"

	"attnbench/harness/tensorfile"
	"attnbench/variants"
)

// takeDOut reads the gradient of the loss by the output, which is shaped like the output.
func (c *Call) takeDOut(f *tensorfile.File) error {
	name, want := c.Problem.Mechanism.Name, c.OutDims()
	t, ok := f.Tensors["dout"]
	switch {
	case !ok:
		return fmt.Errorf("%s: dout is missing: gradients need it, %s like the output",
			name, variants.FormatDims(want))
	case t.Type() != variants.F32:
		return fmt.Errorf("%s: dout is %v: it must be F32, F16 or BF16", name, t.Type())
	case !slices.Equal(t.Dims, want):
		return fmt.Errorf("%s: dout is %s: it must be %s like the output",
			name, variants.FormatDims(t.Dims), variants.FormatDims(want))
	}
	c.DOut = t.F32
	return nil
}

// Backward computes the gradients of the planned problem from its last Forward, which wrote out.
func (c *Call) Backward(attention variants.Attention, g variants.Gradients, out variants.Floats) {
	attention.(variants.Differentiable).Backward(g, c.DOut, out.F32, c.Q, c.K, c.V)
}

// NewGradients makes room for the gradients, poisoned.
func (c *Call) NewGradients() variants.Gradients {
	g := c.Problem.NewGradients()
	Poison(g)
	return g
}

// Named are the gradients as tensors of a file: "dq", "dk", "dv" in the dims of q, k and v, "dNAME" in those
// of the side input.
func (c *Call) Named(g variants.Gradients) map[string]variants.Tensor {
	s := c.Problem.Shape
	dims := map[string][]int{"dq": c.dims(s.N, s.D), "dk": c.dims(s.S, s.D), "dv": c.dims(s.S, s.E)}
	for name, d := range c.Problem.Learned() {
		dims["d"+name] = d
	}
	tensors := map[string]variants.Tensor{}
	g.Each(func(name string, x []float32) { tensors[name] = variants.Tensor{Dims: dims[name], F32: x} })
	return tensors
}

// GradientError compares the gradients of the planned problem with the definition's. g, which Backward
// filled, is compared as it is up to GradientLimit rows; above, Backward runs again on seeded rows of dout.
func (c *Call) GradientError(
	ctx context.Context, attention variants.Attention, g variants.Gradients, out variants.Floats, seed uint64,
) (GradientError, error) {
	p := c.Problem
	rows, part := GradientRows(p.Shape.N, seed), *c
	if len(rows) < p.Shape.N {
		part.DOut = make([]float32, len(c.DOut))
		CopyRows(part.DOut, c.DOut, p.Shape, rows)
		g = part.NewGradients()
		part.Backward(attention, g, out)
	}
	return CompareGradients(ctx, p, Tensors{c.Q, c.K, c.V}, part.DOut, rows, g)
}
