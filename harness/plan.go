package harness

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"attnbench/harness/machine"
	"attnbench/harness/peers"
	"attnbench/variants"
	"attnbench/variants/kernel"
)

// Plan is a sweep laid out: its blocks in the order in which they run, with predictions and decisions.
type Plan struct {
	Blocks []*Block

	limits    Limits
	started   time.Duration
	pools     pools
	yards     map[yard]*yardstick
	machine   Machine
	predictor *predictor
	schedule  *schedule
	notes     []string
	launcher  *peers.Launcher
	shard     Shard
	whole     int    // blocks of the sweep, of all shards
	id        string // of the whole sweep
	earlier   Totals // of a run that this one goes on with
}

// Machine is what a plan runs on and what tells it how that went.
type Machine struct {
	Clock   Clock
	Host    Host
	Fastest *kernel.Set // its multiply-adds are the yardstick of peak-frac
	// Child is the command of a process that calls Serve: each cell has one. Empty: cells run in this process.
	Child []string
}

// NewPlan lays a sweep out, measures the machine's FMA peak, predicts every cell and decides what runs within
// the limits. Close releases its workers.
func NewPlan(s *Sweep, limits Limits, m Machine) (*Plan, error) {
	p, err := Layout(s, limits, m)
	if err == nil {
		p.Predict()
	}
	return p, err
}

// Layout is NewPlan without predictions: nothing is measured. The budget counts from here. It is an error
// that a mechanism does not come back when it is asked what a cell needs.
func Layout(s *Sweep, limits Limits, m Machine) (*Plan, error) {
	p := &Plan{
		limits: limits, started: m.Clock.Now(), pools: pools{}, yards: map[yard]*yardstick{}, machine: m,
		schedule: &schedule{limits: limits, reached: map[string]int{}}, launcher: s.launcher, notes: s.notes,
	}
	p.predictor = newPredictor(func(threads int, t variants.ElementType) float64 {
		return p.yardstick(threads, t).peak()
	})
	if len(m.Child) > 0 {
		p.predictor.child = childTime
	}
	blocks, err := p.layOut(s)
	if err != nil {
		p.Abandon()
		return nil, err
	}
	p.assign(s, blocks)
	return p, nil
}

// Predict measures the peak and decides on every cell for now.
func (p *Plan) Predict() { p.revise(p.Blocks, p.machine.Host.Available()) }

// Spent is the wall time of the run so far, interruptions left out.
func (p *Plan) Spent() time.Duration { return p.machine.Clock.Now() - p.started }

// Notes say in a line each what of the flags is taken otherwise than it stands.
func (p *Plan) Notes() []string { return p.notes }

// Close stops the plan's workers and removes what was exchanged with peers.
func (p *Plan) Close() {
	p.pools.close()
	p.launcher.Close()
}

// Abandon removes what was exchanged with peers while a run may still be under way, because the program ends.
func (p *Plan) Abandon() { p.launcher.Close() }

// Peak is the machine's measured FMA peak at a thread count.
type Peak struct {
	SIMD    string
	Type    variants.ElementType // of the multiplicands
	Threads int
	FLOPs   float64 // in a second
}

// Peaks lists the peak at every number format and thread count of the plan.
func (p *Plan) Peaks() []Peak {
	var peaks []Peak
	for key, y := range p.yards {
		peaks = append(peaks, Peak{p.machine.Fastest.Name, key.of, key.threads, y.peak()})
	}
	slices.SortFunc(peaks, func(a, b Peak) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Threads, b.Threads))
	})
	return peaks
}

// revise predicts and decides anew, for the blocks that have not run.
func (p *Plan) revise(blocks []*Block, available machine.Figure) {
	for _, b := range blocks {
		for _, c := range b.Cells {
			if c.Problem != nil {
				c.Skip = Refusal{}
				p.predictor.predict(c)
			}
		}
		guard(b, available, len(p.machine.Child) > 0)
	}
	remaining := time.Duration(math.MaxInt64 / 2)
	if p.limits.Budget > 0 {
		remaining = p.limits.Budget - p.Spent()
	}
	p.schedule.choose(blocks, remaining)
}

// yard is what a yardstick depends on.
type yard struct {
	threads int
	of      variants.ElementType
}

// yardstick is the FMA measurement at a thread count, on operands of a number format.
func (p *Plan) yardstick(threads int, t variants.ElementType) *yardstick {
	key := yard{threads, t}
	if p.yards[key] == nil {
		p.yards[key] = newYardstick(p.machine.Clock, p.machine.Fastest, t, p.pools.get(threads))
	}
	return p.yards[key]
}

// Time is what the cells that run are expected to take.
func (p *Plan) Time() time.Duration {
	var total time.Duration
	groups := map[string]bool{}
	for _, b := range p.Blocks {
		for _, c := range b.Cells {
			if c.Skip.Code != "" {
				continue
			}
			total += c.Time()
			if b.scored() && !groups[b.group()] {
				groups[b.group()] = true
				total += target(b)
			}
		}
	}
	return total
}

// Summary says in one line what the plan comes to.
func (p *Plan) Summary() string {
	var cells, runs int
	var most int64
	for _, b := range p.Blocks {
		bytes := fixedBytes(b, len(p.machine.Child) > 0)
		for _, c := range b.Cells {
			cells++
			if c.Skip.Code == "" {
				runs++
				bytes += c.Predicted.Bytes
			}
		}
		most = max(most, bytes)
	}
	return fmt.Sprintf("%s%d blocks, %d cells: %d run, %d are skipped; predicted %s, at most %s of memory",
		p.part(), len(p.Blocks), cells, runs, cells-runs, FormatDuration(p.Time()), FormatBytes(most))
}
