package check

import (
	"math"

	"attnbench/variants"
)

// Errors are the two errors of a call, never mixed: against the target of its fidelity, and against its own
// definition.
type Errors struct {
	Relative       float64 // ‖out - exact‖_F / ‖exact‖_F over all rows; NaN where the mechanism is Unrelated
	Implementation float64 // the same against the mechanism's definition: finds bugs
}

// Errors compares an output of the call with float64 results. The implementation error takes sampled rows
// above SampleLimit.
func (c *Call) Errors(out []float32, seed uint64) Errors {
	p, t := c.Problem, Tensors{c.Q, c.K, c.V}
	all, some := AllRows(p.Shape.N), SampleRows(p.Shape.N, SampleLimit, SampleCount, seed)
	e := Errors{Relative: math.NaN(), Implementation: c.distance(out, p.Mechanism.Definition, t, some)}
	if p.Mechanism.Unrelated == "" {
		e.Relative = c.distance(out, Target(p.Mechanism), t, all)
	}
	return e
}

func (c *Call) distance(out []float32, definition variants.Definition, t Tensors, rows []int) float64 {
	p, s := c.Problem, c.Problem.Shape
	live := func(p *variants.Problem, h variants.Head) []float64 {
		h.Rows = LiveRows(p, h.Batch, h.Rows)
		return definition(p, h)
	}
	var d Distance
	for slice, want := range Float64(p, live, t, rows) {
		d.Add(out[slice*s.N*s.E:(slice+1)*s.N*s.E], want, LiveRows(p, slice/s.Heads, rows), s.E)
	}
	return d.Relative()
}
