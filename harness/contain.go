package harness

import (
	"errors"

	"attnbench/results"
	"attnbench/variants/work"
)

// Codes of failed cells.
const (
	codeGate  = "gate"  // its result is wrong
	codePeer  = "peer"  // an external implementation failed
	codePanic = "panic" // its mechanism panicked
)

// contain runs a part of the trial. A panic of the mechanism is the trial's failure; its plan is dropped.
func (t *trial) contain(f func() error) error {
	err := work.Contain(f)
	var panicked *work.Panic
	if !errors.As(err, &panicked) {
		return err
	}
	t.fail(err)
	t.attention, t.gradients, t.decoding, t.kept = nil, nil, nil, nil
	return nil
}

// fail records why a trial failed.
func (t *trial) fail(err error) {
	var panicked *work.Panic
	var gone lost
	t.failure, t.code = err.Error(), ""
	switch {
	case errors.As(err, &panicked):
		t.code = codePanic
	case errors.As(err, &gone):
		t.code = gone.code
	}
}

// failed is the trial's failure with its code.
func (t *trial) failed() Refusal {
	switch {
	case t.code != "":
		return Refusal{t.code, t.failure}
	case t.cell.Peer != nil:
		return Refusal{codePeer, t.failure}
	}
	return Refusal{codeGate, t.failure}
}

// status is what becomes of a cell that is refused before it runs: one whose mechanism panicked when it was
// asked for its size or its work has failed.
func (r Refusal) status() string {
	if r.Code == codePanic {
		return results.Failed
	}
	return results.Skipped
}
