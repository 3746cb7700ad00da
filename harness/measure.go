package harness

import (
	"cmp"
	"errors"
	"time"

	"attnbench/harness/machine"
)

// A sample lasts at least minSample: shorter ones measure the clock and the caches' state.
const (
	minSample     = time.Millisecond
	maxIterations = 1 << 20
)

// Host is the part of the machine that the harness reads. *machine.Host is one.
type Host interface {
	Available() machine.Figure
	Resident() machine.Figure
	ResetPeak() bool
	Peak() machine.Figure
	Usage() machine.Usage
	Noise() machine.Noise
}

// errChanged says that a timed call gave another output than the verified one.
var errChanged = errors.New("a timed call gave another output than the verified one")

// errClock says that the difference of two readings of the clock is no time.
var errClock = errors.New("the clock stood still or ran backwards during a sample")

// calibrate chooses the number of calls in a sample. The call that verified the cell met cold memory: it
// tells long calls only.
func (t *trial) calibrate(clock Clock, in *operands) (err error) {
	if t.child != nil {
		return t.calibrateChild()
	}
	t.iterations = 1
	took := t.call
	if took < 10*minSample {
		took, err = t.run(clock, in)
	}
	if err == nil && took >= minSample && took < 2*minSample {
		took, err = t.run(clock, in) // with its memory in the caches: the first may have been slow without
	}
	for err == nil && took < minSample && t.iterations < maxIterations {
		if took > 0 {
			enough := int(1.2*float64(minSample)/float64(took)*float64(t.iterations)) + 1
			t.iterations = min(max(enough, t.iterations+1), 10*t.iterations)
		} else {
			t.iterations *= 2
		}
		took, err = t.run(clock, in)
	}
	if err != nil {
		return err
	}
	return t.settleTokens(clock, in)
}

// run times one sample.
func (t *trial) run(clock Clock, in *operands) (time.Duration, error) {
	t.rewind()
	took, err := t.calls(t.iterations, clock, in)
	t.call = took / time.Duration(t.iterations)
	return took, err
}

// calls makes a number of calls and returns what they took: by the clock, or by a peer's own.
func (t *trial) calls(n int, clock Clock, in *operands) (time.Duration, error) {
	if t.process != nil {
		answer, err := t.process.Go(n, t.patience(answerPatience))
		return time.Duration(answer.Nanoseconds), err
	}
	start := clock.Now()
	for range n {
		t.invoke(in)
	}
	took := clock.Now() - start
	return took, t.trespass(in)
}

// sample takes one sample and checks its output. Calls shorter than a sample get one untimed call first: the
// cells before this one have left their own data in the caches.
func (t *trial) sample(
	clock Clock, host Host, in *operands,
) (nanoseconds float64, took time.Duration, err error) {
	if t.child != nil {
		return t.sampleChild()
	}
	if t.iterations > 1 {
		if _, err := t.calls(1, clock, in); err != nil {
			return 0, 0, err
		}
	}
	before := host.Usage()
	took, err = t.run(clock, in)
	if err == nil && took <= 0 {
		err = errClock
	}
	if err != nil {
		return 0, 0, err
	}
	if usage := host.Usage().Since(before); usage.Known && t.process == nil {
		t.switches += usage.Involuntary
	}
	if t.process == nil {
		in.read()
		if t.digest(in) != t.expected() {
			return 0, 0, errChanged
		}
	}
	return float64(took) / float64(t.iterations), took, nil
}

// ready calibrates a trial and says how it is sampled.
func (r *run) ready(t *trial, yard *yardstick, in *operands) {
	if err := r.call(t, func() error { return t.calibrate(r.Clock, in) }); err != nil {
		t.fail(err)
		in.mend()
	}
	t.Least, t.Most, t.Extra = t.cell.Samples, t.cell.Samples, t.cell.extra
	t.Floor = min(minSamples, t.Least)
	if b := t.cell.Block; !b.Fidelity() && !b.counted {
		t.Most = max(mostSamples, t.Least)
	}
	t.Limit = r.plan.limits.patience(t.cell)
	t.Take = func() (nanoseconds float64, took time.Duration, err error) {
		if t.failure != "" {
			return 0, 0, errors.New(t.failure)
		}
		err = r.call(t, func() (err error) {
			nanoseconds, took, err = t.sample(r.Clock, r.Host, in)
			return err
		})
		if err != nil {
			t.fail(err)
			in.mend()
		}
		return nanoseconds, took, err
	}
	t.Record = func(nanoseconds float64) error { return r.watchdog.Sample(r.line(t, nanoseconds, yard.peak())) }
}

// patience is the time after which a cell makes do with the fewest samples; 0: none. Beside --timeout it is
// twice what was predicted, and something that is not worth a word.
func (l Limits) patience(c *Cell) time.Duration {
	const times, cells = 2, 200
	limit := l.Timeout
	if l.Budget > 0 {
		budget := times*c.sampling(c.Samples) + l.Budget/cells
		limit = min(budget, cmp.Or(limit, budget))
	}
	return limit
}
