// Package check runs one mechanism on tensors that are given: the replay of golden files and the evaluation
// of a user's own input. It measures nothing and draws nothing that it was not asked to.
package check

import (
	"fmt"

	"attnbench/harness/tensorfile"
	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/work"
)

// Engine is what a call runs on.
type Engine struct {
	Kernels *kernel.Set
	Pool    *work.Pool
	// Spread uses every thread of the pool however small the problem is.
	Spread bool
}

// Call is one mechanism on the tensors of one file.
type Call struct {
	Problem *variants.Problem
	// Q, K and V are the file's tensors, rounded to the problem's number format. K is nil where the queries
	// serve as keys and the file has none.
	Q, K, V []float32
	DOut    []float32 // the gradient of the loss by the output; nil without Settings.Backward
	q, k, v variants.Floats
	batched bool // the file's tensors have a batch axis
}

// Settings of a call: what a file's tensors do not say.
type Settings struct {
	Options string // as on the command line
	Causal  bool
	Type    variants.ElementType // of operands and output
	Draw    bool                 // make absent side inputs from Seed
	Seed    uint64
	// Backward plans for gradients, of the loss by dout of the file.
	Backward bool
	// AllowNonfinite accepts NaN and Inf in side inputs.
	AllowNonfinite bool
}

// NewCall checks a file's tensors against each other and the mechanism against them. Its errors are one line.
func NewCall(m *variants.Mechanism, f *tensorfile.File, s Settings, e Engine) (*Call, error) {
	shape, batched, err := f.Shape(m.SharedQK)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	shape.Causal = s.Causal
	options, err := variants.ParseSettings(s.Options)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	p, err := m.Resolve(variants.Request{
		Shape: shape, Options: options, Inputs: f.Tensors, Draw: s.Draw, Seed: s.Seed, Type: s.Type,
		AllowNonfinite: s.AllowNonfinite, Kernels: e.Kernels, Pool: e.Pool, Spread: e.Spread, Backward: s.Backward,
	})
	if err != nil {
		return nil, err
	}
	c := &Call{Problem: p, batched: batched}
	for _, x := range []struct {
		name string
		wide *[]float32
		in   *variants.Floats
	}{{"q", &c.Q, &c.q}, {"k", &c.K, &c.k}, {"v", &c.V, &c.v}} {
		given := f.Tensors[x.name].F32
		*x.in = variants.F32s(given)
		if s.Type == variants.BF16 && given != nil {
			*x.in = Rounded(given)
		}
		*x.wide = Widened(*x.in)
	}
	if s.Backward {
		return c, c.takeDOut(f)
	}
	return c, nil
}

// OutDims is the shape of the output: q's, with the columns of v.
func (c *Call) OutDims() []int { return c.dims(c.Problem.Shape.N, c.Problem.Shape.E) }

// dims is the shape of a tensor of so many rows and columns for each head, with the file's batch axis.
func (c *Call) dims(rows, columns int) []int {
	s := c.Problem.Shape
	if c.batched {
		return []int{s.Batch, s.Heads, rows, columns}
	}
	return []int{s.Heads, rows, columns}
}

// Plan plans the problem and makes room for its output.
func (c *Call) Plan() (out variants.Floats, attention variants.Attention, memory variants.Memory) {
	s := c.Problem.Shape
	out = variants.F32s(make([]float32, s.Slices()*s.N*s.E))
	if c.Problem.Type == variants.BF16 {
		out = Rounded(out.F32)
	}
	attention, memory = c.Problem.Plan()
	return out, attention, memory
}

// Forward runs the planned problem once.
func (c *Call) Forward(attention variants.Attention, out variants.Floats) {
	attention.Forward(out, c.q, c.k, c.v)
}
