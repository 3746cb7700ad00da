package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"attnbench/harness/machine"
	"attnbench/harness/sampling"
	"attnbench/harness/share"
	"attnbench/results"
	"attnbench/variants"
)

// Recorder takes what a run finds, as it finds it. Its methods are called from one goroutine; an error
// stops the run.
type Recorder interface {
	// Sample is called after each sample.
	Sample(s Sample) error
	// Cell is called once for each cell: after its last sample, or when it is skipped or fails.
	Cell(o Outcome) error
	// Block is called after each block, so many seconds of wall time into the run: what was recorded so far
	// is not to be lost.
	Block(spent time.Duration) error
}

// Sample is one sample of a cell, with everything that its line says.
type Sample struct {
	*Cell
	Iterations  int
	Nanoseconds float64 // of one call
	FLOPs       float64 // useful ones of one call
	Executed    float64 // done in one call
	Peak        float64 // the machine's FLOP/s at this thread count; 0 unknown
	Plan        time.Duration
	Memory      variants.Memory
	PeakBytes   machine.Figure
	Errors      Errors
}

// Outcome is what became of a cell.
type Outcome struct {
	*Cell
	Status   string          // results.Done, Skipped or Failed
	Refusal  Refusal         // of a cell that is not done
	Times    []time.Duration // of one call, one per sample
	Errors   Errors          // zero where the cell was not verified
	Versions string          // of what a peer consists of
	Warnings []results.Warning
	Hash     uint64 // of the verified output; 0 where there is none
}

// Median is the median time of one call; 0 without samples.
func (o Outcome) Median() time.Duration {
	if len(o.Times) == 0 {
		return 0
	}
	return median(o.Times)
}

// Totals counts the cells of a run by status and says where its time went; the rest is overhead.
type Totals struct {
	Done, Skipped, Failed     int
	Measured, Verified, Total time.Duration // Measured: set-up, which is timed apart, and samples
}

// run is a run in progress.
type run struct {
	Machine
	*watchdog
	plan     *Plan
	oracle   oracle
	deadline time.Duration // 0: none
	heap     int64         // how far this process's may grow, in bytes; 0: not known
	totals   Totals
}

// Run verifies and measures the plan's blocks in order. It stops at the end of the context, between two
// calls, with the context's error, and with Endless where a call does not return; what was recorded until
// then stands.
func (p *Plan) Run(ctx context.Context, recorder Recorder) (Totals, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	// A value that was set is not changed any more when the quota of a control group is.
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	r := &run{Machine: p.machine, watchdog: newWatchdog(recorder), plan: p, totals: p.earlier}
	if available := p.machine.Host.Available(); available.Known {
		const fraction = 0.9 // of memory: past it the collector works even where samples forbid it
		r.heap = int64(fraction * available.Value)
		defer debug.SetMemoryLimit(debug.SetMemoryLimit(r.heap))
	}
	r.oracle = oracle{clock: p.machine.Clock, define: r.define}
	if p.limits.Budget > 0 {
		r.deadline = p.started + p.limits.Budget
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // whatever still runs
	done := make(chan ending, 1)
	go func() {
		var e ending
		defer func() { done <- e }() // also where the recorder ends its goroutine
		e.err = r.blocks(ctx)
		e.totals = r.totals
	}()
	var e ending
	select {
	case e = <-r.bark:
	case e = <-done:
		if errors.Is(e.err, errOver) {
			e = <-r.bark
		}
	}
	return e.totals, e.err
}

// blocks runs all blocks.
func (r *run) blocks(ctx context.Context) error {
	p, start := r.plan, r.Clock.Now()
	for i, b := range p.Blocks {
		if err := ctx.Err(); err != nil {
			return err
		}
		machine.Collect(debug.FreeOSMemory) // what the block before held is available again
		p.revise(p.Blocks[i:], r.Host.Available())
		if err := r.block(ctx, b); err != nil {
			return err
		}
		for _, c := range b.Cells {
			c.Problem = nil // with all that was drawn for it
		}
		if err := r.watchdog.Block(p.Spent()); err != nil {
			return err
		}
		r.totals.Total = p.earlier.Total + r.Clock.Now() - start
	}
	return nil
}

// block runs one block: all cells are prepared and verified, then those that passed are sampled in turns.
func (r *run) block(ctx context.Context, b *Block) error {
	var wanted []*Cell
	for _, c := range b.Cells {
		if c.Skip.Code == "" {
			wanted = append(wanted, c)
		} else if err := r.finish(Outcome{Cell: c, Status: c.Skip.status(), Refusal: c.Skip}); err != nil {
			return err
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	defer r.restrain(b, wanted)()
	in := newOperands(b)
	inputs, err := r.share(in)
	if err != nil {
		return err
	}
	defer inputs.Close()
	for _, cells := range b.groups(wanted) {
		if err := r.together(ctx, b, cells, in, inputs); err != nil {
			return err
		}
	}
	return nil
}

// together runs cells of a block that are held at once.
func (r *run) together(ctx context.Context, b *Block, cells []*Cell, in *operands, inputs share.File) error {
	trials, err := r.prepare(ctx, cells, in, inputs)
	defer dismiss(trials)
	if err != nil {
		return err
	}
	if err := r.verify(ctx, b, trials, in); err != nil {
		return err
	}
	passed := make([]*trial, 0, len(trials))
	for _, t := range trials {
		if t.stands() {
			passed = append(passed, t)
		} else if err := r.settle(t); err != nil {
			return err
		}
	}
	return r.sample(ctx, b, passed, in)
}

// dismiss ends the processes of peers and cells, all at once: each has memory to give back.
func dismiss(trials []*trial) {
	var wg sync.WaitGroup
	for _, t := range trials {
		if t.process != nil {
			wg.Go(t.process.Close)
		}
		if t.child != nil {
			wg.Go(t.child.close)
		}
	}
	wg.Wait()
}

// prepare plans every cell and runs it once, for its output and its peak memory.
func (r *run) prepare(
	ctx context.Context, cells []*Cell, in *operands, inputs share.File,
) (trials []*trial, err error) {
	var children map[*Cell]*child
	if len(r.Child) > 0 {
		children = r.launch(ctx, cells, inputs)
	}
	for _, c := range cells {
		if err := ctx.Err(); err != nil {
			abandon(children)
			return trials, err
		}
		if c.Peer != nil {
			trials = append(trials, r.invite(ctx, c, in))
			continue
		}
		var t *trial
		if h := children[c]; h != nil {
			delete(children, c)
			t = r.confine(c, h)
		} else if t, err = r.admitHere(ctx, c, in); err != nil {
			return trials, err
		}
		r.totals.Measured += t.planned
		r.totals.Verified += t.checked
		r.plan.predictor.learnGradients(c, t.compared)
		trials = append(trials, t)
	}
	return trials, ctx.Err() // whose end makes peers fail
}

// verify computes the float64 results of a block, the longest first, and scores every trial.
func (r *run) verify(ctx context.Context, b *Block, trials []*trial, in *operands) error {
	live := slices.DeleteFunc(slices.Clone(trials), func(t *trial) bool { return !t.stands() })
	if len(live) == 0 {
		return nil
	}
	start := r.Clock.Now()
	defer func() { r.totals.Verified += r.Clock.Now() - start }()
	slices.SortStableFunc(live, func(x, y *trial) int {
		return cmp.Compare(y.cell.Predicted.Gate, x.cell.Predicted.Gate)
	})
	requests := shared(b, live[0].cell.Problem)
	mine := map[*trial][]*request{}
	for _, t := range live {
		mine[t] = own(t.cell)
		requests = append(requests, mine[t]...)
	}
	if err := r.oracle.compute(ctx, b, in.Tensors, requests); err != nil {
		return err
	}
	for _, t := range live {
		if err := r.judge(t, in); err != nil {
			return err
		}
		var gate time.Duration
		for _, q := range mine[t] {
			gate += q.took
		}
		r.plan.predictor.learn(t.cell, 0, gate/time.Duration(runtime.GOMAXPROCS(0)))
	}
	return nil
}

// judge scores a trial whose definition has been computed.
func (r *run) judge(t *trial, in *operands) error {
	if err := r.oracle.failure(t.cell); err != nil {
		t.fail(err)
		return nil
	}
	err := r.define(t.cell, func() error {
		return t.contain(func() error {
			t.score(&r.oracle, in.Q)
			return nil
		})
	})
	t.kept = nil
	return err
}

// sample times the trials with the collector off: Forward allocates nothing, so all that it could collect
// is the harness's own.
func (r *run) sample(ctx context.Context, b *Block, trials []*trial, in *operands) error {
	machine.Collect(runtime.GC)
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	yard := r.plan.yardstick(b.Threads, b.Type)
	yard.restart()
	cells := make([]*sampling.Cell, len(trials))
	for i, t := range trials {
		r.ready(t, yard, in)
		cells[i] = &t.Cell
	}
	lookout := watch(r.Clock, r.Host)
	for _, t := range trials {
		t.Done = func() error {
			t.pressure = lookout.pressure(r.Clock, r.Host)
			return r.settle(t)
		}
	}
	s := &sampling.Sampler{
		Now: r.Clock.Now, Deadline: r.deadline, Between: func() { yard.burst() },
		Order: variants.Stream(b.seed, "order of samples/"+b.group(), 0),
	}
	return s.Run(ctx, cells)
}

func (r *run) line(t *trial, nanoseconds, peak float64) Sample {
	return Sample{
		Cell: t.cell, Iterations: t.iterations, Nanoseconds: nanoseconds, Peak: peak,
		FLOPs: t.cell.cost().FLOPs, Executed: float64(t.executed),
		Plan: t.planTime, Memory: t.memory, PeakBytes: t.peakBytes, Errors: t.errors,
	}
}

// settle records what became of a trial and teaches the predictor.
func (r *run) settle(t *trial) error {
	o := Outcome{
		Cell: t.cell, Status: results.Done, Times: durations(t.Times), Errors: t.errors, Hash: t.hash,
		Warnings: warnings(t), Versions: t.versions,
	}
	switch {
	case t.refusal.Code != "":
		o.Status, o.Refusal, o.Warnings = results.Skipped, t.refusal, nil
	case t.failure != "":
		o.Status, o.Refusal = results.Failed, t.failed()
	case len(t.Times) == 0:
		o.Status, o.Refusal = results.Skipped, Refusal{"budget",
			fmt.Sprintf("the budget was spent before its first sample (--budget %v)", r.plan.limits.Budget)}
	default:
		r.totals.Measured += t.Used
		r.plan.predictor.learn(t.cell, time.Duration(median(t.Times)), 0)
		r.plan.schedule.reached[t.cell.ladder()] = t.cell.Block.Shape.N
	}
	return r.finish(o)
}

// finish counts and records an outcome.
func (r *run) finish(o Outcome) error {
	switch o.Status {
	case results.Done:
		r.totals.Done++
	case results.Skipped:
		r.totals.Skipped++
	default:
		r.totals.Failed++
	}
	return r.watchdog.Cell(o)
}
