// Package sampling decides how many samples cells get and in which order. It knows nothing of what is
// measured: a sample is a function that returns a time, and the clock is an argument, so that the rule that
// stops a measurement is the same in a run and in a trial of its statistics.
package sampling

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"attnbench/results"
)

// A Cell is what is sampled, and what it has been granted.
type Cell struct {
	// Take takes one sample: the nanoseconds of one call, and what the sample took. An error is the cell's: it
	// gets no more samples.
	Take func() (nanoseconds float64, took time.Duration, err error)
	// Record is called with each sample, and Done once, when the cell gets no more. Their errors end the run.
	Record func(nanoseconds float64) error
	Done   func() error

	Least, Most int           // samples, as far as time allows
	Floor       int           // samples that are taken even where they take far longer than Limit
	Limit       time.Duration // of the least samples; 0: none
	Extra       time.Duration // for samples beyond the least

	Times []float64     // the samples so far, in the order in which they were taken
	Used  time.Duration // in samples so far

	base     time.Duration // Used when the least samples were there
	finished bool          // it gets no more samples
	settled  bool          // Done has been called
	narrow   bool          // the interval was narrow enough when it was last looked at
}

// A Sampler samples the cells of one block.
type Sampler struct {
	Now      func() time.Duration // the clock
	Order    *rand.Rand           // of the cells in a round
	Deadline time.Duration        // by the clock, after which no sample is begun; 0: none
	Between  func()               // is called before each round
}

// Run samples the cells in turns until all have finished: first as they are listed, because readers of a file
// show variants in the order in which they meet them, then in a new random order each round.
func (s *Sampler) Run(ctx context.Context, cells []*Cell) error {
	cells = slices.Clone(cells)
	for _, c := range cells {
		if len(c.Times) > 0 { // of before an interruption
			c.base, c.finished = c.Used, c.enough()
		}
	}
	left := len(cells)
	for round := 0; left > 0; round++ {
		s.Between()
		if round > 0 {
			s.Order.Shuffle(len(cells), func(i, j int) { cells[i], cells[j] = cells[j], cells[i] })
		}
		for _, c := range cells {
			if c.settled {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			if !c.finished {
				if err := s.step(ctx, c); err != nil {
					return err
				}
			}
			if c.finished {
				left, c.settled = left-1, true
				if err := c.Done(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// step takes one sample of a cell, if there is time, and decides whether it was the last.
func (s *Sampler) step(ctx context.Context, c *Cell) error {
	if s.Deadline > 0 && s.Now() >= s.Deadline {
		c.finished = true
		return nil
	}
	nanoseconds, took, err := c.Take()
	if err != nil {
		c.finished = true
		return ctx.Err() // its end makes the processes fail that are measured
	}
	c.Used += took
	c.Times = append(c.Times, nanoseconds)
	if len(c.Times) == c.Least {
		c.base = c.Used
	}
	c.finished = c.enough()
	return c.Record(nanoseconds)
}

// enough reports whether a cell has its samples: the least number, and more until the interval of the median
// is narrow or the extra time is spent. A cell that takes far longer than was expected gets the floor.
//
// Every look at a random interval may find it narrow by chance, which ends sampling where the interval is too
// narrow: looks are few, and after the first it must be narrow at two in a row.
func (c *Cell) enough() bool {
	switch n := len(c.Times); {
	case n < c.Least:
		return n >= c.Floor && c.Limit > 0 && c.Used > c.Limit
	case n >= c.Most || c.Used-c.base >= c.Extra:
		return true
	}
	const between = 5 // samples, from look to look
	if (len(c.Times)-c.Least)%between != 0 {
		return false
	}
	before := c.narrow || len(c.Times) == c.Least
	c.narrow = results.Summarize(c.Times).Spread() <= results.Precision
	return before && c.narrow
}
