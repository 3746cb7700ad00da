package work

import (
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"unsafe"
)

func TestRunDoesEveryJobOnce(t *testing.T) {
	for _, threads := range []int{1, 2, 3, 8} {
		p := NewPool(threads)
		for _, jobs := range []int{0, 1, 2, 7, 1000} {
			done := make([]atomic.Int32, jobs)
			busy := make([]atomic.Int32, threads)
			p.Run(jobs, func(worker, job int) {
				if busy[worker].Add(1) != 1 {
					t.Errorf("two jobs share worker %d", worker)
				}
				done[job].Add(1)
				busy[worker].Add(-1)
			})
			for j := range done {
				if done[j].Load() != 1 {
					t.Fatalf("%d threads: job %d of %d ran %d times", threads, j, jobs, done[j].Load())
				}
			}
		}
		p.Close()
	}
}

func TestPanicReachesTheCaller(t *testing.T) {
	p := NewPool(3)
	defer p.Close()
	for round := range 3 {
		func() {
			defer func() {
				p, ok := recover().(*Panic)
				if !ok || p.Value != "job 50" || !strings.HasPrefix(p.Place, "work_test.go:") {
					t.Errorf("round %d: the panic is lost: %v", round, p)
				}
			}()
			p.Run(100, func(_, job int) {
				if job == 50 {
					panic("job 50")
				}
			})
		}()
	}
	p.Run(10, func(int, int) {}) // the pool is still usable
}

// A fault of a worker is a panic of the caller, which says where.
func TestFaultReachesTheCaller(t *testing.T) {
	p := NewPool(3)
	defer p.Close()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	nowhere := make([]*int, 100)
	nowhere[50] = (*int)(unsafe.Add(unsafe.Pointer(nil), 1<<40))
	defer func() {
		if p, ok := recover().(*Panic); !ok || !strings.Contains(p.Error(), "invalid memory address") {
			t.Errorf("the fault is lost: %v", p)
		}
	}()
	p.Run(len(nowhere), func(_, job int) {
		if nowhere[job] != nil {
			*nowhere[job] = 1
		}
	})
}

func TestRunAllocatesNothing(t *testing.T) {
	p := NewPool(2)
	defer p.Close()
	var sum atomic.Int64
	job := func(_, job int) { sum.Add(int64(job)) }
	if n := testing.AllocsPerRun(100, func() { p.Run(16, job) }); n != 0 {
		t.Errorf("Run allocates %v times", n)
	}
}

// BenchmarkRun is the cost of handing out jobs that do nothing.
func BenchmarkRun(b *testing.B) {
	p := NewPool(2)
	defer p.Close()
	job := func(int, int) {}
	for b.Loop() {
		p.Run(64, job)
	}
}
