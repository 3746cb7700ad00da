package harness

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"attnbench/results"
	"attnbench/variants/work"
)

// Endless is the error of a run that stopped because a call did not return. Nothing can end a goroutine: the
// call still runs, and would disturb whatever is measured after it. Its cell has failed, and the recorder has
// been told so.
type Endless struct {
	Cell  string        // variant and length
	Limit time.Duration // for which it was waited
	// Definition says that it was the cell's result in float64, which is computed in this process even where
	// cells have processes of their own.
	Definition bool
}

func (e Endless) Error() string {
	return fmt.Sprintf("%s: %s, and still runs: what would be measured after it would be disturbed, so the run "+
		"stops here", e.Cell, e.reason())
}

// reason is what results say of the cell.
func (e Endless) reason() string {
	what := "its call"
	if e.Definition {
		what = "its result in float64"
	}
	return fmt.Sprintf("%s did not come within %v", what, e.Limit.Round(time.Second))
}

// errOver is what a call finds that comes back when the run is over.
var errOver = errors.New("the run is over")

// ending is how a run ended.
type ending struct {
	totals Totals
	err    error
}

// watchdog stands between a run and its recorder. Once a call has been given up nothing gets past it: that
// call may come back.
type watchdog struct {
	recorder Recorder
	mu       sync.Mutex
	over     bool
	bark     chan ending // of a run that a call has ended; there is room for one
}

func newWatchdog(r Recorder) *watchdog { return &watchdog{recorder: r, bark: make(chan ending, 1)} }

// Sample is the recorder's.
func (w *watchdog) Sample(s Sample) error {
	return w.pass(func() error { return w.recorder.Sample(s) })
}

// Cell is the recorder's.
func (w *watchdog) Cell(o Outcome) error { return w.pass(func() error { return w.recorder.Cell(o) }) }

// Block is the recorder's.
func (w *watchdog) Block(spent time.Duration) error {
	return w.pass(func() error { return w.recorder.Block(spent) })
}

func (w *watchdog) pass(record func() error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return errOver
	}
	return record()
}

// watch does something for a cell. When that takes too long, the cell has failed and the run ends, although
// this goroutine does not know it yet.
func (r *run) watch(c *Cell, e Endless, f func() error) error {
	e.Cell = fmt.Sprintf("%s n=%d", c.Label(), c.Block.Shape.N)
	w, back := r.watchdog, false
	stop := r.Clock.Alarm(e.Limit, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if back || w.over {
			return
		}
		w.over = true
		totals := r.totals // which nobody changes while the call lasts
		totals.Failed++
		outcome := Outcome{Cell: c, Status: results.Failed, Refusal: Refusal{codeTimeout, e.reason()}}
		w.bark <- ending{totals, errors.Join(e, w.recorder.Cell(outcome))}
	})
	err := f()
	stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	if back = true; w.over {
		return errOver
	}
	return err
}

// layOut expands a sweep, for which mechanisms are asked what their cells need. Of one that does not come
// back there is no cell yet that could fail.
func (p *Plan) layOut(s *Sweep) ([]*Block, error) {
	limit := answerPatience
	if timeout := p.limits.Timeout; timeout > 0 {
		limit = max(leastPatience, timeout)
	}
	done, stuck := make(chan []*Block, 1), make(chan error, 1)
	s.alarm = func(c *Cell) (stop func()) {
		var over atomic.Bool // it came back, or was given up
		cancel := p.machine.Clock.Alarm(limit, func() {
			if over.CompareAndSwap(false, true) {
				stuck <- fmt.Errorf("%s n=%d: its plan did not come within %v, so nothing is measured: leave it "+
					"out (--variants)", c.Label(), c.Block.Shape.N, limit)
			}
		})
		return func() {
			over.Store(true)
			cancel()
		}
	}
	go func() { done <- s.blocks(p.pools) }()
	select {
	case blocks := <-done:
		return blocks, nil
	case err := <-stuck:
		return nil, err
	}
}

// call runs a part of a trial that calls its mechanism. A panic is an error.
func (r *run) call(t *trial, f func() error) error {
	if t.child != nil || t.process != nil { // which are not waited for without end
		return work.Contain(f)
	}
	return r.watch(t.cell, Endless{Limit: r.callLimit(t.cell)}, func() error { return work.Contain(f) })
}

// define runs a part of a cell's comparison with its definition.
func (r *run) define(c *Cell, f func() error) error {
	limit := max(answerPatience, manyTimes*time.Duration(runtime.GOMAXPROCS(0))*c.Predicted.Gate)
	return r.watch(c, Endless{Limit: limit, Definition: true}, f)
}

// manyTimes what is predicted is too long.
const manyTimes = 10

// callLimit is how long a cell may take in this process until its next result. It is more generous than with
// a process of its own, because it ends the run: what is merely slow gets some seconds.
func (r *run) callLimit(c *Cell) time.Duration {
	gating := c.gatingOnOneCore()
	if limit := r.plan.limits.Timeout; limit > 0 {
		return max(leastPatience, limit+manyTimes*gating)
	}
	return max(answerPatience, manyTimes*(gating+3*c.Predicted.Call))
}
