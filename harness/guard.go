package harness

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"

	"attnbench/harness/check"
	"attnbench/harness/machine"
	"attnbench/variants"
)

// memoryFraction is the part of the available memory that a block may take.
const memoryFraction = 0.8

// guard refuses the largest cells of a block until what remains fits into the available memory together: all
// cells of a block are held at once, because they are sampled in turns.
// Where each cell has a process, cells that do not fit together run one after the other.
func guard(b *Block, available machine.Figure, isolated bool) {
	if !available.Known {
		return
	}
	limit := int64(memoryFraction * available.Value)
	total := fixedBytes(b, isolated)
	var cells []*Cell
	for _, c := range b.Cells {
		if c.Problem != nil {
			cells = append(cells, c)
			total += c.Predicted.Bytes
			if isolated && c.Peer == nil {
				total += processBytes(c)
			}
		}
	}
	slices.SortStableFunc(cells, func(a, b *Cell) int {
		return cmp.Compare(b.Predicted.Bytes, a.Predicted.Bytes)
	})
	b.apart = isolated && total > limit
	if b.apart {
		guardEach(b, cells, limit)
		return
	}
	for _, c := range cells {
		if total <= limit {
			return
		}
		total -= c.Predicted.Bytes
		c.Skip = Refusal{"memory", fmt.Sprintf("needs %s beside %s for inputs and the other variants, "+
			"and %.0f %% of the available memory is %s: lower n, heads or batch, or take fewer variants",
			FormatBytes(c.Predicted.Bytes), FormatBytes(total), 100*memoryFraction, FormatBytes(limit))}
	}
}

// guardEach refuses the cells of a block that do not fit into the available memory alone.
func guardEach(b *Block, cells []*Cell, limit int64) {
	for _, c := range cells {
		if fixed := fixedBytes(b, true) + processBytes(c); fixed+c.Predicted.Bytes > limit {
			c.Skip = Refusal{"memory", fmt.Sprintf("needs %s beside %s for inputs, and %.0f %% of the available "+
				"memory is %s: lower n, heads or batch", FormatBytes(c.Predicted.Bytes), FormatBytes(fixed),
				100*memoryFraction, FormatBytes(limit))}
		}
	}
}

// processBytes is what a cell's own process holds beside its plan and the inputs that it shares: the program,
// results, and copies of inputs that are not float32. The parent has its own copy of parameters, for the
// definition.
func processBytes(c *Cell) int64 {
	const program = 32 << 20
	b := c.Block
	inputs := inputElements(b.Shape)
	bytes := operandBytes(b) - b.Type.Size()*inputs // results, and twice the upstream gradient
	if b.Type != variants.F32 {
		bytes += (b.Type.Size() + variants.F32.Size()) * inputs
	}
	return program + bytes + c.params
}

// fixedBytes is what a block needs beside the plans of its cells: its operands, what is compared with them in
// float64, and where cells have processes of their own the inputs once more, which those share.
func fixedBytes(b *Block, isolated bool) int64 {
	bytes := operandBytes(b)
	if b.Type != variants.F32 { // held as float32 too
		bytes += bytes * variants.F32.Size() / b.Type.Size()
	}
	if isolated {
		bytes += sharedBytes(b)
	}
	return bytes + definitionBytes(b)
}

// sharedBytes is the size of the memory that the processes of a block's cells share.
func sharedBytes(b *Block) int64 {
	s := b.Shape
	numbers := inputElements(s)
	if b.backward() {
		numbers += int64(s.Slices()) * int64(s.N) * int64(s.E)
	}
	return variants.F32.Size() * numbers
}

// definitionBytes is what float64 results of a block need, one head at a time: a copy of its inputs,
// something of the size of its keys for each definition that runs at once, as many gradients as are computed
// at once, each with a copy of its own, and the results.
func definitionBytes(b *Block) int64 {
	s := b.Shape
	const size, leastColumns = 8, 64 // of a float64; of what is kept for each key
	cores := int64(runtime.GOMAXPROCS(0))
	head := size * inputElements(s) / int64(s.Slices())
	scratch := size * int64(s.S) * int64(max(s.D, leastColumns))
	bytes := head + min(cores, int64(len(b.Cells))+2)*scratch // and what all cells share
	if b.backward() {
		atOnce := min(cores, check.GradientsAtOnce)
		bytes = max(bytes, head+atOnce*(2*head+scratch)+(1+atOnce)*learnedNumbers(b)*size)
	}
	const results = 3 // exact, the mean of values, and the definition's
	return bytes + results*size*int64(s.Slices())*int64(len(b.errorRows()))*int64(s.E)
}

// learnedNumbers is the size of the parameters of a block's cell that has most of them.
func learnedNumbers(b *Block) (most int64) {
	for _, c := range b.Cells {
		var numbers int64
		if c.Problem != nil {
			for _, dims := range c.Problem.Learned() {
				numbers += int64(variants.Tensor{Dims: dims}.Len())
			}
		}
		most = max(most, numbers)
	}
	return most
}

// restrain keeps this process's heap out of the memory that the processes of a block's cells need, and
// returns what undoes it. The guard has seen to it that all that must be held fits.
func (r *run) restrain(b *Block, cells []*Cell) (release func()) {
	if len(r.Child) == 0 || r.heap == 0 {
		return func() {}
	}
	others, group := sharedBytes(b), int64(0)
	for _, c := range cells {
		bytes := c.Predicted.Bytes + processBytes(c)
		if group += bytes; b.apart {
			group = max(group-bytes, bytes)
		}
	}
	before := debug.SetMemoryLimit(max(r.heap-others-group, fixedBytes(b, false)))
	return func() { debug.SetMemoryLimit(before) }
}

// inputElements is the number of elements of q, k and v.
func inputElements(s variants.Shape) int64 {
	return int64(s.Slices()) * (int64(s.N)*int64(s.D) + int64(s.S)*int64(s.D+s.E))
}
