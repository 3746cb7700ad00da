package harness

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"attnbench/harness/machine"
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
