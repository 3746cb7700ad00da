package harness

import (
	"fmt"
	"math"
	"slices"
	"time"

	"attnbench/harness/sampling"
	"attnbench/results"
)

// earlier are samples that a cell got before the run was interrupted.
type earlier struct {
	times []float64     // nanoseconds of one call
	used  time.Duration // in them
}

// newTrial begins with the samples that the cell has already.
func newTrial(c *Cell) *trial {
	return &trial{cell: c, Cell: sampling.Cell{Times: slices.Clone(c.earlier.times), Used: c.earlier.used}}
}

// resumed reports whether the run was interrupted between the trial's samples.
func (t *trial) resumed() bool { return len(t.cell.earlier.times) > 0 }

// Listing is the plan as results files hold it.
func (p *Plan) Listing() []results.PlanNote {
	var notes []results.PlanNote
	for i, b := range p.Blocks {
		note := results.PlanNote{Block: i, Input: b.source.digest()}
		for _, c := range b.Cells {
			note.Cells = append(note.Cells, c.Name().Name())
		}
		notes = append(notes, note)
	}
	return notes
}

// digest is a hash of a user's tensors, empty where the input is the suite's.
func (s source) digest() string {
	if s.set == nil || s.head >= 0 {
		return ""
	}
	var hash uint64
	for h := range s.set.Heads {
		q, k, v := s.set.QKV(h, s.set.N)
		for _, x := range [][]float32{q, k, v} {
			hash = hash*31 + hashBits(x)
		}
	}
	return fmt.Sprintf("%016x", hash)
}

// Resume takes over what a run of the same plan has recorded: cells that it has settled leave the plan,
// and count in the totals; others keep the samples that they have. It refuses another plan and says what
// differs.
func (p *Plan) Resume(r *results.RunResults) error {
	if err := compare(p.Listing(), r); err != nil {
		return err
	}
	known := map[string]*results.CellResults{}
	for _, c := range r.Cells {
		known[c.Cell.Name()] = c
	}
	p.started -= time.Duration(r.Run.SpentSeconds * float64(time.Second))
	p.earlier.Total = p.Spent()
	for _, b := range p.Blocks {
		b.Cells = slices.DeleteFunc(b.Cells, func(c *Cell) bool {
			have := known[c.Name().Name()]
			if have == nil {
				return false
			}
			c.takeOver(have.Samples)
			return p.settled(c, have.Note.Status)
		})
	}
	p.Blocks = slices.DeleteFunc(p.Blocks, func(b *Block) bool { return len(b.Cells) == 0 })
	return nil
}

// takeOver gives a cell the samples that it has in a file.
func (c *Cell) takeOver(samples []results.Sample) {
	for _, s := range samples {
		nanoseconds, _ := s.Get(results.Time)
		c.earlier.times = append(c.earlier.times, nanoseconds)
		c.earlier.used += time.Duration(math.Round(nanoseconds * float64(s.Iters)))
	}
}

// settled counts a cell whose status is known, and lets predictions profit from its samples.
func (p *Plan) settled(c *Cell, status string) bool {
	switch status {
	case results.Done:
		p.earlier.Done++
	case results.Skipped:
		p.earlier.Skipped++
	case results.Failed:
		p.earlier.Failed++
	default:
		return false
	}
	if status == results.Done && c.Problem != nil && len(c.earlier.times) > 0 {
		p.earlier.Measured += c.earlier.used
		p.predictor.learn(c, time.Duration(median(c.earlier.times)), 0)
		p.schedule.reached[c.ladder()] = c.Block.Shape.N
	}
	return true
}

// Earlier are the totals of the run that this one goes on with.
func (p *Plan) Earlier() Totals { return p.earlier }

// Cells is how many cells there are in all.
func (t Totals) Cells() int { return t.Done + t.Skipped + t.Failed }

// compare says in which cell a recorded plan first differs from this one; nil: in none.
func compare(plan []results.PlanNote, r *results.RunResults) error {
	type place struct {
		block       int
		input, cell string
	}
	flat := func(notes []results.PlanNote) []place {
		var all []place
		for _, b := range notes {
			for _, name := range b.Cells {
				all = append(all, place{b.Block, b.Input, name})
			}
		}
		return all
	}
	ours, theirs := flat(plan), flat(r.Plan)
	if len(theirs) == 0 {
		return fmt.Errorf("%s holds no plan: it is of a version that could not resume; repeat it with --from",
			r.File)
	}
	for i := range min(len(ours), len(theirs)) {
		switch a, b := ours[i], theirs[i]; {
		case a.cell != b.cell:
			return fmt.Errorf("%s was planned with %s where this program plans %s: repeat it with --from",
				r.File, b.cell, a.cell)
		case a.input != b.input:
			return fmt.Errorf("%s: the input of %s is not the one that it was begun with: restore it, or repeat "+
				"the run with --from", r.File, a.cell)
		case a.block != b.block:
			return fmt.Errorf("%s has %s in block %d where this program has it in block %d: repeat it with --from",
				r.File, a.cell, b.block, a.block)
		}
	}
	if len(ours) != len(theirs) {
		return fmt.Errorf("%s was planned with %d cells where this program plans %d: repeat it with --from",
			r.File, len(theirs), len(ours))
	}
	return nil
}

// durations are samples as outcomes hold them.
func durations(times []float64) []time.Duration {
	list := make([]time.Duration, len(times))
	for i, t := range times {
		list[i] = time.Duration(t)
	}
	return list
}
