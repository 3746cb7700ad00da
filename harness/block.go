package harness

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"attnbench/harness/check"
	"attnbench/harness/peers"
	"attnbench/results"
	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/work"
)

// Samples of a cell: what it gets, and what it gets at least where the budget does not allow more. Fewer than
// minSamples give no 95 % interval of the median.
const (
	fullSamples     = results.FullSamples
	minSamples      = results.MinSamples
	mostSamples     = 100 // an interval that ten times the samples leave wide says that the machine is not quiet
	fidelitySamples = 1   // error is what such a cell is for
)

// Block is one shape on one input with all variants of the sweep: the unit of comparison.
type Block struct {
	Shape   variants.Shape
	Kernels *kernel.Set
	Threads int
	Type    variants.ElementType // of q, k, v and out
	Pass    string               // results.PassForward, PassBackward, PassBoth or PassDecode
	Cells   []*Cell

	source  source
	samples int  // of each cell, when time allows
	apart   bool // its cells run one after the other: they do not fit into memory together
	counted bool // there are no more, however wide the interval
	seed    uint64
}

// Input is the name of the block's input in results.
func (b *Block) Input() string { return b.source.name() }

// Head names the head that the block runs on and its kind, "24:3.sink"; it is empty where a call takes every
// head.
func (b *Block) Head() string { return b.source.label() }

// Fidelity reports whether the block is there for the error on real activations, under the declared settings.
func (b *Block) Fidelity() bool { return b.samples == fidelitySamples }

// errorRows are the rows per head that the error against exact attention is taken over: all of them on real
// activations.
func (b *Block) errorRows() []int {
	if b.decode() {
		return b.lastRows()
	}
	if b.source.set != nil {
		return check.AllRows(b.Shape.N)
	}
	return b.gateRows()
}

// gateRows are the rows per head that are compared with the variant's own definition.
func (b *Block) gateRows() []int {
	if b.decode() {
		return b.lastRows()
	}
	return check.SampleRows(b.Shape.N, check.SampleLimit, check.SampleCount, b.seed)
}

// group names what the float64 results of a block depend on: blocks that differ only in kernels, threads or
// pass share them, but for the rows of pass decode.
func (b *Block) group() string {
	return fmt.Sprintf("%s/%+v/%v/%t", b.source.key(), b.Shape, b.Type, b.decode())
}

// Cell is one variant with its options in a block.
type Cell struct {
	Block     *Block
	Mechanism *variants.Mechanism
	// Peer is the external implementation that the cell measures; nil: Mechanism is the suite's own.
	Peer *peers.Adopted
	// Options are those that name the cell: different from their default, or an axis of the sweep.
	Options []variants.Setting
	// Problem is nil where the variant refuses the block; Skip then says why.
	Problem *variants.Problem
	// Skip is why the cell does not run; zero: it does.
	Skip Refusal
	// Samples is how many samples the plan grants.
	Samples int
	// Predicted is what the cell is expected to take.
	Predicted Prediction

	request                  variants.Request
	forward, backward, token variants.Cost // of one call; backward and token are 0 in passes without
	state, params            int64         // bytes between tokens, and of parameters
	bytes                    int64         // of the plan and what only this cell writes, or of a peer's process
	malloc                   peers.Malloc  // of a peer
	extra                    time.Duration // for samples beyond those granted, while the interval is wide
	earlier                  earlier       // samples before the run was interrupted
}

// Label is the variant with the options that name the cell: "name" or "name[a=1,b=2]".
func (c *Cell) Label() string {
	if len(c.Options) == 0 {
		return c.Mechanism.Name
	}
	parts := make([]string, len(c.Options))
	for i, o := range c.Options {
		parts[i] = o.Name + "=" + o.Value
	}
	return c.Mechanism.Name + "[" + strings.Join(parts, ",") + "]"
}

// Time is what the cell is expected to take in all: verification, set-up and samples.
func (c *Cell) Time() time.Duration { return c.gating() + c.sampling(c.Samples) }

// Refusal is why a cell does not run or does not count.
type Refusal struct {
	// Code is stable: "unsupported", "missing", "memory", "budget"; "gate", "panic", "crash", "peer"; "timeout".
	Code   string
	Reason string // one line
}

// fresh resolves the cell's problem once more: nothing of it has been drawn yet.
func (c *Cell) fresh() *variants.Problem {
	p, err := c.Mechanism.Resolve(c.request)
	if err != nil {
		panic("harness: a problem that was accepted is refused: " + err.Error())
	}
	return p
}

// ladder names the cells that differ from this one in length only.
func (c *Cell) ladder() string {
	b := *c.Block
	b.Shape.N, b.Shape.S = 0, 0
	return fmt.Sprintf("%s/%s/%s/%d/%s/%d", c.Label(), b.group(), b.Kernels.Name, b.Threads, b.Pass, b.samples)
}

// pools holds one worker pool per thread count.
type pools map[int]*work.Pool

func (p pools) get(threads int) *work.Pool {
	if p[threads] == nil {
		p[threads] = work.NewPool(threads)
	}
	return p[threads]
}

func (p pools) close() {
	for _, pool := range p {
		pool.Close()
	}
}

// blocks expands the sweep: fidelity first, then every combination of the axes, shorter lengths first, so
// that each ladder has been measured at the length below before the next one is decided on. So what a machine
// does over the whole run goes with the length: only cells of one block are protected from it by their turns.
func (s *Sweep) blocks(p pools) []*Block {
	var fidelity, timed []*Block
	for _, src := range s.fidelity {
		b := &Block{Shape: src.shape(src.set.N), Kernels: s.kernels[0], Threads: s.threads[0], Type: s.types[0],
			Pass: results.PassForward, source: src, samples: fidelitySamples, seed: s.seed}
		b.Cells = s.declaredCells(b, p)
		fidelity = append(fidelity, b)
	}
	for _, src := range s.sources {
		for _, shape := range s.shapes(src) {
			timed = append(timed, s.engineBlocks(src, shape, p)...)
		}
	}
	slices.SortStableFunc(timed, func(a, b *Block) int { return a.Shape.N - b.Shape.N })
	return append(unmeasured(fidelity, timed), timed...)
}

// unmeasured drops the fidelity cells that are timed anyway, because the sweep names the same set.
func unmeasured(fidelity, timed []*Block) []*Block {
	names := map[string]bool{}
	for _, b := range timed {
		for _, c := range b.Cells {
			names[c.Name().Name()] = true
		}
	}
	for _, b := range fidelity {
		b.Cells = slices.DeleteFunc(b.Cells, func(c *Cell) bool { return names[c.Name().Name()] })
	}
	return slices.DeleteFunc(fidelity, func(b *Block) bool { return len(b.Cells) == 0 })
}

// shapes are the shapes that a source runs at: those of the axes for generated input, the given lengths of a
// set.
func (s *Sweep) shapes(src source) []variants.Shape {
	var shapes []variants.Shape
	if src.set != nil {
		lengths := s.lengths
		if lengths == nil {
			lengths = []int{src.set.N}
		}
		for _, n := range lengths {
			shapes = append(shapes, src.shape(n))
		}
		return shapes
	}
	for _, n := range s.lengths {
		for _, causal := range s.causal {
			for _, b := range s.batch {
				for _, h := range s.heads {
					for _, d := range s.dims {
						shapes = append(shapes, variants.Shape{Batch: b, Heads: h, N: n, S: n, D: d, E: d, Causal: causal})
					}
				}
			}
		}
	}
	return shapes
}

// engineBlocks are the blocks of one shape that differ in number format, pass, kernels and threads.
func (s *Sweep) engineBlocks(src source, shape variants.Shape, p pools) []*Block {
	var blocks []*Block
	for _, elements := range s.types {
		for _, pass := range s.passes {
			shape := shape
			if pass == results.PassDecode {
				var once bool
				if shape, once = s.causalShape(src, shape); !once {
					continue
				}
			}
			for _, set := range s.kernels {
				for _, threads := range s.threads {
					b := &Block{Shape: shape, Kernels: set, Threads: threads, Type: elements, Pass: pass, source: src,
						samples: cmp.Or(s.samples, fullSamples), counted: s.samples > 0, seed: s.seed}
					b.Cells = s.cells(b, p)
					blocks = append(blocks, b)
				}
			}
		}
	}
	return blocks
}

// cells are all variants of the sweep in a block, and its peers.
func (s *Sweep) cells(b *Block, p pools) []*Cell {
	var cells []*Cell
	for _, m := range s.mechanisms {
		for _, options := range s.combinations(m) {
			cells = append(cells, s.cell(b, m, options, p))
		}
	}
	if b.Kernels == s.kernels[0] { // peers have instructions of their own
		cells = append(cells, s.peerCells(b, p)...)
	}
	return cells
}

// combinations are the option settings of a mechanism that --set asks for: one without settings where it asks
// for none.
func (s *Sweep) combinations(m *variants.Mechanism) [][]variants.Setting {
	all := [][]variants.Setting{nil}
	for _, axis := range s.options {
		if axis.variant != m.Name {
			continue
		}
		var longer [][]variants.Setting
		for _, settings := range all {
			for _, value := range axis.values {
				longer = append(longer, append(slices.Clone(settings), variants.Setting{Name: axis.name, Value: value}))
			}
		}
		all = longer
	}
	return all
}

// swept reports whether an option of a mechanism is an axis with several values.
func (s *Sweep) swept(variant, option string) bool {
	return slices.ContainsFunc(s.options, func(a optionAxis) bool {
		return a.variant == variant && a.name == option && len(a.values) > 1
	})
}

// cell resolves one variant in a block; where the variant refuses, the refusal is the reason to skip it.
func (s *Sweep) cell(b *Block, m *variants.Mechanism, options []variants.Setting, p pools) *Cell {
	c := &Cell{Block: b, Mechanism: m}
	var problem *variants.Problem
	defer s.alarm(&Cell{Block: b, Mechanism: m, Options: options})()
	err := work.Contain(func() error {
		c, problem = s.resolve(b, m, options, p)
		if c.Problem != nil {
			c.setBytes()
		}
		return nil
	})
	if err != nil {
		c.Problem, c.Skip = nil, Refusal{codePanic, err.Error()}
	}
	c.Options = s.naming(m, problem, options)
	return c
}

// resolve makes a cell without its name and size. problem is there unless the mechanism refuses it.
func (s *Sweep) resolve(
	b *Block, m *variants.Mechanism, options []variants.Setting, p pools,
) (c *Cell, problem *variants.Problem) {
	c = &Cell{Block: b, Mechanism: m, request: newRequest(b, options, p.get(b.Threads))}
	problem, err := m.Resolve(c.request)
	if err != nil {
		c.Skip = Refusal{"unsupported", strings.TrimPrefix(err.Error(), m.Name+": ")}
	}
	if b.source.set != nil {
		if wrong := b.source.set.CheckLength(b.Shape.N); wrong != nil {
			c.Skip = Refusal{"unsupported", wrong.Error()}
		}
	}
	if c.Skip.Code == "" {
		c.Problem = problem
		c.setCosts()
	}
	return c, problem
}

// naming lists the options that name a cell, in declared order: those that differ from their default or are
// swept.
func (s *Sweep) naming(
	m *variants.Mechanism, p *variants.Problem, asked []variants.Setting,
) []variants.Setting {
	var names []variants.Setting
	differing := asked
	if p != nil {
		differing = p.Settings()
	}
	for _, o := range m.Options {
		given := func(list []variants.Setting) int {
			return slices.IndexFunc(list, func(x variants.Setting) bool { return x.Name == o.Name })
		}
		if i := given(differing); i >= 0 && (p != nil || differing[i].Value != o.Default) {
			names = append(names, differing[i])
		} else if i := given(asked); i >= 0 && s.swept(m.Name, o.Name) {
			names = append(names, asked[i])
		}
	}
	return names
}

// declaredCells are the cells of a fidelity block: every setting that a mechanism declares for such heads. A
// mechanism that has none is there with the reason.
func (s *Sweep) declaredCells(b *Block, p pools) []*Cell {
	var cells []*Cell
	for _, m := range s.mechanisms {
		found := false
		for _, f := range m.Fidelity {
			if f.Causal != b.Shape.Causal {
				continue
			}
			found = true
			settings, err := variants.ParseSettings(f.Options)
			if err != nil {
				panic("harness: fidelity of " + m.Name + ": " + err.Error())
			}
			cells = append(cells, s.cell(b, m, settings, p))
		}
		if !found {
			refusal := Refusal{"unsupported", undeclared(m, b.Shape.Causal)}
			cells = append(cells, &Cell{Block: b, Mechanism: m, Skip: refusal})
		}
	}
	return cells
}

func undeclared(m *variants.Mechanism, causal bool) string {
	if m.Unrelated != "" {
		return "n/a: " + m.Unrelated
	}
	if causal && m.NoCausal != "" {
		return "n/a on causal heads: " + m.NoCausal
	}
	if !causal && m.OnlyCausal != "" {
		return "n/a on bidirectional heads: " + m.OnlyCausal
	}
	return "no setting is declared for such heads"
}
