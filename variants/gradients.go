package variants

import (
	"maps"
	"slices"
)

// Learned are the learned side inputs that the problem uses, given or still to be drawn, with their dims:
// those that have a gradient.
func (p *Problem) Learned() map[string][]int {
	dims := map[string][]int{}
	for _, in := range p.Mechanism.Inputs {
		if t, ok := p.inputs[in.Name]; ok && in.differentiated(p) {
			dims[in.Name] = t.Dims
		}
	}
	for _, m := range p.missing {
		if m.input.differentiated(p) {
			dims[m.input.Name] = m.dims
		}
	}
	return dims
}

// differentiated reports whether the input has a gradient.
func (in *Input) differentiated(p *Problem) bool {
	return in.Learned && (in.Frozen == nil || !in.Frozen(p))
}

// NewLearnedGradients makes room for the gradients of the learned side inputs, by name.
func (p *Problem) NewLearnedGradients() map[string][]float32 {
	inputs := map[string][]float32{}
	for name, dims := range p.Learned() {
		inputs[name] = make([]float32, Tensor{Dims: dims}.Len())
	}
	return inputs
}

// NewGradients makes room for every gradient of the problem; K is nil where queries serve as keys.
func (p *Problem) NewGradients() Gradients {
	s := p.Shape
	g := Gradients{
		Q: make([]float32, s.Slices()*s.N*s.D), V: make([]float32, s.Slices()*s.S*s.E),
		Inputs: p.NewLearnedGradients(),
	}
	if !p.Mechanism.SharedQK {
		g.K = make([]float32, s.Slices()*s.S*s.D)
	}
	return g
}

// Each calls f with every gradient that is there, by the name that golden files have: "dq", "dk", "dv", then
// those of side inputs, sorted.
func (g Gradients) Each(f func(name string, x []float32)) {
	for _, x := range []struct {
		name string
		data []float32
	}{{"dq", g.Q}, {"dk", g.K}, {"dv", g.V}} {
		if x.data != nil {
			f(x.name, x.data)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(g.Inputs)) {
		f("d"+name, g.Inputs[name])
	}
}
