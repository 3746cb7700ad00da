package harness

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"attnbench/harness/check"
	"attnbench/results"
	"attnbench/variants"
)

// Journal records a run in a results file, line by line, and has each block on the disk before the next
// begins.
type Journal struct {
	Writer *results.Writer
	Run    *results.Run // as it was noted last; nil: how much of its time is spent is not noted
}

// Head writes what the plan is to do, and declares the mechanisms that it has cells of.
func (j Journal) Head(p *Plan) error {
	if err := j.Writer.Plan(p.Listing()); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, b := range p.Blocks {
		for _, c := range b.Cells {
			if m := c.Mechanism; !seen[m.Name] {
				seen[m.Name] = true
				if err := j.Writer.Variant(declaration(c)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func declaration(c *Cell) results.Variant {
	m := c.Mechanism
	v := results.Variant{
		Name: m.Name, Title: m.Title, Summary: m.Summary, Family: m.Family, Role: string(m.Role),
		Baseline: m.Role == variants.Exact,
		Time:     results.Growth(m.Time), Memory: results.Growth(m.Memory),
		Paper: m.Paper, Target: m.TargetName, Unrelated: m.Unrelated,
	}
	if c.Peer != nil {
		v.Exact, v.Implements = v.Baseline, c.Peer.Implements
		v.Role, v.Baseline, v.Memory = results.RolePeer, false, results.Growth{}
	}
	return v
}

// Sample writes a sample's line. Figures that the machine does not give, or that have
// no meaning for the cell, are left out.
func (j Journal) Sample(s Sample) error {
	perSecond := 1e9 / s.Nanoseconds
	values := []results.Value{
		{Unit: results.Time, Value: s.Nanoseconds},
		{Unit: results.RelErr, Value: s.Errors.Relative},
		{Unit: results.RelErrZero, Value: s.Errors.Zero},
		{Unit: results.RelErrMeanV, Value: s.Errors.Mean},
		{Unit: results.PairFrac, Value: s.Errors.Pairs},
		{Unit: results.ImplErr, Value: s.Errors.Impl},
	}
	if s.Cell.Peer == nil {
		values = append(values, j.planned(s)...)
	}
	if s.FLOPs > 0 {
		values = append(values, results.Value{Unit: results.FLOPRate, Value: s.FLOPs * perSecond})
		if s.Cell.Peer == nil {
			values = append(values, results.Value{Unit: results.ExecRate, Value: s.Executed * perSecond})
		}
	}
	if s.Peak > 0 && s.FLOPs > 0 {
		values = append(values, results.Value{Unit: results.PeakFrac, Value: s.FLOPs * perSecond / s.Peak})
	}
	if s.PeakBytes.Known {
		values = append(values, results.Value{Unit: results.PeakBytes, Value: s.PeakBytes.Value})
	}
	values = slices.DeleteFunc(values, func(v results.Value) bool { return math.IsNaN(v.Value) })
	return j.Writer.Sample(s.Name(), s.Iterations, values...)
}

// planned are the figures that only the suite's own plans have.
func (j Journal) planned(s Sample) []results.Value {
	plan := float64(s.Plan.Nanoseconds())
	if plan < 0 { // the clock ran backwards
		plan = math.NaN()
	}
	return []results.Value{
		{Unit: results.PlanTime, Value: plan},
		{Unit: results.WorkBytes, Value: float64(s.Memory.Work)},
		{Unit: results.SavedBytes, Value: float64(s.Memory.Saved)},
		{Unit: results.StateBytes, Value: stateBytes(s)},
		{Unit: results.ParamBytes, Value: float64(s.Memory.Param)},
	}
}

// stateBytes is NaN in passes that keep no state.
func stateBytes(s Sample) float64 {
	if !s.Block.decode() {
		return math.NaN()
	}
	return float64(s.Memory.State)
}

// Cell writes a cell's note.
func (j Journal) Cell(o Outcome) error {
	note := results.CellNote{
		Cell: o.Name().Name(), Status: o.Status, Code: o.Refusal.Code, Reason: o.Refusal.Reason,
		Warnings: o.Warnings, Versions: o.Versions,
	}
	if o.Hash != 0 {
		note.Output = fmt.Sprintf("%016x", o.Hash)
	}
	if o.Status != results.Skipped {
		note.Rows = rowsNote(o.Block)
		if o.Mechanism.Pairs == nil {
			note.Pairs = "scores no pairs"
		}
		if o.Mechanism.Definition == nil {
			note.Pairs = "not known of this peer"
		}
	}
	if untrained(o.Cell) && o.Peer == nil {
		note.Label = "untrained"
	}
	return j.Writer.Cell(note)
}

// Block notes how much of the run's time is spent and keeps what was written.
func (j Journal) Block(spent time.Duration) error {
	if j.Run != nil {
		j.Run.SpentSeconds = math.Round(spent.Seconds()*1000) / 1000
		if err := j.Writer.Run(*j.Run); err != nil {
			return err
		}
	}
	return j.Writer.Sync()
}

// rowsNote says which rows the errors are taken over, where it is not all of them.
func rowsNote(b *Block) string {
	rows := fmt.Sprintf("%d seeded rows per head, the first and the last", check.SampleCount)
	var notes []string
	switch {
	case len(b.gateRows()) == b.Shape.N:
	case b.decode():
		notes = append(notes, fmt.Sprintf("the last %d tokens, decoded one by one", checkedTokens))
	case b.source.set != nil:
		notes = append(notes, "impl-err: "+rows)
	default:
		notes = append(notes, rows)
	}
	if b.backward() && len(b.gradientRows()) < b.Shape.N {
		notes = append(notes, "gradients: of a loss by "+rows)
	}
	return strings.Join(notes, "; ")
}

// SIMD names the instructions that the cell runs on; those of a peer are its own affair.
func (c *Cell) SIMD() string {
	if c.Peer != nil {
		return results.External
	}
	return c.Block.Kernels.Name
}

// Name is the cell's identity in results.
func (c *Cell) Name() results.Cell {
	b := c.Block
	s := b.Shape
	name := results.Cell{
		Variant: c.Mechanism.Name, N: s.N, S: s.S, D: s.D, E: s.E, Heads: s.Heads, Batch: s.Batch, Causal: s.Causal,
		Pass: b.Pass, DType: b.Type.Short(), SIMD: c.SIMD(), Threads: b.Threads,
		Input: b.Input(), Head: b.Head(),
	}
	for _, o := range c.Options {
		name.Options = append(name.Options, results.Option(o))
	}
	return name
}
