package main

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"attnbench/harness"
	"attnbench/harness/machine"
	"attnbench/results"
	"attnbench/variants"
	"attnbench/variants/catalog"
	"attnbench/variants/kernel"
)

// impatientClock rings its alarms as soon as a call is stuck.
type impatientClock struct {
	harness.WallClock
	stuck chan struct{}
}

func (c impatientClock) Alarm(_ time.Duration, ring func()) (stop func()) {
	stopped := make(chan struct{})
	go func() {
		select {
		case <-c.stuck:
			ring()
		case <-stopped:
		}
	}()
	return func() { close(stopped) }
}

// stuck is a plan whose second call does not return while the test lasts.
type stuck struct {
	variants.Attention
	calls      int
	begun, end chan struct{}
}

func (s *stuck) Forward(out, q, k, v variants.Floats) {
	if s.calls++; s.calls == 2 {
		close(s.begun)
		<-s.end
	}
	s.Attention.Forward(out, q, k, v)
}

// A run with a call that does not return ends: the file has the failed cell and whatever was measured before,
// the user is told how to go on, and the exit code is that of a run that was stopped.
func TestEndlessCallStopsTheRun(t *testing.T) {
	begun, end := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(end) })
	var all []*variants.Mechanism
	for _, m := range catalog.All() {
		if m.Name == "identity" || m.Name == "local" {
			all = append(all, m)
		}
	}
	local := all[0]
	made := local.New
	local.New = func(p *variants.Problem, ws *variants.Workspace) variants.Attention {
		if p.Shape.N < 20 {
			return made(p, ws)
		}
		return &stuck{Attention: made(p, ws), begun: begun, end: end}
	}
	sweep, err := harness.ParseSweep(harness.Axes{N: "10,20", Dim: "4", Samples: 6}, all)
	if err != nil {
		t.Fatal(err)
	}
	m := harness.Machine{Clock: impatientClock{harness.NewWallClock(), begun}, Host: machine.This(),
		Fastest: kernel.Generic()}
	plan, err := harness.Layout(sweep, harness.Limits{}, m)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "results.txt")
	s := &session{path: path, plan: plan, talk: io.Discard}
	if err := s.create(nil, results.Run{ID: "r"}, ""); err != nil {
		t.Fatal(err)
	}
	totals, err := s.run(context.Background(), func() {})
	if err == nil || totals.Failed != 1 || totals.Done != 2 {
		t.Fatalf("%+v %v", totals, err)
	}
	err = (&runCommand{sweepFlags: sweepFlags{Python: defaultPython}}).stopped(s, err)
	text := "local n=20: its call did not come within"
	for _, part := range []string{text, "so the run stops here", "bench run --resume " + path, "--isolate"} {
		if !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q lacks %q, or is more than a line", err, part)
		}
	}
	if code := (&environment{stderr: io.Discard}).exitCode(err); code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
	checkStopped(t, path)
}

func checkStopped(t *testing.T, path string) {
	t.Helper()
	set, err := results.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	r := set.Runs[0]
	if r.Run.End != "" || r.Run.SpentSeconds <= 0 {
		t.Errorf("%+v", r.Run)
	}
	states := map[string]int{}
	for _, c := range r.Cells {
		states[c.Note.Status]++
		if c.Note.Status == results.Failed && (c.Note.Code != "timeout" || c.Cell.N != 20) {
			t.Errorf("%+v", c.Note)
		}
	}
	if states[results.Done] != 2 || states[results.Failed] != 1 {
		t.Errorf("%v", states)
	}
	w, _, err := results.Append(path) // as --resume does: nobody holds it
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
}
