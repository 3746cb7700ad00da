package harness

import (
	"context"
	"fmt"
	"math"
	"slices"

	"attnbench/harness/check"
	"attnbench/results"
	"attnbench/variants"
)

// upstream are a block's operands of passes with gradients: where these go, and what they come from.
type upstream struct {
	dout       []float32 // gradient of the loss by the output, Gaussian
	part       []float32 // rows of it, while gradients are checked
	dq, dk, dv []float32
}

// newUpstream makes the operands that a block's pass needs beyond q, k, v and out.
func newUpstream(b *Block, dout []float32, f *fences) upstream {
	if !b.backward() {
		return upstream{}
	}
	s := b.Shape
	u := upstream{
		dout: dout, dq: fencedFloats(f, "dq", s.Slices()*s.N*s.D),
		dk: fencedFloats(f, "dk", s.Slices()*s.S*s.D), dv: fencedFloats(f, "dv", s.Slices()*s.S*s.E),
	}
	u.part = slices.Clone(u.dout) // memory counts once it is written
	check.Poison(variants.Gradients{Q: u.dq, K: u.dk, V: u.dv})
	return u
}

// gradients are what a trial has in passes with gradients.
type gradients struct {
	plan variants.Differentiable
	into variants.Gradients // q, k and v of the block, side inputs of the trial
	out  []float32          // what the last Forward wrote
	hash uint64             // of the verified output
	// worst is the error against the definition.
	worst check.GradientError
}

// newGradients prepares a trial for the gradients of its block; nil where the pass has none.
func newGradients(c *Cell, a variants.Attention, f *fences) *gradients {
	if !c.Block.backward() {
		return nil
	}
	inputs := map[string][]float32{}
	for name, dims := range c.Problem.Learned() {
		inputs[name] = fencedFloats(f, "d"+name, variants.Tensor{Dims: dims}.Len())
	}
	return &gradients{plan: a.(variants.Differentiable), into: variants.Gradients{Inputs: inputs}}
}

// begin takes the block's operands. Where queries serve as keys there is no gradient of k.
func (g *gradients) begin(in *operands, sharedQK bool) {
	g.into.Q, g.into.K, g.into.V, g.out = in.dq, in.dk, in.dv, in.out
	if sharedQK {
		g.into.K = nil
	}
}

// call computes the gradients of the loss Σ out∘dout.
func (g *gradients) call(in *operands, dout []float32) {
	g.plan.Backward(g.into, dout, g.out, in.q.F32, in.k.F32, in.v.F32)
}

// poisoned is call on poisoned gradients.
func (g *gradients) poisoned(in *operands, dout []float32) {
	check.Poison(g.into)
	g.call(in, dout)
}

func (g *gradients) digest() uint64 {
	var hash uint64
	g.into.Each(func(_ string, x []float32) { hash = hash*31 + hashBits(x) })
	return hash
}

// testGradients checks the gradients that the first call computed against the definition, then those of all
// of dout, whose hash timed calls must give: they are the sum of those of its parts, and what later rows
// get does not depend on earlier rows of dout.
func (t *trial) testGradients(ctx context.Context, clock Clock, in *operands) error {
	if t.gradients == nil || t.failure != "" {
		return nil
	}
	start := clock.Now()
	if err := t.compareGradients(ctx, in); err != nil {
		return err
	}
	t.compared = clock.Now() - start
	b := t.cell.Block
	if rows := b.gradientRows(); t.failure == "" && len(rows) < b.Shape.N {
		t.failure = t.gradients.testSum(in, b, rows)
	}
	t.gradients.hash, t.hash, t.executed = t.hash, t.digest(in), t.work()
	if t.failure == "" {
		t.failure = t.testGradientCausality(in)
	}
	return nil
}

// compareGradients fails the trial where the gradients of the sampled rows are not the definition's.
func (t *trial) compareGradients(ctx context.Context, in *operands) (err error) {
	g, b := t.gradients, t.cell.Block
	if t.failure = check.Unwritten(g.into); t.failure != "" {
		return nil
	}
	g.worst, err = check.CompareGradients(ctx, t.cell.Problem, in.Tensors, in.part, b.gradientRows(), g.into)
	if limit := maxImplError(b.Type); err == nil && !(g.worst.Worst <= limit) {
		t.failure = fmt.Sprintf("impl-err %.2g of %s: the gradient is not that of the definition (accepted: %.0g)",
			g.worst.Worst, g.worst.Name, limit)
	}
	return err
}

// testSum says what is wrong with the gradients of all of dout, which it leaves behind: they hold something
// that is no number, or are not the sum of those of the given rows, which the last call computed, and those
// of the others.
func (g *gradients) testSum(in *operands, b *Block, rows []int) (failure string) {
	some := g.project()
	copy(in.part, in.dout)
	for slice := range b.Shape.Slices() {
		for _, r := range rows {
			clear(in.part[(slice*b.Shape.N+r)*b.Shape.E:][:b.Shape.E])
		}
	}
	g.call(in, in.part)
	others := g.project()
	g.poisoned(in, in.dout)
	if failure := check.Unwritten(g.into); failure != "" {
		return failure
	}
	norms := map[string]float64{}
	g.into.Each(func(name string, x []float32) { norms[name] = norm(x) })
	for name, all := range g.project() {
		difference := math.Abs(all - some[name] - others[name])
		limit := maxImplError(b.Type) * max(norms[name], check.Floor(norms))
		if !(difference <= limit) {
			return fmt.Sprintf("%s of all rows of dout is not the sum of those of its parts", name)
		}
	}
	return ""
}

// project is the sum of each gradient's elements under random signs, the same in every call. It is off by
// about as much as the gradient is in norm.
func (g *gradients) project() map[string]float64 {
	sums := map[string]float64{}
	g.into.Each(func(name string, x []float32) {
		var sum float64
		for i, v := range x {
			const odd = 0x9e3779b97f4a7c15
			sign := uint64(i) * odd
			if sign ^= sign >> 32; sign*odd>>63 == 0 {
				sum += float64(v)
			} else {
				sum -= float64(v)
			}
		}
		sums[name] = sum
	})
	return sums
}

func norm(x []float32) float64 {
	var squares float64
	for _, v := range x {
		squares += float64(v) * float64(v)
	}
	return math.Sqrt(squares)
}

// testGradientCausality changes dout before a token in the later half of every head: the gradients of that
// token and of those after it come from later outputs only and must keep their bits. It does nothing where
// the mechanism declares that later tokens are felt.
func (t *trial) testGradientCausality(in *operands) (failure string) {
	b := t.cell.Block
	s := b.Shape
	if !s.Causal || s.Cross() || s.N < 2 || leak(t.cell) != "" {
		return ""
	}
	token, g := t.token(), t.gradients
	before := g.hashFrom(s, token)
	copy(in.part, in.dout)
	for slice := range s.Slices() {
		head := in.part[slice*s.N*s.E:][:token*s.E]
		for i := range head {
			head[i] = 3 - head[i]
		}
	}
	g.call(in, in.part)
	if g.hashFrom(s, token) != before {
		return fmt.Sprintf("not causal: changing dout before token %d changes gradients from it on", token)
	}
	return ""
}

// hashFrom hashes the gradients of the rows from token on, of q, k and v.
func (g *gradients) hashFrom(s variants.Shape, token int) uint64 {
	var hash uint64
	add := func(x []float32, columns int) {
		for rows := range slices.Chunk(x, s.N*columns) {
			hash = hash*31 + hashBits(rows[token*columns:])
		}
	}
	add(g.into.Q, s.D)
	add(g.into.K, s.D)
	add(g.into.V, s.E)
	return hash
}

// implError is the error of what the block's pass gives, of several results the largest.
func (t *trial) implError() float64 {
	switch {
	case t.gradients == nil:
		return t.errors.Impl
	case t.cell.Block.Pass == results.PassBackward:
		return t.gradients.worst.Worst
	}
	return max(t.errors.Impl, t.gradients.worst.Worst)
}

// settleForward leaves the plan of a cell that times backward alone as forward left it, with the output that
// belongs to it: other cells of the block write theirs over it.
func (t *trial) settleForward(in *operands) {
	if t.gradients == nil || t.cell.Block.Pass != results.PassBackward || t.failure != "" {
		return
	}
	t.forward(in)
	if hashBits(in.out) != t.gradients.hash {
		t.failure = "forward gave another output than the verified one"
	}
	t.gradients.out = slices.Clone(in.out)
}
