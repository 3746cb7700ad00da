// Package work runs jobs on a fixed number of workers that live as long as a benchmark run.
//
// Starting a goroutine costs up to 100 µs where an idle core must be woken, as much as a whole tile of
// attention, so the workers are started once, and one that has just run out of jobs watches for more for a
// moment before it sleeps. Jobs are handed out by one atomic counter in ascending order; results do not
// depend on who takes which job.
package work

import (
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// Pool is a set of workers. A Pool runs one batch of jobs at a time: Run must not be called concurrently or
// from a job.
type Pool struct {
	threads int
	helpers []*helper // worker 0 is the caller
	pending atomic.Int64
	done    sync.WaitGroup
	next    atomic.Int64
	jobs    int64
	job     func(worker, job int)
	failed  atomic.Pointer[Panic]
}

// helper is a started worker.
type helper struct {
	number int
	state  atomic.Int32
	wake   chan struct{}
}

// The states of a helper. The caller turns watching into called; only the helper itself goes to sleep.
const (
	asleep int32 = iota // waits for its channel
	watching
	called
)

// watch is how often an idle helper, or a caller whose helpers are still busy, looks before it sleeps: some
// 50 µs, about what it costs to be woken.
const watch = 20_000

// NewPool starts threads-1 workers; the caller of Run is the remaining one. It panics when threads < 1. Close
// stops them.
func NewPool(threads int) *Pool {
	if threads < 1 {
		panic("work: a pool needs at least one thread")
	}
	p := &Pool{threads: threads}
	for w := 1; w < threads; w++ {
		h := &helper{number: w, wake: make(chan struct{}, 1)}
		p.helpers = append(p.helpers, h)
		go p.serve(h)
	}
	return p
}

// Threads returns the number of workers, the caller included.
func (p *Pool) Threads() int { return p.threads }

// Run calls job(worker, j) once for each j in [0, jobs) and returns when all are done. worker is in [0,
// Threads()): no two jobs run at the same time under the same number, so it can index scratch memory. A panic
// of a job is raised again in the caller, as a *Panic, once all workers have stopped.
//
// Pass a function that was made once: a closure built for the call would be allocated by it.
func (p *Pool) Run(jobs int, job func(worker, job int)) {
	helpers := min(len(p.helpers), jobs-1)
	if helpers <= 0 {
		for j := range jobs {
			job(0, j)
		}
		return
	}
	p.jobs, p.job = int64(jobs), job
	p.next.Store(0)
	p.pending.Store(int64(helpers))
	p.done.Add(helpers)
	for _, h := range p.helpers[:helpers] {
		if !h.state.CompareAndSwap(watching, called) {
			h.wake <- struct{}{}
		}
	}
	p.take(0)
	for i := 0; i < watch && p.pending.Load() > 0; i++ {
		relax(i)
	}
	p.done.Wait()
	p.job = nil
	if f := p.failed.Swap(nil); f != nil {
		panic(f)
	}
}

// Close stops the workers. The pool must not be used afterwards.
func (p *Pool) Close() {
	for _, h := range p.helpers {
		close(h.wake)
	}
	p.helpers = nil
}

// serve runs batches until the pool is closed.
func (p *Pool) serve(h *helper) {
	debug.SetPanicOnFault(true) // a caller that recovers from panics recovers from faults too
	for range h.wake {
		for p.batch(h); h.watchForMore(); {
			p.batch(h)
		}
	}
}

// batch takes part in one batch of jobs.
func (p *Pool) batch(h *helper) {
	p.take(h.number)
	h.state.Store(watching) // before the caller may go on, who then finds it so
	p.pending.Add(-1)
	p.done.Done()
}

// watchForMore reports whether the helper was called to another batch before it fell asleep.
func (h *helper) watchForMore() bool {
	for i := range watch {
		if h.state.Load() == called {
			return true
		}
		relax(i)
	}
	return !h.state.CompareAndSwap(watching, asleep)
}

// relax lets other goroutines run now and then while somebody watches.
func relax(i int) {
	if i%256 == 255 {
		runtime.Gosched()
	}
}

// take runs jobs until none is left. After a panic the remaining jobs are dropped.
func (p *Pool) take(worker int) {
	defer func() {
		if v := recover(); v != nil {
			p.failed.CompareAndSwap(nil, Recovered(v))
			p.next.Store(p.jobs)
		}
	}()
	for {
		j := p.next.Add(1) - 1
		if j >= p.jobs {
			return
		}
		p.job(worker, int(j))
	}
}
