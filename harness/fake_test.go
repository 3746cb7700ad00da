package harness

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"attnbench/harness/machine"
	"attnbench/variants"
	"attnbench/variants/kernel"
)

// fakeClock moves only when told to.
type fakeClock struct {
	now    atomic.Int64
	mu     sync.Mutex
	alarms map[*fakeAlarm]bool
}

// fakeAlarm rings in the goroutine that moves the clock.
type fakeAlarm struct {
	at   time.Duration
	ring func()
}

func (c *fakeClock) Now() time.Duration { return time.Duration(c.now.Load()) }

func (c *fakeClock) advance(d time.Duration) {
	now := time.Duration(c.now.Add(int64(d)))
	var due []*fakeAlarm
	c.mu.Lock()
	for a := range c.alarms {
		if now >= a.at {
			due = append(due, a)
			delete(c.alarms, a)
		}
	}
	c.mu.Unlock()
	for _, a := range due {
		a.ring()
	}
}

func (c *fakeClock) Alarm(after time.Duration, ring func()) (stop func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := &fakeAlarm{c.Now() + after, ring}
	if c.alarms == nil {
		c.alarms = map[*fakeAlarm]bool{}
	}
	c.alarms[a] = true
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.alarms, a)
	}
}

// waiting is the number of alarms that have not rung.
func (c *fakeClock) waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.alarms)
}

// fakeHost has so much memory and forces a context switch at each reading.
type fakeHost struct {
	available machine.Figure
	switches  int64
}

func (h *fakeHost) Available() machine.Figure { return h.available }
func (h *fakeHost) Resident() machine.Figure  { return machine.Figure{Value: 1000, Known: true} }
func (h *fakeHost) ResetPeak() bool           { return true }
func (h *fakeHost) Peak() machine.Figure      { return machine.Figure{Value: 5000, Known: true} }
func (h *fakeHost) Noise() machine.Noise      { return machine.Noise{} }
func (h *fakeHost) Usage() machine.Usage {
	h.switches++
	return machine.Usage{Involuntary: h.switches, Known: true}
}

// fakeMachine has a clock that its kernels and mechanisms move: 100 GFLOP/s of multiply-adds.
func fakeMachine(clock *fakeClock) Machine {
	set := kernel.Generic()
	set.FMA = func(n int) int64 {
		clock.advance(time.Duration(n) * 160 / 100)
		return int64(n) * 160
	}
	host := &fakeHost{available: machine.Figure{Value: 1 << 40, Known: true}}
	return Machine{Clock: clock, Host: host, Fastest: set}
}

// fakeMechanism returns v after perToken·n^exponent nanoseconds on the clock. It costs what it takes at 100
// GFLOP/s.
func fakeMechanism(clock *fakeClock, name string, perToken, exponent float64) *variants.Mechanism {
	took := func(p *variants.Problem) float64 { return perToken * math.Pow(float64(p.Shape.N), exponent) }
	return &variants.Mechanism{
		Name: name, Role: variants.Approximation,
		Options: []variants.Option{{Name: "k", Kind: variants.Int, Default: "4", Min: 1, Max: 100}},
		Cost:    func(p *variants.Problem) variants.Cost { return variants.Cost{FLOPs: 100 * took(p)} },
		New: func(p *variants.Problem, ws *variants.Workspace) variants.Attention {
			variants.Alloc[float32](ws, p.Shape.N*p.Int("k"))
			return &fakePlan{advance: func() { clock.advance(time.Duration(took(p))) }}
		},
		Definition: func(p *variants.Problem, h variants.Head) []float64 {
			var out []float64
			for _, r := range h.Rows {
				out = append(out, h.V[r*p.Shape.E:(r+1)*p.Shape.E]...)
			}
			return out
		},
	}
}

// fakePlan copies values, with what wrong does to them.
type fakePlan struct {
	advance func()
	wrong   func(call int, out []float32)
	calls   int
}

func (p *fakePlan) Forward(out, _, _, v variants.Floats) {
	p.advance()
	copy(out.F32, v.F32)
	p.calls++
	if p.wrong != nil {
		p.wrong(p.calls, out.F32)
	}
}

func (p *fakePlan) Executed() int64 { return 0 }

// journal keeps what a run records.
type journal struct {
	samples  []Sample
	outcomes []Outcome
	onSample func()
}

func (j *journal) Sample(s Sample) error {
	j.samples = append(j.samples, s)
	if j.onSample != nil {
		j.onSample()
	}
	return nil
}

func (j *journal) Cell(o Outcome) error {
	j.outcomes = append(j.outcomes, o)
	return nil
}

func (j *journal) Block(time.Duration) error { return nil }

// outcome returns what became of a cell.
func (j *journal) outcome(label string, n int) Outcome {
	for _, o := range j.outcomes {
		if o.Label() == label && o.Block.Shape.N == n {
			return o
		}
	}
	return Outcome{}
}
