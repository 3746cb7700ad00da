package harness

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"attnbench/results"
	"attnbench/variants"
)

// backwards is a mechanism during one of whose calls the clock jumps back by an hour.
func backwards(clock *fakeClock, call int) *variants.Mechanism {
	m, calls := fakeMechanism(clock, "jumping", 2e6, 0), 0
	made := m.New
	m.New = func(p *variants.Problem, ws *variants.Workspace) variants.Attention {
		plan := made(p, ws).(*fakePlan)
		plan.wrong = func(int, []float32) {
			if calls++; calls == call {
				clock.advance(-time.Hour)
			}
		}
		return plan
	}
	return m
}

// Whenever the clock jumps back, the run ends, its file can be read, no time in it is wrong, and a cell whose
// sample was hit says so.
func TestClockRunsBackwards(t *testing.T) {
	hit := 0
	for call := range 16 {
		clock := &fakeClock{}
		clock.advance(24 * time.Hour)
		all := []*variants.Mechanism{backwards(clock, call), fakeMechanism(clock, "steady", 2e6, 0)}
		plan := newPlan(t, clock, Axes{N: "16", Dim: "8"}, Limits{Budget: time.Minute}, all)
		var file bytes.Buffer
		w, err := results.NewWriter(&file, nil, results.Run{ID: "r"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := plan.Run(context.Background(), Journal{Writer: w}); err != nil {
			t.Fatalf("call %d: %v", call, err)
		}
		set, err := results.ReadFrom(&file, "file")
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range set.Runs[0].Cells {
			for _, ns := range c.Values(results.Time) {
				if ns != 2e6 {
					t.Errorf("call %d: %s took %v ns", call, c.Cell.Variant, ns)
				}
			}
			switch {
			case c.Note.Status == results.Failed && c.Cell.Variant == "jumping" &&
				strings.Contains(c.Note.Reason, errClock.Error()):
				hit++
			case c.Note.Status != results.Done:
				t.Errorf("call %d: %s is %s: %s", call, c.Cell.Variant, c.Note.Status, c.Note.Reason)
			}
		}
	}
	if hit < fullSamples {
		t.Errorf("%d jumps were noticed, want one in each of %d samples", hit, fullSamples)
	}
}
