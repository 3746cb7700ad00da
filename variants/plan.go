package variants

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// Memory predicts the bytes of the plan without allocating it; Work equals what Plan allocates, to the byte.
func (p *Problem) Memory() Memory {
	ws := &Workspace{dry: true}
	if p.Decode {
		p.Mechanism.NewDecoder(p, ws)
	} else {
		p.Mechanism.New(p, ws)
	}
	return p.memory(ws)
}

// memory is what a plan took from its workspace, and parameters.
func (p *Problem) memory(ws *Workspace) Memory {
	return Memory{Work: ws.bytes, Saved: ws.saved, State: ws.state, Param: p.paramBytes(), Copied: ws.copied}
}

func (p *Problem) paramBytes() int64 {
	var bytes int64
	for _, t := range p.inputs {
		bytes += t.Bytes()
	}
	for _, m := range p.missing {
		bytes += int64(Tensor{Dims: m.dims}.Len()) * m.input.Type.Size()
	}
	return bytes
}

// Plan draws the absent side inputs, allocates the workspace and prepares the mechanism. It returns the plan
// and the bytes that it holds.
func (p *Problem) Plan() (Attention, Memory) {
	p.DrawInputs()
	ws := &Workspace{}
	attention := p.Mechanism.New(p, ws)
	if prepared, ok := attention.(Preparer); ok {
		prepared.Prepare()
	}
	return attention, p.memory(ws)
}

// DrawInputs makes the absent side inputs; Plan and definitions need them. Calling it again changes nothing.
func (p *Problem) DrawInputs() {
	for _, m := range p.missing {
		stream := func(head int) *rand.Rand { return Stream(p.seed, p.Mechanism.Name+"/"+m.input.Name, head) }
		p.inputs[m.input.Name] = m.input.Draw(p, m.dims, stream)
	}
	p.missing = nil
}

// Drawn reports the names of side inputs that Plan will draw, sorted.
func (p *Problem) Drawn() []string {
	names := map[string]bool{}
	for _, m := range p.missing {
		names[m.input.Name] = true
	}
	return slices.Sorted(maps.Keys(names))
}
