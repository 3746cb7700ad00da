package harness

import (
	"fmt"
	"slices"

	"attnbench/harness/check"
	"attnbench/results"
	"attnbench/variants"
)

// parsePasses reads the passes of the sweep. Decoding is an axis of its own kind that is not timed.
func (s *Sweep) parsePasses(text string) error {
	timed := []string{results.PassForward, results.PassBackward, results.PassBoth}
	passes, err := parseWords("pass", or(text, results.PassForward), append(slices.Clone(timed), "decode"))
	if err != nil {
		return err
	}
	if slices.Contains(passes, "decode") {
		return fmt.Errorf("--pass decode: decoding is not timed: use %s, %s or %s", timed[0], timed[1], timed[2])
	}
	s.passes = passes
	return nil
}

// backward reports whether the block's pass needs gradients.
func (b *Block) backward() bool { return b.Pass != results.PassForward }

// scored reports whether the pass gives an output, whose error against exact attention can be told.
func (b *Block) scored() bool { return b.Pass != results.PassBackward }

// gradientRows are the rows per head of the loss's gradient that gradients are compared for.
func (b *Block) gradientRows() []int { return check.GradientRows(b.Shape.N, b.seed) }

// setCosts takes what the mechanism says of its work.
func (c *Cell) setCosts() {
	c.forward = c.Mechanism.Cost(c.Problem)
	if c.Block.backward() {
		c.backward = c.Mechanism.BackwardCost(c.Problem)
	}
}

// setBytes takes what the plan holds, and what the pass needs for this cell alone.
func (c *Cell) setBytes() {
	p := c.Problem
	c.bytes = p.Memory().Total()
	if !c.Block.backward() {
		return
	}
	for _, dims := range p.Learned() {
		c.bytes += int64(variants.Tensor{Dims: dims}.Len()) * variants.F32.Size()
	}
	if c.Block.Pass == results.PassBackward { // the output that belongs to what is saved
		s := p.Shape
		c.bytes += int64(s.Slices()) * int64(s.N) * int64(s.E) * variants.F32.Size()
	}
}

// cost is the useful work of one call of the block's pass.
func (c *Cell) cost() variants.Cost {
	switch c.Block.Pass {
	case results.PassForward:
		return c.forward
	case results.PassBackward:
		return c.backward
	}
	return sum(c.forward, c.backward)
}

func sum(a, b variants.Cost) variants.Cost {
	return variants.Cost{FLOPs: a.FLOPs + b.FLOPs, Exps: a.Exps + b.Exps}
}

// invoke makes one call of the block's pass: what is timed.
func (t *trial) invoke(in *operands) {
	if t.cell.Block.Pass != results.PassBackward {
		t.attention.Forward(in.result, in.q, in.k, in.v)
	}
	if t.gradients != nil {
		t.gradients.call(in, in.dout)
	}
}

// digest is the hash of everything that a call of the block's pass wrote.
func (t *trial) digest(in *operands) uint64 {
	switch {
	case t.gradients == nil:
		return hashBits(in.out)
	case t.cell.Block.Pass == results.PassBackward:
		return t.gradients.digest()
	}
	return hashBits(in.out)*31 + t.gradients.digest()
}

// work is the number of floating-point operations that the last call of the pass executed.
func (t *trial) work() int64 {
	switch {
	case t.gradients == nil:
		return t.attention.Executed()
	case t.cell.Block.Pass == results.PassBackward:
		return t.gradients.plan.BackwardExecuted()
	}
	return t.attention.Executed() + t.gradients.plan.BackwardExecuted()
}

// first runs the cell's plan once on poisoned results, forward and what the block's pass needs beyond it, and
// times a call of the pass. Gradients are those of the sampled rows of dout.
func (t *trial) first(clock Clock, in *operands) {
	start := clock.Now()
	t.forward(in)
	if g := t.gradients; g != nil {
		if t.cell.Block.Pass == results.PassBackward {
			start = clock.Now()
		}
		check.CopyRows(in.part, in.dout, t.cell.Block.Shape, t.cell.Block.gradientRows())
		g.begin(in, t.cell.Mechanism.SharedQK)
		g.poisoned(in, in.part)
	}
	t.call = clock.Now() - start
}
