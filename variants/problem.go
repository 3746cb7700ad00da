package variants

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"attnbench/variants/kernel"
	"attnbench/variants/work"
)

// Request is what a caller asks of a mechanism.
type Request struct {
	Shape   Shape
	Options []Setting
	// Inputs are the side inputs that are given, key_mask among them. Names that the mechanism does not know are
	// ignored.
	Inputs map[string]Tensor
	// Draw makes absent side inputs from Seed; otherwise a request that lacks one is refused.
	Draw bool
	Seed uint64
	// DrawGates draws gates too, by which no output can be judged.
	DrawGates bool
	// AllowNonfinite accepts NaN and Inf in side inputs.
	AllowNonfinite bool

	Kernels *kernel.Set
	Pool    *work.Pool
	// Type is the number format of q, k, v and out: F32 or BF16. Work is in float32 either way.
	Type ElementType
	// Backward plans for gradients: Forward keeps what Backward needs.
	Backward bool
	// Decode plans for one token at a time: the shape's n and s are the most tokens that there will be.
	Decode bool
	// Spread uses every thread of the pool however small the problem is. Otherwise a call of about 200 µs or
	// less stays on one: waking another would cost what it saves.
	Spread bool
}

// Problem is a checked request: one mechanism, one shape, all options set. Its methods serve the mechanism's
// functions.
type Problem struct {
	Mechanism *Mechanism
	Shape     Shape
	Kernels   *kernel.Set
	Pool      *work.Pool
	Type      ElementType // of q, k, v and out
	Backward  bool        // the plan is Differentiable
	Decode    bool        // the plan is a Decoder
	// Valid is the key mask, [batch, s]; nil where every key is valid.
	Valid []bool

	seed    uint64
	values  map[string]string
	given   map[string]bool
	inputs  map[string]Tensor
	missing []missing
}

// missing is a side input that Plan draws.
type missing struct {
	input *Input
	dims  []int
}

// Resolve checks a request against the declaration, sets every option and returns the problem. Its errors are
// one line that names the mechanism, the limit and what to do. Nothing large is allocated.
func (m *Mechanism) Resolve(r Request) (*Problem, error) {
	p := &Problem{
		Mechanism: m, Shape: r.Shape, Kernels: r.Kernels, Pool: r.Pool, Type: r.Type, Backward: r.Backward,
		Decode: r.Decode, seed: r.Seed,
		values: map[string]string{}, given: map[string]bool{}, inputs: map[string]Tensor{},
	}
	steps := []func(Request) error{
		p.checkDecode, p.checkShape, p.checkPass, p.setMask, p.setOptions, p.setInputs,
	}
	for _, step := range steps {
		if err := step(r); err != nil {
			return nil, fmt.Errorf("%s: %w", m.Name, err)
		}
	}
	if !r.Spread && p.callCost().FLOPs < smallCall(r.Kernels) {
		p.Pool = work.NewPool(1) // has nothing to close
	}
	return p, nil
}

// smallCall is the work of a call of about 200 µs, judged by the register tile: half a dozen operations a
// nanosecond without vectors, some sixty with them.
func smallCall(set *kernel.Set) float64 {
	const perElement, widest = 125e3, 96
	return perElement * float64(min(set.Panel*set.Rows, widest))
}

func (p *Problem) checkShape(r Request) error {
	m := p.Mechanism
	if err := r.Shape.Validate(); err != nil {
		return err
	}
	if r.Shape.Causal && m.NoCausal != "" {
		return errors.New("not causal: " + m.NoCausal)
	}
	if !r.Shape.Causal && m.OnlyCausal != "" {
		return fmt.Errorf("always causal: %s: set causal", m.OnlyCausal)
	}
	if r.Shape.Cross() && m.NoCross != "" {
		return fmt.Errorf("n = %d and s = %d differ: %s", r.Shape.N, r.Shape.S, m.NoCross)
	}
	return nil
}

// checkPass refuses gradients that the mechanism does not compute and number formats that they have none in.
func (p *Problem) checkPass(r Request) error {
	switch {
	case r.Backward && p.Mechanism.Gradient == nil:
		return errors.New("computes no gradients: use pass forward")
	case r.Backward && r.Type != F32:
		return fmt.Errorf("gradients are computed in %v only, not in %v", F32, r.Type)
	case r.Type != F32 && r.Type != BF16:
		return fmt.Errorf("operands are %v or %v, not %v", F32, BF16, r.Type)
	}
	return nil
}

func (p *Problem) setMask(r Request) error {
	mask, ok := r.Inputs[KeyMask]
	if !ok {
		return nil
	}
	if p.Mechanism.NoMask != "" {
		return errors.New("no key mask: " + p.Mechanism.NoMask)
	}
	perBatch := slices.Equal(mask.Dims, []int{p.Shape.Batch, p.Shape.S})
	if !perBatch && !slices.Equal(mask.Dims, []int{p.Shape.S}) {
		return fmt.Errorf("key_mask is %s: it must be [s] = %d or [batch, s] = %dx%d",
			FormatDims(mask.Dims), p.Shape.S, p.Shape.Batch, p.Shape.S)
	}
	if mask.U8 == nil {
		return fmt.Errorf("key_mask is %v: it must be uint8", mask.Type())
	}
	p.Valid = make([]bool, p.Shape.Batch*p.Shape.S)
	for i := range p.Valid {
		v := mask.U8[i%len(mask.U8)]
		if v > 1 {
			return fmt.Errorf("key_mask holds %d at element %d: it must be 0 or 1", v, i)
		}
		p.Valid[i] = v == 1
	}
	return nil
}

// setOptions takes given options, then sizes of given side inputs, then defaults, then what the mechanism
// derives.
func (p *Problem) setOptions(r Request) error {
	m := p.Mechanism
	for _, s := range r.Options {
		option, err := m.Option(s.Name)
		if err != nil {
			return err
		}
		if p.given[s.Name] {
			return fmt.Errorf("option %s is given twice", s.Name)
		}
		if p.values[s.Name], err = option.Canonical(s.Value); err != nil {
			return err
		}
		p.given[s.Name] = true
	}
	for i := range m.Options {
		if err := p.setDefault(&m.Options[i], r.Inputs); err != nil {
			return err
		}
	}
	if m.Derive != nil {
		p.takeInputs(r)
		if err := m.Derive(p); err != nil {
			return err
		}
	}
	for _, o := range m.Options {
		if p.values[o.Name] == "" {
			panic(fmt.Sprintf("variants: %s leaves option %s without a value", m.Name, o.Name))
		}
	}
	return nil
}

func (p *Problem) setDefault(o *Option, inputs map[string]Tensor) error {
	if p.given[o.Name] {
		return nil
	}
	p.values[o.Name] = o.Default
	t, ok := inputs[o.SizeOf]
	if o.FromInput == nil || !ok {
		return nil
	}
	value := o.FromInput(t)
	if value == "" {
		return fmt.Errorf("%s is %s: it has no size for option %s", o.SizeOf, FormatDims(t.Dims), o.Name)
	}
	var err error
	if p.values[o.Name], err = o.Canonical(value); err != nil {
		return fmt.Errorf("taken from %s: %w", o.SizeOf, err)
	}
	p.given[o.Name] = true
	return nil
}

// takeInputs keeps the given side inputs that the mechanism knows.
func (p *Problem) takeInputs(r Request) {
	for _, in := range p.Mechanism.Inputs {
		if t, ok := r.Inputs[in.Name]; ok {
			p.inputs[in.Name] = t
		}
	}
}

// setInputs checks the shapes of given side inputs and lists those that have to be drawn.
func (p *Problem) setInputs(r Request) error {
	p.takeInputs(r)
	for i := range p.Mechanism.Inputs {
		in := &p.Mechanism.Inputs[i]
		accepted := in.Dims(p)
		t, ok := p.inputs[in.Name]
		switch {
		case ok:
			if err := in.check(t, accepted, r.AllowNonfinite); err != nil {
				return err
			}
		case len(accepted) == 0 || in.Optional && in.Draw == nil:
		case in.Draw == nil || in.Gate && !r.DrawGates:
			return fmt.Errorf("%s is missing: add a tensor %s to the input", in.Name, in.Layout)
		case !r.Draw:
			return fmt.Errorf("%s is missing: add it or give --seed", in.Name)
		default:
			p.missing = append(p.missing, missing{in, accepted[0]})
		}
	}
	return nil
}

func (in *Input) check(t Tensor, accepted [][]int, allowNonfinite bool) error {
	if len(accepted) == 0 {
		return fmt.Errorf("%s is given, but these options have no use for it: leave it out", in.Name)
	}
	if t.Len() > 0 && t.Type() != in.Type {
		return fmt.Errorf("%s is %v: it must be %v", in.Name, t.Type(), in.Type)
	}
	texts := make([]string, len(accepted))
	for i, dims := range accepted {
		if slices.Equal(t.Dims, dims) {
			if allowNonfinite {
				return nil
			}
			return finite(in.Name, t.F32)
		}
		texts[i] = FormatDims(dims)
	}
	return fmt.Errorf("%s is %s: it must be %s = %s",
		in.Name, FormatDims(t.Dims), in.Layout, strings.Join(texts, " or "))
}

// Set gives an option the value that Derive found. It panics where the user gave one.
func (p *Problem) Set(name, value string) {
	if p.given[name] {
		panic("variants: option " + name + " is already given")
	}
	p.values[name] = value
}

// Seed is the request's seed, for parameters that must reproduce another program's stream.
func (p *Problem) Seed() uint64 { return p.seed }

// Given reports whether the request fixes an option, by name or by the size of a side input.
func (p *Problem) Given(name string) bool { return p.given[name] }

// Text returns an option's value. It panics for an option that is not declared.
func (p *Problem) Text(name string) string {
	value, ok := p.values[name]
	if !ok {
		panic("variants: " + p.Mechanism.Name + " does not declare option " + name)
	}
	return value
}

// Int returns the value of an Int option.
func (p *Problem) Int(name string) int {
	i, _ := strconv.Atoi(p.Text(name)) // canonical, hence a number
	return i
}

// Float returns the value of a Float option.
func (p *Problem) Float(name string) float64 {
	f, _ := strconv.ParseFloat(p.Text(name), 64)
	return f
}

// Bool returns the value of a Bool option.
func (p *Problem) Bool(name string) bool { return p.Text(name) == "true" }

// Ints returns the value of an Ints option.
func (p *Problem) Ints(name string) []int {
	var list []int
	for part := range strings.SplitSeq(p.Text(name), "|") {
		i, _ := strconv.Atoi(part)
		list = append(list, i)
	}
	return list
}

// Settings returns the options that differ from their declared default, in declared order: the name of a
// cell. A derived option counts as different only where it was given.
func (p *Problem) Settings() []Setting {
	var settings []Setting
	for _, o := range p.Mechanism.Options {
		value := p.values[o.Name]
		fallback := o.Default
		if fallback != "" {
			fallback, _ = o.Canonical(fallback)
		}
		if p.given[o.Name] && value != fallback {
			settings = append(settings, Setting{o.Name, value})
		}
	}
	return settings
}

// Input returns a side input and whether there is one.
func (p *Problem) Input(name string) (Tensor, bool) {
	t, ok := p.inputs[name]
	return t, ok
}

// PerHead returns head's part of a float side input: all of it where its dims have no heads axis, which is
// where its rank is below rank. head counts heads of one batch element.
func (p *Problem) PerHead(name string, head, rank int) []float32 {
	t := p.inputs[name]
	if len(t.Dims) < rank {
		return t.F32
	}
	size := len(t.F32) / t.Dims[0]
	return t.F32[head*size : (head+1)*size]
}

// ValidKeys returns the key mask of one batch element, nil where every key is valid.
func (p *Problem) ValidKeys(batch int) []bool {
	if p.Valid == nil {
		return nil
	}
	return p.Valid[batch*p.Shape.S : (batch+1)*p.Shape.S]
}
