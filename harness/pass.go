package harness

import (
	"fmt"
	"slices"

	"attnbench/harness/check"
	"attnbench/results"
	"attnbench/variants"
)

// parsePasses reads the passes of the sweep.
func (s *Sweep) parsePasses(a Axes) error {
	known := []string{results.PassForward, results.PassBackward, results.PassBoth, results.PassDecode}
	var err error
	s.passes, err = parseWords("pass", or(a.Pass, results.PassForward), known)
	if slices.Contains(s.passes, results.PassDecode) && a.Causal != "" && slices.Contains(s.causal, false) {
		s.notes = append(s.notes, fmt.Sprintf("--causal %s: pass %s is causal all the same", a.Causal,
			results.PassDecode))
	}
	return err
}

// backward reports whether the block's pass needs gradients.
func (b *Block) backward() bool {
	return b.Pass == results.PassBackward || b.Pass == results.PassBoth
}

// scored reports whether the pass gives an output, whose error against exact attention can be told: that of a
// token is one of forward's.
func (b *Block) scored() bool { return b.Pass == results.PassForward || b.Pass == results.PassBoth }

// gradientRows are the rows per head of the loss's gradient that gradients are compared for.
func (b *Block) gradientRows() []int { return check.GradientRows(b.Shape.N, b.seed) }

// setCosts takes what the mechanism says of its work.
func (c *Cell) setCosts() {
	c.forward = c.Mechanism.Cost(c.Problem)
	if c.Block.decode() {
		c.token = c.Mechanism.DecodeCost(c.Problem)
	}
	if c.Block.backward() {
		c.backward = c.Mechanism.BackwardCost(c.Problem)
	}
}

// setBytes takes what the plan holds, and what the pass needs for this cell alone.
func (c *Cell) setBytes() {
	p := c.Problem
	m := p.Memory()
	c.bytes, c.state, c.params = m.Total()+m.Copied, m.State, m.Param // samples of a token start from a copy
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
	case results.PassDecode:
		return c.token
	}
	return sum(c.forward, c.backward)
}

func sum(a, b variants.Cost) variants.Cost {
	return variants.Cost{FLOPs: a.FLOPs + b.FLOPs, Exps: a.Exps + b.Exps}
}

// invoke makes one call of the block's pass: what is timed.
func (t *trial) invoke(in *operands) {
	if d := t.decoding; d != nil {
		d.plan.Decode(t.cell.Block.Shape.N-1, in.result, in.token.q, in.token.k, in.token.v)
		return
	}
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
	if t.decoding != nil {
		t.firstTokens(clock, in)
		return
	}
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
