package harness

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"attnbench/harness/check"
	"attnbench/variants"
	"attnbench/variants/exact"
	"attnbench/variants/work"
)

// Names of what all cells of a block share in an oracle.
const (
	exactResult = "exact attention"
	meanResult  = "mean of values"
)

// oracle computes float64 results and keeps those of one group of blocks: blocks that differ only in kernels
// or threads have the same ones.
type oracle struct {
	group   string
	results map[string][][]float64 // by name: [slices][rows·e]
	failed  map[string]error       // by name: definitions that panicked
	clock   Clock
	define  func(c *Cell, f func() error) error // runs what a cell is compared with
}

// request is one definition that is wanted on some rows of every head.
type request struct {
	name       string
	cell       *Cell // nil: all cells of the block
	problem    *variants.Problem
	definition variants.Definition
	rows       []int
	took       time.Duration // summed over heads; 0 where the result was there already
}

// compute answers all requests, those of one head side by side on all cores, in the given order. It stops
// between definitions when the context ends.
func (o *oracle) compute(ctx context.Context, b *Block, t check.Tensors, requests []*request) error {
	if o.group != b.group() {
		o.group, o.results, o.failed = b.group(), map[string][][]float64{}, map[string]error{}
	}
	var open []*request
	for _, r := range requests {
		if _, ok := o.results[r.name]; !ok {
			o.results[r.name] = make([][]float64, b.Shape.Slices())
			open = append(open, r)
		}
	}
	if len(open) == 0 {
		return nil
	}
	for slice := range b.Shape.Slices() {
		if err := o.computeHead(ctx, t.Head(b.Shape, slice, nil), slice, open); err != nil {
			o.group = "" // what is there is incomplete
			return err
		}
	}
	return nil
}

func (o *oracle) computeHead(ctx context.Context, head variants.Head, slice int, open []*request) error {
	queue := make(chan *request, len(open))
	for _, r := range open {
		queue <- r
	}
	close(queue)
	var wg sync.WaitGroup
	var mu sync.Mutex
	for range min(runtime.GOMAXPROCS(0), len(open)) {
		wg.Go(func() {
			for r := range queue {
				if ctx.Err() != nil {
					return
				}
				start := o.clock.Now()
				h := head
				h.Rows = r.rows
				err := o.contain(r.cell, func() error {
					o.results[r.name][slice] = r.definition(r.problem, h)
					return nil
				})
				if err != nil {
					mu.Lock()
					o.failed[r.name] = err
					mu.Unlock()
				}
				r.took += o.clock.Now() - start
			}
		})
	}
	wg.Wait()
	return ctx.Err()
}

// contain runs a definition. A panic is an error.
func (o *oracle) contain(c *Cell, f func() error) error {
	if c == nil {
		return work.Contain(f)
	}
	return o.define(c, func() error { return work.Contain(f) })
}

// failure is why a result that a cell is compared with is not there; nil: all are.
func (o *oracle) failure(c *Cell) error {
	names := []string{c.Label()}
	if c.Block.scored() {
		names = append(names, targetName(c), meanResult)
	}
	for _, name := range names {
		if err := o.failed[name]; err != nil {
			return fmt.Errorf("%s in float64: %w", name, err)
		}
	}
	return nil
}

// shared are the requests that every cell of a block needs.
func shared(b *Block, p *variants.Problem) []*request {
	if !b.scored() {
		return nil
	}
	rows := b.errorRows()
	return []*request{
		{name: exactResult, problem: p, definition: exact.Attention, rows: rows},
		{name: meanResult, problem: p, definition: check.MeanOfValues, rows: rows},
	}
}

// own are the requests of one cell: its definition, where it has one, and what its fidelity is measured
// against if that is not exact attention.
func own(c *Cell) []*request {
	m := c.Mechanism
	var requests []*request
	if m.Definition != nil {
		requests = append(requests,
			&request{c.Label(), c, c.Problem, m.Definition, c.Block.gateRows(), 0})
	}
	if m.Target != nil && c.Block.scored() {
		requests = append(requests,
			&request{targetName(c), c, c.Problem, m.Target, c.Block.errorRows(), 0})
	}
	return requests
}

// targetName names the result that a cell's fidelity is measured against.
func targetName(c *Cell) string {
	if c.Mechanism.Target == nil {
		return exactResult
	}
	return "target of " + c.Label()
}
