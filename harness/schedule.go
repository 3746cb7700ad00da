package harness

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"attnbench/harness/machine"
	"attnbench/variants"
)

// Limits bound a run. Zero means no limit.
type Limits struct {
	Budget  time.Duration // of the whole run
	Timeout time.Duration // of one cell's samples
}

// slack is what predictions are multiplied with before they are charged to the budget, and reserve the part
// of the budget that is kept back: a run that ends early is better than one that ends late.
const (
	slack   = 1.1
	reserve = 0.03
)

// memoryFraction is the part of the available memory that a block may take.
const memoryFraction = 0.8

// schedule decides which cells run.
type schedule struct {
	limits  Limits
	reached map[string]int // longest length that ran, by ladder
}

// choose grants samples to the cells of the blocks within the remaining time, the cheapest cells first: so
// every ladder gets as far as it can before any gets further at the others' cost. Cells that no longer fit
// say so in Skip. Decisions on blocks other than the first are provisional: they are taken again when more
// has been measured.
func (s *schedule) choose(blocks []*Block, remaining time.Duration) {
	charged := map[string]bool{}
	left := time.Duration(float64(remaining) - reserve*float64(s.limits.Budget))
	for _, c := range byCost(blocks) {
		shared := target(c.Block)
		if charged[c.Block.group()] {
			shared = 0
		}
		c.Samples = 0
		for _, samples := range []int{c.Block.samples, min(minSamples, c.Block.samples)} {
			sampling := c.sampling(samples)
			cost := time.Duration(slack * float64(shared+c.gating()+sampling))
			c.Skip = s.refuse(c, samples, sampling, cost, left)
			if c.Skip.Code == "" {
				c.Samples = samples
				left -= cost
				charged[c.Block.group()] = charged[c.Block.group()] || c.Block.scored()
				break
			}
		}
	}
	s.share(blocks, left)
}

// share divides what is left among the cells that run, for samples beyond those granted: equally, so that
// short cells, which scatter most, get many. What a cell does not need is there for those after it.
func (s *schedule) share(blocks []*Block, left time.Duration) {
	var cells []*Cell
	for _, b := range blocks {
		for _, c := range b.Cells {
			if c.Samples > 0 && !b.Fidelity() {
				cells = append(cells, c)
			}
		}
	}
	for _, c := range cells {
		c.extra = max(0, left/time.Duration(len(cells)))
		if s.limits.Timeout > 0 {
			c.extra = min(c.extra, max(0, s.limits.Timeout-c.sampling(c.Samples)))
		}
	}
}

// refuse says why a cell does not fit; zero: it fits.
func (s *schedule) refuse(c *Cell, samples int, sampling, cost, left time.Duration) Refusal {
	var code, limit string
	switch {
	case s.limits.Timeout > 0 && sampling > s.limits.Timeout:
		code, limit = "timeout", fmt.Sprintf("past the time of one cell (--timeout %v)", s.limits.Timeout)
	case s.limits.Budget > 0 && cost > left:
		code, limit = "budget", fmt.Sprintf("past this run's budget (--budget %v)", s.limits.Budget)
	default:
		return Refusal{}
	}
	reason := fmt.Sprintf("predicted %s for %d samples: %s", FormatDuration(cost), samples, limit)
	if n := s.reached[c.ladder()]; n > 0 {
		reason += fmt.Sprintf("; ran to n=%d", n)
	}
	return Refusal{code, reason}
}

// MemoryLimit is the size that a block may have when so much memory is available; "n/a" where the system does
// not say.
func MemoryLimit(available machine.Figure) string {
	available.Value *= memoryFraction
	return available.Bytes()
}

// byCost lists the cells that nothing speaks against so far, the cheapest first.
func byCost(blocks []*Block) []*Cell {
	var cells []*Cell
	for _, b := range blocks {
		for _, c := range b.Cells {
			if c.Problem != nil && c.Skip.Code == "" {
				cells = append(cells, c)
			}
		}
	}
	cost := func(c *Cell) time.Duration { return c.gating() + c.sampling(c.Block.samples) }
	slices.SortStableFunc(cells, func(a, b *Cell) int { return cmp.Compare(cost(a), cost(b)) })
	return cells
}

// guard refuses the largest cells of a block until what remains fits into the available memory together: all
// cells of a block are held at once, because they are sampled in turns.
// Where each cell has a process, cells that do not fit together run one after the other.
func guard(b *Block, available machine.Figure, isolated bool) {
	if !available.Known {
		return
	}
	limit := int64(memoryFraction * available.Value)
	total := fixedBytes(b)
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
		if fixed := fixedBytes(b) + processBytes(c); fixed+c.Predicted.Bytes > limit {
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
	b, s := c.Block, c.Block.Shape
	inputs := int64(s.N)*int64(s.D) + int64(s.S)*int64(s.D+s.E)
	bytes := operandBytes(b) - b.Type.Size()*inputs*int64(s.Slices()) // results, and twice the upstream gradient
	if b.Type != variants.F32 {
		bytes += (b.Type.Size() + variants.F32.Size()) * inputs * int64(s.Slices())
	}
	return program + bytes + c.params
}

// fixedBytes is what a block needs beside the plans of its cells: operands twice (the leak test changes a
// copy), and float64 copies of them for every definition that runs at a time.
func fixedBytes(b *Block) int64 {
	s := b.Shape
	bytes := operandBytes(b)
	if b.Type != variants.F32 { // held as float32 too
		bytes += bytes * variants.F32.Size() / b.Type.Size()
	}
	oneHead := bytes / int64(s.Slices())
	const float64Copies = 2 * 4 // twice the size, on a few cores, with some scratch
	return 2*bytes + float64Copies*oneHead + int64(s.Slices())*int64(len(b.errorRows()))*int64(s.E)*8*3
}

// FormatBytes writes a number of bytes as a size, "7.5 GiB".
func FormatBytes(bytes int64) string {
	return machine.Figure{Value: float64(bytes), Known: true}.Bytes()
}

// FormatDuration writes a duration with about two significant digits.
func FormatDuration(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{time.Second, "s"}, {time.Millisecond, "ms"}, {time.Microsecond, "µs"}} {
		value := float64(d) / float64(u.unit)
		switch {
		case value >= 10:
			return fmt.Sprintf("%.0f %s", value, u.name)
		case value >= 1:
			return fmt.Sprintf("%.1f %s", value, u.name)
		}
	}
	return fmt.Sprintf("%d ns", d.Nanoseconds())
}
