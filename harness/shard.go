package harness

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"attnbench/variants"
)

// Shard is one of the parts that a sweep is dealt into, each for a machine of its own. Parts consist of whole
// blocks, so every comparison stays on one machine. The zero value is all of the sweep.
type Shard struct {
	Index int // from 1 to Count
	Count int
	From  string // what in the environment says so; empty where the user did
}

// maxShards is more than anybody has machines.
const maxShards = 100_000

// ParseShard reads "2/4". Shards are numbered from 1.
func ParseShard(text string) (Shard, error) {
	first, second, found := strings.Cut(text, "/")
	index, err := strconv.Atoi(first)
	count, wrong := strconv.Atoi(second)
	switch {
	case !found || err != nil || wrong != nil:
		return Shard{}, fmt.Errorf("--shard %s: write INDEX/COUNT as in 2/4, or auto", text)
	case count < 1 || count > maxShards:
		return Shard{}, fmt.Errorf("--shard %s: there must be 1 to %d shards", text, maxShards)
	case index < 1 || index > count:
		return Shard{}, fmt.Errorf("--shard %s: shards are numbered from 1: 1/%d to %[2]d/%[2]d", text, count)
	}
	return Shard{Index: index, Count: count}, nil
}

// String is "2/4", or empty for all of a sweep.
func (s Shard) String() string {
	if s.Count == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Count)
}

// The machine that blocks are weighed for. It is nobody's, so that every machine deals alike.
const (
	weighingPeak   = 5e10 // FLOP/s of one thread
	weighingCores  = 4
	weighingMemory = 1 << 38 // bytes
	blockOverhead  = 50 * time.Millisecond
)

// deal returns for each block the index of its shard, from 1: the heaviest first, each to the shard that has
// least so far. It depends on the sweep, the limits and the count alone.
func deal(blocks []*Block, count int, limits Limits) []int {
	order, weights := make([]int, len(blocks)), make([]time.Duration, len(blocks))
	for i, b := range blocks {
		order[i], weights[i] = i, weigh(b, limits)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(weights[b], weights[a]) })
	loads, owner := make([]time.Duration, count), make([]int, len(blocks))
	for _, i := range order {
		least := slices.Index(loads, slices.Min(loads))
		loads[least] += weights[i]
		owner[i] = least + 1
	}
	return owner
}

// weigh is the time that a block would take on the weighing machine. A cell that could not run there, because
// of the limits or for want of memory, weighs nothing.
func weigh(b *Block, limits Limits) time.Duration {
	p := newPredictor(func(threads int, _ variants.ElementType) float64 {
		return weighingPeak * float64(threads)
	})
	limit := time.Duration(math.MaxInt64)
	if limits.Budget > 0 {
		limit = limits.Budget
	}
	total := blockOverhead + seconds(exactWork(b)/weighingCores)
	for _, c := range b.Cells {
		if c.Problem == nil || c.bytes > weighingMemory {
			continue
		}
		c.Predicted = Prediction{
			Call: seconds(p.modelCall(c)),
			Gate: seconds((definitionWork(c) + gradientWork(c)) / weighingCores),
		}
		if c.Peer != nil {
			c.Predicted.Start = startTime
		}
		sampling := c.sampling(b.samples)
		if took := c.gating() + sampling; took <= limit && (limits.Timeout == 0 || sampling <= limits.Timeout) {
			total += took
		}
	}
	return total
}

// assign keeps the blocks of the sweep's shard, in their order, and names the plan of which they are a part.
func (p *Plan) assign(s *Sweep, all []*Block) {
	count := max(s.shard.Count, 1)
	owner := deal(all, count, p.limits)
	p.shard, p.whole, p.id = s.shard, len(all), planID(s, all, owner, count)
	for i, b := range all {
		if s.shard.Count == 0 || owner[i] == s.shard.Index {
			p.Blocks = append(p.Blocks, b)
		}
	}
}

// planID is 12 hexadecimal digits of the seed, the cells, and the shard of each. The SIMD path is in it only
// where the sweep names one: machines of one run may differ in the best that they have.
func planID(s *Sweep, blocks []*Block, owner []int, count int) string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%d %d\n", s.seed, count)
	for i, b := range blocks {
		for _, c := range b.Cells {
			name := c.Name()
			if !s.namesKernels {
				name.SIMD = "best"
			}
			fmt.Fprintf(sum, "%d %s %d\n", owner[i], name.Name(), b.samples)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:6])
}

// Shard is the part of the sweep that the plan has.
func (p *Plan) Shard() Shard { return p.shard }

// ID names the plan of the whole sweep: its seed, its cells and how they are dealt to shards, whichever of
// them this is. Runs with the same one are parts or repetitions of the same.
func (p *Plan) ID() string { return p.id }

// CheckShard refuses more shards than there are blocks.
func (p *Plan) CheckShard() error {
	if p.shard.Count > p.whole {
		return fmt.Errorf("--shard %v: the sweep has %d blocks, which stay whole: use at most %d shards",
			p.shard, p.whole, p.whole)
	}
	return nil
}

// part says which part of the sweep the plan is, unless it is all of it.
func (p *Plan) part() string {
	if p.shard.Count == 0 {
		return ""
	}
	from := ""
	if p.shard.From != "" {
		from = " (" + p.shard.From + ")"
	}
	return fmt.Sprintf("shard %v%s of a sweep of %d blocks: ", p.shard, from, p.whole)
}
