// Package harness decides what to run and measures it: it reads a sweep's axes, plans blocks of cells within
// a budget of time and memory, verifies every cell against its definition before it is timed, and hands each
// sample to a recorder as it is taken.
//
// A block is one shape on one input with all its variants. Its cells are sampled in turns, in seeded random
// order, so that what disturbs the machine disturbs all of them alike. Clock, machine, seed and recorder are
// arguments: scheduling and statistics can be tested without waiting.
package harness

import (
	"fmt"
	"slices"
	"strings"

	"attnbench/harness/inputs"
	"attnbench/harness/peers"
	"attnbench/variants"
	"attnbench/variants/kernel"
)

// Defaults of the axes. One head of d = 64 keeps the whole default run below two minutes on two cores.
const (
	DefaultLengths = "64,128,256,512,1000,1024,2048,4096,5000,8192,16384,32768,65536"
	DefaultDim     = "64"
	maxThreads     = 1024
	maxSamples     = 10000
)

// Axes are a sweep as typed, one text per flag. An empty text stands for the axis's default.
type Axes struct {
	Variants, N, Heads, Dim, Batch, Causal, Pass, DType, SIMD, Threads, Input string

	Set      []string // VARIANT.OPTION=VALUE[,VALUE]
	Fidelity *bool    // nil: only where neither N nor Input is given
	Peers    string   // external implementations; none where it is empty
	Python   string   // the interpreter that runs their adapters
	Samples  int      // of a cell; 0: as many as its interval needs, from 10 to 100
	Seed     uint64
	Shard    Shard // the part of the sweep that is wanted
}

// Sweep is a checked sweep: every combination of its axes is a cell, whether or not its variant can do it.
type Sweep struct {
	mechanisms                  []*variants.Mechanism
	options                     []optionAxis
	lengths                     []int // nil for the full length of each set
	heads, dims, batch, threads []int
	causal                      []bool
	types                       []variants.ElementType
	passes                      []string
	kernels                     []*kernel.Set
	sources                     []source
	fidelity                    []source // shipped sets whose heads are run under the declared settings
	peers                       []*peers.Adopted
	launcher                    *peers.Launcher
	samples                     int // of a cell; 0: as many as its interval needs
	seed                        uint64
	shard                       Shard
	namesKernels                bool // rather than taking the best of the machine
	notes                       []string
	alarm                       func(c *Cell) (stop func()) // rings where a mechanism does not come back
}

// ParseSweep checks the axes against the mechanisms and the machine. Its errors are one line; nothing is
// allocated but the input sets that are named.
func ParseSweep(a Axes, all []*variants.Mechanism) (*Sweep, error) {
	if a.Samples != 0 && (a.Samples < minSamples || a.Samples > maxSamples) {
		return nil, fmt.Errorf("--samples %d: it must be from %d, fewer have no interval, to %d",
			a.Samples, minSamples, maxSamples)
	}
	s := &Sweep{
		samples: a.Samples, seed: a.Seed, shard: a.Shard, namesKernels: a.SIMD != "",
		launcher: peers.NewLauncher(a.Python),
	}
	steps := []func(Axes) error{
		func(a Axes) error { return s.parseVariants(a, all) },
		s.parseShape, s.parseEngine, s.parseInputs,
	}
	for _, step := range steps {
		if err := step(a); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *Sweep) parseVariants(a Axes, all []*variants.Mechanism) error {
	known := []string{"all"}
	for _, m := range all {
		known = append(known, m.Name)
	}
	names, err := parseWords("variants", or(a.Variants, "all"), known)
	if err != nil {
		return err
	}
	for _, m := range all {
		if names[0] == "all" || slices.Contains(names, m.Name) {
			s.mechanisms = append(s.mechanisms, m)
		}
	}
	dials := slices.Clone(s.mechanisms)
	if err := s.parsePeers(a, all); err != nil {
		return err
	}
	for _, p := range s.peers {
		dials = append(dials, p.Dials)
	}
	s.options, err = parseSets(a.Set, dials)
	return err
}

func (s *Sweep) parseShape(a Axes) error {
	var err error
	for _, axis := range []struct {
		name, text string
		max        int
		into       *[]int
	}{
		{"n", or(a.N, DefaultLengths), variants.MaxLength, &s.lengths},
		{"heads", or(a.Heads, "1"), variants.MaxHeads, &s.heads},
		{"dim", or(a.Dim, DefaultDim), variants.MaxDim, &s.dims},
		{"batch", or(a.Batch, "1"), variants.MaxHeads, &s.batch},
		{"threads", or(a.Threads, "1"), maxThreads, &s.threads},
	} {
		if *axis.into, err = parseInts(axis.name, axis.text, 1, axis.max); err != nil {
			return err
		}
	}
	if most := slices.Max(s.heads) * slices.Max(s.batch); most > variants.MaxHeads {
		return fmt.Errorf("--heads × --batch is up to %d: it must be at most %d", most, variants.MaxHeads)
	}
	s.causal, err = parseFlags("causal", or(a.Causal, "0"))
	return err
}

func (s *Sweep) parseEngine(a Axes) error {
	if err := s.parsePasses(a); err != nil {
		return err
	}
	types, err := parseWords("dtype", or(a.DType, "f32"), []string{variants.F32.Short(), variants.BF16.Short()})
	if err != nil {
		return err
	}
	for _, name := range types {
		s.types = append(s.types, variants.F32)
		if name == variants.BF16.Short() {
			s.types[len(s.types)-1] = variants.BF16
		}
	}
	if a.SIMD == "" {
		s.kernels = []*kernel.Set{kernel.Best()}
		return nil
	}
	for name := range strings.SplitSeq(a.SIMD, ",") {
		set, err := kernel.Lookup(strings.TrimSpace(name))
		if err != nil {
			return fmt.Errorf("--simd: %w", err)
		}
		if !slices.ContainsFunc(s.kernels, func(k *kernel.Set) bool { return k.Name == set.Name }) {
			s.kernels = append(s.kernels, set)
		}
	}
	return nil
}

func (s *Sweep) parseInputs(a Axes) error {
	known := append([]string{inputs.GaussianName}, inputs.Names()...)
	for name := range strings.SplitSeq(or(a.Input, inputs.GaussianName), ",") {
		name = strings.TrimSpace(name)
		if slices.ContainsFunc(s.sources, func(src source) bool { return src.typed == name }) {
			continue
		}
		added, err := newSources(name, known)
		if err != nil {
			return fmt.Errorf("--input: %w", err)
		}
		s.sources = append(s.sources, added...)
	}
	if a.N == "" && !s.gaussian() {
		s.lengths = nil
	}
	if err := s.checkInputs(a); err != nil {
		return err
	}
	if wanted := a.Fidelity; wanted != nil && *wanted || wanted == nil && a.N == "" && a.Input == "" {
		for _, name := range inputs.Names() {
			added, err := newSources(name, known)
			if err != nil {
				return err
			}
			s.fidelity = append(s.fidelity, added...)
		}
	}
	return nil
}

// checkBrought refuses values of a flag that no input follows: files and shipped sets bring their own.
func (s *Sweep) checkBrought(a Axes) error {
	if s.gaussian() {
		return nil
	}
	for _, src := range s.sources {
		own := src.shape(src.set.N)
		for _, axis := range []struct {
			name, text string
			values     []int
			own        int
		}{
			{"heads", a.Heads, s.heads, own.Heads}, {"dim", a.Dim, s.dims, own.D},
			{"batch", a.Batch, s.batch, own.Batch},
			{"causal", a.Causal, bits(s.causal), bits([]bool{own.Causal})[0]},
		} {
			if axis.text != "" && !slices.Equal(axis.values, []int{axis.own}) {
				return fmt.Errorf("--%s %s: --input %s brings its own, %d: leave the flag out",
					axis.name, axis.text, src.typed, axis.own)
			}
		}
	}
	return nil
}

// bits are flags as the command line writes them.
func bits(flags []bool) []int {
	list := make([]int, len(flags))
	for i, f := range flags {
		if f {
			list[i] = 1
		}
	}
	return list
}

// checkInputs refuses flags that would have no effect and inputs that can run at none of the lengths.
func (s *Sweep) checkInputs(a Axes) error {
	if err := s.checkBrought(a); err != nil {
		return err
	}
	for _, src := range s.sources {
		if src.set == nil || a.N == "" {
			continue
		}
		var err error
		if !slices.ContainsFunc(s.lengths, func(n int) bool { err = src.set.CheckLength(n); return err == nil }) {
			return fmt.Errorf("--n %s: %w", a.N, err)
		}
	}
	return nil
}

// gaussian reports whether generated input is among the inputs, the only one with free shapes.
func (s *Sweep) gaussian() bool {
	return slices.ContainsFunc(s.sources, func(src source) bool { return src.set == nil })
}

func or(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}
