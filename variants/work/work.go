// Package work runs jobs on a fixed number of workers that live as long as a benchmark run.
//
// Starting a goroutine costs up to 100 µs where an idle core must be woken, as much as a whole tile of
// attention, so the workers are started once. Jobs are handed out by one atomic counter in ascending order;
// results do not depend on who takes which job.
package work

import (
	"sync"
	"sync/atomic"
)

// Pool is a set of workers. A Pool runs one batch of jobs at a time: Run must not be called concurrently or
// from a job.
type Pool struct {
	threads int
	wake    []chan struct{} // one per started worker: worker 0 is the caller
	done    sync.WaitGroup
	next    atomic.Int64
	jobs    int64
	job     func(worker, job int)
	failed  atomic.Pointer[panicked]
}

// panicked carries a job's panic to the caller of Run.
type panicked struct{ value any }

// NewPool starts threads-1 workers; the caller of Run is the remaining one. It panics when threads < 1. Close
// stops them.
func NewPool(threads int) *Pool {
	if threads < 1 {
		panic("work: a pool needs at least one thread")
	}
	p := &Pool{threads: threads}
	for w := 1; w < threads; w++ {
		wake := make(chan struct{}, 1)
		p.wake = append(p.wake, wake)
		go p.serve(w, wake)
	}
	return p
}

// Threads returns the number of workers, the caller included.
func (p *Pool) Threads() int { return p.threads }

// Run calls job(worker, j) once for each j in [0, jobs) and returns when all are done. worker is in [0,
// Threads()): no two jobs run at the same time under the same number, so it can index scratch memory. A panic
// of a job is raised again in the caller once all workers have stopped.
//
// Pass a function that was made once: a closure built for the call would be allocated by it.
func (p *Pool) Run(jobs int, job func(worker, job int)) {
	helpers := min(len(p.wake), jobs-1)
	if helpers <= 0 {
		for j := range jobs {
			job(0, j)
		}
		return
	}
	p.jobs, p.job = int64(jobs), job
	p.next.Store(0)
	p.done.Add(helpers)
	for _, wake := range p.wake[:helpers] {
		wake <- struct{}{}
	}
	p.take(0)
	p.done.Wait()
	p.job = nil
	if f := p.failed.Swap(nil); f != nil {
		panic(f.value)
	}
}

// Close stops the workers. The pool must not be used afterwards.
func (p *Pool) Close() {
	for _, wake := range p.wake {
		close(wake)
	}
	p.wake = nil
}

func (p *Pool) serve(worker int, wake <-chan struct{}) {
	for range wake {
		p.take(worker)
		p.done.Done()
	}
}

// take runs jobs until none is left. After a panic the remaining jobs are dropped.
func (p *Pool) take(worker int) {
	defer func() {
		if v := recover(); v != nil {
			p.failed.CompareAndSwap(nil, &panicked{v})
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
