package harness

import (
	"cmp"
	"context"
	"errors"
	"time"

	"attnbench/harness/machine"
)

// admit plans a cell and runs it: for its output, its peak memory, and every check that needs no definition
// of the output.
func (m Machine) admit(ctx context.Context, c *Cell, in *operands) (*trial, error) {
	t := newTrial(c)
	err := t.contain(func() error {
		measured := !c.Block.Fidelity() && m.Host.ResetPeak()
		before := m.Host.Resident()
		m.timed(t)
		start := m.Clock.Now()
		defer func() { t.checked = m.Clock.Now() - start }()
		t.gradients = newGradients(c, t.attention, &t.fences)
		t.first(m.Clock, in)
		if peak := m.Host.Peak(); measured && before.Known && peak.Known {
			bytes := max(0, peak.Value-before.Value) + float64(operandBytes(c.Block))
			t.peakBytes = machine.Figure{Value: bytes, Known: true}
		}
		return t.examine(ctx, m.Clock, in)
	})
	if t.failure != "" {
		in.mend()
	} else if err == nil {
		err = t.contain(func() error { return m.repeatPlan(t) })
	}
	return t, err
}

// admitHere is admit in the process of the run.
func (r *run) admitHere(ctx context.Context, c *Cell, in *operands) (t *trial, err error) {
	err = r.watch(c, Endless{Limit: r.callLimit(c)}, func() (err error) {
		t, err = r.admit(ctx, c, in)
		return err
	})
	return t, err
}

// examine checks what the first call left behind, then what further calls do.
func (t *trial) examine(ctx context.Context, clock Clock, in *operands) error {
	t.accept(in)
	if err := t.testGradients(ctx, clock, in); err != nil {
		return err
	}
	t.testCausality(in)
	t.settleForward(in)
	if err := t.trespass(in); err != nil {
		t.fail(err)
	}
	return nil
}

// trespass is the error of calls that wrote outside of their results.
func (t *trial) trespass(in *operands) error {
	where := cmp.Or(in.trespass(), t.fences.trespass())
	if where == "" {
		return nil
	}
	return errors.New("it wrote outside of its results: " + where)
}

// timed resolves a trial's cell anew, so that nothing of it has been drawn yet, and plans it.
func (m Machine) timed(t *trial) {
	c := t.cell
	c.Problem = c.fresh()
	start := m.Clock.Now()
	if c.Block.decode() {
		t.decoding = &decoding{}
		t.decoding.plan, t.decoding.snapshot, t.memory = c.Problem.PlanDecoder()
	} else {
		t.attention, t.memory = c.Problem.Plan()
	}
	t.planTime = m.Clock.Now() - start
	t.planned += t.planTime
}

// repeatPlan plans the trial's cell some more times where that is quick, and takes the median time.
func (m Machine) repeatPlan(t *trial) error {
	const times, quick = 5, time.Millisecond
	took := []time.Duration{t.planTime}
	for t.planTime < quick && len(took) < times {
		again := &trial{cell: &Cell{Block: t.cell.Block, Mechanism: t.cell.Mechanism, request: t.cell.request}}
		m.timed(again)
		t.planned += again.planTime
		took = append(took, again.planTime)
	}
	t.planTime = median(took)
	return nil
}
