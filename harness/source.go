package harness

import (
	"fmt"
	"slices"
	"strings"

	"attnbench/harness/check"
	"attnbench/harness/inputs"
	"attnbench/variants"
)

// source is where a block's q, k and v come from: seeded Gaussian numbers, one head of a shipped set, or all
// heads of a user's file, which are one call.
type source struct {
	typed string      // as on the command line
	set   *inputs.Set // nil: Gaussian
	head  int         // of a shipped set; -1 takes every head
}

// newSources loads an input: a shipped set is one source per head, because its heads come from different
// layers and are independent problems.
func newSources(name string, known []string) ([]source, error) {
	if name == inputs.GaussianName {
		return []source{{typed: name, head: -1}}, nil
	}
	set, err := inputs.Load(name)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(known, name) {
		return []source{{typed: name, set: set, head: -1}}, nil
	}
	sources := make([]source, len(set.Heads))
	for i := range sources {
		sources[i] = source{typed: name, set: set, head: i}
	}
	return sources, nil
}

// name is the input's name in results.
func (s source) name() string {
	if s.set == nil {
		return s.typed
	}
	return s.set.Name
}

// label is the head's name and kind as results write it; empty where a call takes every head.
func (s source) label() string {
	if s.head < 0 {
		return ""
	}
	h := s.set.Heads[s.head]
	if h.Kind == "" {
		return h.Name
	}
	return h.Name + "." + strings.ReplaceAll(h.Kind, " ", "-")
}

// shape is the shape of a set's problem of n queries.
func (s source) shape(n int) variants.Shape {
	shape := variants.Shape{
		Batch: s.set.Batch, Heads: len(s.set.Heads) / s.set.Batch, N: n, S: s.set.S - s.set.N + n, D: s.set.D,
		E:      s.set.E,
		Causal: s.set.Causal,
	}
	if s.head >= 0 {
		shape.Batch, shape.Heads = 1, 1
	}
	return shape
}

// side are the side inputs that come with the input.
func (s source) side() map[string]variants.Tensor {
	if s.set == nil {
		return nil
	}
	return s.set.Side
}

// tensors returns q, k and v of the shape, in memory of their own.
func (s source) tensors(seed uint64, shape variants.Shape) check.Tensors {
	var t check.Tensors
	switch {
	case s.set == nil:
		t.Q, t.K, t.V = inputs.Gaussian(seed, shape)
	case s.head >= 0:
		q, k, v := s.set.QKV(s.head, shape.N)
		t.Q, t.K, t.V = slices.Clone(q), slices.Clone(k), slices.Clone(v)
	default:
		for h := range s.set.Heads {
			q, k, v := s.set.QKV(h, shape.N)
			t.Q, t.K, t.V = append(t.Q, q...), append(t.K, k...), append(t.V, v...)
		}
	}
	return t
}

// key tells inputs apart within a run.
func (s source) key() string { return fmt.Sprintf("%s/%d", s.typed, s.head) }
