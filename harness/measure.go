package harness

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"attnbench/harness/machine"
	"attnbench/variants/work"
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
func (t *trial) sample(clock Clock, host Host, in *operands) (nanoseconds float64, err error) {
	if t.child != nil {
		return t.sampleChild()
	}
	if t.iterations > 1 {
		if _, err := t.calls(1, clock, in); err != nil {
			return 0, err
		}
	}
	before := host.Usage()
	took, err := t.run(clock, in)
	if err == nil && took <= 0 {
		err = errClock
	}
	if err != nil {
		return 0, err
	}
	if usage := host.Usage().Since(before); usage.Known && t.process == nil {
		t.switches += usage.Involuntary
	}
	t.used += took
	t.times = append(t.times, t.call)
	if t.process == nil {
		in.read()
		if t.digest(in) != t.expected() {
			return 0, errChanged
		}
	}
	return float64(took) / float64(t.iterations), nil
}

// sampler takes the samples of one block.
type sampler struct {
	clock    Clock
	host     Host
	yard     *yardstick
	rng      *rand.Rand
	deadline time.Duration // of the run; 0: none
	timeout  time.Duration // of one cell; 0: none
	spare    time.Duration // what any cell may take beyond its prediction
	record   func(t *trial, nanoseconds float64) error
	done     func(t *trial) error
}

// run samples the trials in turns until all are finished: first as they are listed, because readers of the
// file show variants in the order in which they meet them, then in a new random order each round. Between
// rounds the yardstick is read.
func (s *sampler) run(ctx context.Context, trials []*trial, in *operands) error {
	for _, t := range trials {
		if err := work.Contain(func() error { return t.calibrate(s.clock, in) }); err != nil {
			t.fail(err)
			in.mend()
		}
	}
	left := len(trials)
	for round := 0; left > 0; round++ {
		s.yard.burst()
		if round > 0 {
			s.rng.Shuffle(len(trials), func(i, j int) { trials[i], trials[j] = trials[j], trials[i] })
		}
		for _, t := range trials {
			if t.finished {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			if s.over() || t.failure != "" || t.resumed() && s.enough(t) {
				t.finished = true
			} else if err := s.step(ctx, t, in); err != nil {
				return err
			}
			if t.finished {
				left--
				if err := s.done(t); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// step takes one sample of a trial and decides whether it was the last.
func (s *sampler) step(ctx context.Context, t *trial, in *operands) error {
	var nanoseconds float64
	err := work.Contain(func() (err error) {
		nanoseconds, err = t.sample(s.clock, s.host, in)
		return err
	})
	if err != nil {
		if ctx.Err() != nil { // which ends peers
			return ctx.Err()
		}
		t.fail(err)
		t.finished = true
		in.mend()
		return nil
	}
	if err := s.record(t, nanoseconds); err != nil {
		return err
	}
	t.finished = s.enough(t)
	return nil
}

// enough reports whether a trial has its samples: those that were granted, or fewer where it takes far longer
// than predicted, but then as many as an interval needs.
func (s *sampler) enough(t *trial) bool {
	granted := t.cell.Samples
	switch {
	case len(t.times) >= granted:
		return true
	case len(t.times) < min(minSamples, granted):
		return false
	case s.timeout > 0 && t.used > s.timeout:
		return true
	}
	const patience = 2
	return s.deadline > 0 && t.used > patience*t.cell.sampling(granted)+s.spare
}

// over reports whether the run's time is spent: no sample is begun any more.
func (s *sampler) over() bool { return s.deadline > 0 && s.clock.Now() >= s.deadline }
