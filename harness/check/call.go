// Package check runs one mechanism on tensors that are given: the replay of golden files and the evaluation of a user's own
// input. It measures nothing and draws nothing that it was not asked to.
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
}

// Call is one mechanism on the tensors of one file.
type Call struct {
	Problem *variants.Problem
	Q, K, V []float32 // K is nil where the queries serve as keys and the file has none
	batched bool      // the file's tensors have a batch axis
}

// Settings of a call: what a file's tensors do not say.
type Settings struct {
	Options string // as on the command line
	Causal  bool
	Draw    bool // make absent side inputs from Seed
	Seed    uint64
	// AllowNonfinite accepts NaN and Inf in side inputs.
	AllowNonfinite bool
}

// NewCall checks a file's tensors against each other and the mechanism against them. Its errors are one line.
func NewCall(m *variants.Mechanism, f *tensorfile.File, s Settings, e Engine) (*Call, error) {
	shape, batched, err := shapeOf(f, m.SharedQK)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	shape.Causal = s.Causal
	options, err := variants.ParseSettings(s.Options)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	p, err := m.Resolve(variants.Request{
		Shape: shape, Options: options, Inputs: f.Tensors, Draw: s.Draw, Seed: s.Seed, AllowNonfinite: s.AllowNonfinite,
		Kernels: e.Kernels, Pool: e.Pool,
	})
	if err != nil {
		return nil, err
	}
	return &Call{Problem: p, Q: f.Tensors["q"].F32, K: f.Tensors["k"].F32, V: f.Tensors["v"].F32, batched: batched}, nil
}

// shapeOf reads the shape off q, k and v: [heads, rows, columns] each, or all with a batch axis before that. Where queries serve
// as keys k is not looked at.
func shapeOf(f *tensorfile.File, sharedQK bool) (s variants.Shape, batched bool, err error) {
	q, k, v := f.Tensors["q"], f.Tensors["k"], f.Tensors["v"]
	if sharedQK { // as many keys as values: a difference to n is then a cross form, which the mechanism refuses
		k = variants.Tensor{Dims: append([]int(nil), q.Dims...), F32: q.F32}
		if len(v.Dims) == len(q.Dims) && len(q.Dims) > 2 {
			k.Dims[len(k.Dims)-2] = v.Dims[len(v.Dims)-2]
		}
	}
	for _, t := range []struct {
		name   string
		tensor variants.Tensor
	}{{"q", q}, {"k", k}, {"v", v}} {
		switch dims := t.tensor.Dims; {
		case dims == nil:
			return s, false, fmt.Errorf("%s is missing: a tensor file needs q, k and v", t.name)
		case t.tensor.F32 == nil:
			return s, false, fmt.Errorf("%s is %v: it must be float32, float16 or bfloat16", t.name, t.tensor.Type())
		case len(dims) != 3 && len(dims) != 4:
			return s, false, fmt.Errorf("%s is %s: it must be [heads, rows, columns] or [batch, heads, rows, columns]",
				t.name, variants.FormatDims(dims))
		case len(dims) != len(q.Dims):
			return s, false, fmt.Errorf("q is %s and %s is %s: all or none must have a batch axis",
				variants.FormatDims(q.Dims), t.name, variants.FormatDims(dims))
		}
	}
	qd, kd, vd := last4(q.Dims), last4(k.Dims), last4(v.Dims)
	s = variants.Shape{Batch: qd[0], Heads: qd[1], N: qd[2], S: kd[2], D: qd[3], E: vd[3]}
	return s, len(q.Dims) == 4, agree(qd, kd, vd)
}

func last4(dims []int) [4]int {
	if len(dims) == 3 {
		return [4]int{1, dims[0], dims[1], dims[2]}
	}
	return [4]int(dims)
}

func agree(q, k, v [4]int) error {
	for axis, name := range []string{"batch size", "number of heads"} {
		if q[axis] != k[axis] || q[axis] != v[axis] {
			return fmt.Errorf("q, k and v differ in %s (%d, %d, %d): repeat k and v for grouped queries",
				name, q[axis], k[axis], v[axis])
		}
	}
	if q[3] != k[3] {
		return fmt.Errorf("q has d = %d, k has d = %d: they must be equal", q[3], k[3])
	}
	if k[2] != v[2] {
		return fmt.Errorf("k has %d rows, v has %d: they must be equal", k[2], v[2])
	}
	return nil
}

// OutDims is the shape of the output: q's, with the columns of v.
func (c *Call) OutDims() []int {
	s := c.Problem.Shape
	if c.batched {
		return []int{s.Batch, s.Heads, s.N, s.E}
	}
	return []int{s.Heads, s.N, s.E}
}

// Forward plans the problem and runs it once.
func (c *Call) Forward() (out []float32, attention variants.Attention, memory variants.Memory) {
	s := c.Problem.Shape
	out = make([]float32, s.Slices()*s.N*s.E)
	attention, memory = c.Problem.Plan()
	attention.Forward(out, c.Q, c.K, c.V)
	return out, attention, memory
}
