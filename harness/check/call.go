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
		Shape: shape, Options: options, Inputs: f.Tensors, Draw: s.Draw, Seed: s.Seed,
		AllowNonfinite: s.AllowNonfinite, Kernels: e.Kernels, Pool: e.Pool, Spread: e.Spread,
	})
	if err != nil {
		return nil, err
	}
	return &Call{Problem: p, Q: f.Tensors["q"].F32, K: f.Tensors["k"].F32, V: f.Tensors["v"].F32,
		batched: batched}, nil
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
