package peers

import (
	"fmt"
	"slices"
	"strings"

	"attnbench/variants"
)

// mallocOption is the option that every peer has which allocates.
const mallocOption = "malloc"

// Adopted is a peer with the mechanism that it implements.
type Adopted struct {
	*Peer
	// Mechanism resolves problems as the suite's mechanism does, under the peer's name and with its refusals.
	// It has no plan of its own.
	Mechanism *variants.Mechanism
	// Dials has the options that a user can set, those that cells are named with.
	Dials *variants.Mechanism

	fixed []variants.Setting
}

// Adopt joins a peer and the mechanism among all that it implements.
func Adopt(p *Peer, all []*variants.Mechanism) (*Adopted, error) {
	names := make([]string, len(all))
	for i, m := range all {
		names[i] = m.Name
	}
	i := slices.Index(names, p.Implements)
	if i < 0 {
		return nil, fmt.Errorf("peer %s implements %q, which is no mechanism%s", p.Name, p.Implements,
			variants.DidYouMean(p.Implements, names))
	}
	fixed, err := variants.ParseSettings(p.Options)
	if err != nil {
		return nil, fmt.Errorf("peer %s: %w", p.Name, err)
	}
	a := &Adopted{Peer: p, Mechanism: p.mechanism(all[i]), fixed: fixed}
	a.Dials = &variants.Mechanism{Name: p.Name}
	for _, name := range p.Knobs {
		knob, err := all[i].Option(name)
		if err != nil {
			return nil, fmt.Errorf("peer %s: %w", p.Name, err)
		}
		a.Dials.Options = append(a.Dials.Options, *knob)
	}
	if p.Malloc {
		a.Dials.Options = append(a.Dials.Options, variants.Option{
			Name: mallocOption, Kind: variants.Choice, Default: string(Default),
			Choices: []string{string(Default), string(Tuned)}, Doc: "setting of the C library's allocator",
		})
	}
	return a, nil
}

// mechanism is the suite's mechanism under the peer's name.
func (p *Peer) mechanism(implemented *variants.Mechanism) *variants.Mechanism {
	m := *implemented
	m.Name, m.Title, m.Summary, m.Paper = p.Name, p.Title, p.Summary, p.Source
	m.NoMask, m.NoCross = "adapters take no key mask", "adapters take queries and keys of one length"
	if p.NoCausal != "" {
		m.NoCausal = p.NoCausal
	}
	if p.OnlyCausal != "" {
		m.OnlyCausal = p.OnlyCausal
	}
	m.New, m.Leaks = nil, nil
	m.NewDecoder, m.DecodeCost, m.NoDecode = nil, nil, "adapters take whole sequences"
	if !p.Same {
		m.Definition, m.Pairs = nil, nil
	}
	return &m
}

// Settings splits what a user set into what the mechanism is asked for, the peer's own settings among it, and
// the allocator's setting, empty where the user set none.
func (a *Adopted) Settings(asked []variants.Setting) ([]variants.Setting, Malloc) {
	settings, malloc := slices.Clone(asked), Malloc("")
	if i := slices.IndexFunc(settings, called(mallocOption)); i >= 0 {
		malloc = Malloc(settings[i].Value)
		settings = slices.Delete(settings, i, i+1)
	}
	for _, s := range a.fixed {
		if !slices.ContainsFunc(settings, called(s.Name)) {
			settings = append(settings, s)
		}
	}
	return settings, malloc
}

func called(name string) func(variants.Setting) bool {
	return func(s variants.Setting) bool { return s.Name == name }
}

// Usual are the settings under which a peer is measured where a user asks for none: both of the allocator,
// where that matters.
func (a *Adopted) Usual() [][]variants.Setting {
	if !a.Malloc {
		return [][]variants.Setting{nil}
	}
	return [][]variants.Setting{nil, {{Name: mallocOption, Value: string(Tuned)}}}
}

// Formats are the number formats that the peer works on.
func (p *Peer) Formats() []string {
	if len(p.Types) == 0 {
		return []string{variants.F32.Short()}
	}
	return p.Types
}

// Bytes is the memory that a process of the peer is expected to take on a shape: what it is before any input,
// operands with copies, and scores.
func (p *Peer) Bytes(s variants.Shape) int64 {
	const mib, float, copies = 1 << 20, 4, 4
	rows := int64(s.N)*int64(s.D+s.E) + int64(s.S)*int64(s.D+s.E)
	scores := p.Scores * float64(s.N) * float64(s.S) * float * float64(s.Slices())
	return p.ResidentMiB*mib + copies*float*rows*int64(s.Slices()) + int64(scores)
}

// Python reports whether the peer is started by the Python interpreter.
func (p *Peer) Python() bool {
	return slices.ContainsFunc(p.Command, func(s string) bool { return strings.Contains(s, interpreter) })
}

// Values are the options of a problem as adapters get them.
func (a *Adopted) Values(p *variants.Problem) map[string]string {
	values := map[string]string{}
	for _, o := range a.Mechanism.Options {
		values[o.Name] = p.Text(o.Name)
	}
	return values
}

// Inputs draws the side inputs of a problem and returns them. Where the peer's heads share them, all heads
// get the first head's.
func (a *Adopted) Inputs(p *variants.Problem) map[string]variants.Tensor {
	p.DrawInputs()
	inputs := map[string]variants.Tensor{}
	for _, in := range a.Mechanism.Inputs {
		t, ok := p.Input(in.Name)
		if !ok {
			continue
		}
		if a.ShareInputs && len(t.Dims) > 2 {
			size := t.Len() / t.Dims[0]
			for head := 1; head < t.Dims[0]; head++ {
				copy(t.F32[head*size:(head+1)*size], t.F32[:size])
			}
		}
		inputs[in.Name] = t
	}
	return inputs
}
