package recurrent

import (
	"math"

	"attnbench/variants"
)

// runs are those of a chunk, for what goes through them backward. As a rule there is one; where decays are so
// strong that there are many, the states before some of them are kept, and those between made again.
type runs struct {
	starts  []int     // [chunk+1]: first tokens, and the end of the chunk
	current int       // whose decays the worker holds
	kept    []float32 // [slots, d, lde]: states before every few runs
	slots   int
	every   int // runs from one kept state to the next
}

func newRuns(w *worker, ws *variants.Workspace) runs {
	x := runs{starts: variants.Alloc[int](ws, w.chunk+1)}
	if w.Decay != None {
		x.slots = int(math.Ceil(math.Sqrt(float64(w.chunk))))
		x.kept = variants.Alloc[float32](ws, x.slots*w.shape.D*w.lde)
	}
	return x
}

// findRuns divides a chunk as the forward pass does.
func (p *puller) findRuns(from, to int) (count int) {
	for from < to {
		p.starts[count], p.current = from, count
		from += p.countTokens(from, to, p.shape.N)
		count++
	}
	p.starts[count] = to
	return count
}

// reopen finds a run's decays again, unless they are at hand, and loads its keys.
func (p *puller) reopen(i int) run {
	from, to := p.starts[i], p.starts[i+1]
	if p.current != i {
		p.countTokens(from, to, p.shape.N)
		p.current = i
	}
	r := run{from: from, count: to - from}
	p.loadKeys(&r)
	return r
}

// keepStates goes through the runs of a chunk from the state before it and keeps some states.
func (p *puller) keepStates(runs int) {
	if runs == 1 {
		return
	}
	p.every = (runs + p.slots - 1) / p.slots
	for i := range runs {
		if i%p.every == 0 {
			copy(p.keptState(i), p.state)
		}
		p.replay(i)
	}
}

// keptState is the last kept state at or before a run.
func (p *puller) keptState(i int) []float32 {
	size := p.shape.D * p.lde
	return p.kept[i/p.every*size:][:size]
}

// stateBefore makes the state before a run that of the worker.
func (p *puller) stateBefore(i, runs int) {
	if runs == 1 {
		return
	}
	copy(p.state, p.keptState(i))
	for j := i / p.every * p.every; j < i; j++ {
		p.replay(j)
	}
}

// replay takes the state through a run.
func (p *puller) replay(i int) {
	r := p.reopen(i)
	p.makeValues(r)
	p.advance(r)
}
