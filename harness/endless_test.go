package harness

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"attnbench/results"
	"attnbench/variants"
)

// trap is a place that a call does not come back from before the test ends. Whoever is caught waits for a
// year first, by the clock: when nobody else is waited for, who would be late too.
type trap struct {
	clock *fakeClock
	end   chan struct{}
}

func newTrap(t *testing.T, clock *fakeClock) trap {
	tr := trap{clock, make(chan struct{})}
	t.Cleanup(func() { close(tr.end) })
	return tr
}

func (tr trap) enter() {
	for tr.clock.waiting() > 1 {
		time.Sleep(time.Millisecond)
	}
	tr.clock.advance(365 * 24 * time.Hour)
	<-tr.end
}

// endless are mechanisms that are caught at some place, by what results say of them.
func endless(tr trap) map[string]*variants.Mechanism {
	const call, definition = "its call did not come within", "its result in float64 did not come within"
	m := map[string]*variants.Mechanism{}
	catch := func(name, reason string) *variants.Mechanism {
		m[reason+": "+name] = fakeMechanism(tr.clock, "endless", 1e3, 1)
		return m[reason+": "+name]
	}
	from := func(first int) func(int, []float32) {
		return func(call int, _ []float32) {
			if call >= first {
				tr.enter()
			}
		}
	}
	for name, first := range map[string]int{"first call": 1, "sample": 5} {
		catch(name, call).New = func(*variants.Problem, *variants.Workspace) variants.Attention {
			return &fakePlan{advance: func() { tr.clock.advance(time.Millisecond) }, wrong: from(first)}
		}
	}
	planning := catch("plan", call)
	made := planning.New
	planning.New = func(p *variants.Problem, ws *variants.Workspace) variants.Attention {
		if variants.Alloc[float32](ws, 1) != nil { // it is not only asked for its size
			tr.enter()
		}
		return made(p, ws)
	}
	catch("definition", definition).Definition = func(*variants.Problem, variants.Head) []float64 {
		tr.enter()
		return nil
	}
	catch("pairs", definition).Pairs = func(*variants.Problem, []float32) int64 {
		tr.enter()
		return 0
	}
	return m
}

// A call that does not return fails its cell and ends the run, wherever it is caught; what was recorded
// before stands. The run goes on behind that cell.
func TestEndlessCallEndsTheRun(t *testing.T) {
	clock := &fakeClock{}
	for want, m := range endless(newTrap(t, clock)) {
		other := fakeMechanism(clock, "other", 1e3, 1)
		axes := Axes{N: "32,64", Dim: "8", Variants: "other,endless"}
		all := []*variants.Mechanism{other, m}
		var file bytes.Buffer
		w, err := results.NewWriter(&file, nil, results.Run{ID: "r"})
		if err != nil {
			t.Fatal(err)
		}
		j := Journal{Writer: w}
		plan := newPlan(t, clock, axes, Limits{}, all)
		if err := j.Head(plan); err != nil {
			t.Fatal(err)
		}
		totals, err := plan.Run(context.Background(), j)
		var e Endless
		if !errors.As(err, &e) || e.Cell != "endless n=32" || totals.Failed != 1 {
			t.Fatalf("%s: %+v %v", want, totals, err)
		}
		set, err := results.ReadFrom(bytes.NewReader(file.Bytes()), "file")
		if err != nil {
			t.Fatalf("%s: %v", want, err)
		}
		checkGivenUp(t, set.Runs[0], want)

		m.New, m.Definition, m.Pairs = other.New, other.Definition, nil
		rest, again := newPlan(t, clock, axes, Limits{}, all), &journal{}
		if err := rest.Resume(set.Runs[0]); err != nil {
			t.Fatalf("%s: %v", want, err)
		}
		totals, err = rest.Run(context.Background(), again)
		if err != nil || totals.Done != 3 || totals.Failed != 1 || again.outcome("endless", 32).Cell != nil {
			t.Errorf("%s: resumed: %+v %v", want, totals, err)
		}
	}
}

// checkGivenUp holds what a file has of a run that a cell has ended: it has failed, with its reason.
func checkGivenUp(t *testing.T, r *results.RunResults, want string) {
	t.Helper()
	reason, _, _ := strings.Cut(want, ":")
	found := false
	for _, c := range r.Cells {
		if c.Cell.Variant == "endless" && c.Note.Status != "" {
			found = c.Note.Status == results.Failed && c.Note.Code == codeTimeout &&
				strings.HasPrefix(c.Note.Reason, reason)
		}
		if c.Cell.Variant == "other" && strings.HasSuffix(want, "sample") && len(c.Samples) == 0 {
			t.Errorf("%s: samples of the other cell are lost", want)
		}
	}
	if !found {
		t.Errorf("%s: %+v", want, r.Cells)
	}
}

// A mechanism that does not come back when it is asked for its size ends the program before there is a file,
// with one line that names it.
func TestEndlessPlanning(t *testing.T) {
	clock := &fakeClock{}
	tr := newTrap(t, clock)
	m := fakeMechanism(clock, "endless", 1e3, 1)
	made := m.New
	m.New = func(p *variants.Problem, ws *variants.Workspace) variants.Attention {
		if p.Shape.N > 32 {
			tr.enter()
		}
		return made(p, ws)
	}
	all := []*variants.Mechanism{fakeMechanism(clock, "other", 1e3, 1), m}
	for timeout, want := range map[time.Duration]string{0: "2m0s", time.Second: "10s", time.Hour: "1h0m0s"} {
		sweep, err := ParseSweep(Axes{N: "32,64", Dim: "8"}, all)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := Layout(sweep, Limits{Timeout: timeout}, fakeMachine(clock))
		want = "endless n=64: its plan did not come within " + want
		if plan != nil || err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("--timeout %v: %v, want %q", timeout, err, want)
		}
	}
}

// An endless backward and token too.
func TestEndlessPasses(t *testing.T) {
	clock := &fakeClock{}
	tr := newTrap(t, clock)
	for pass, m := range map[string]*variants.Mechanism{
		results.PassBoth: differentiable(clock, fakeMechanism(clock, "m", 1e3, 1),
			func(int, variants.Gradients) { tr.enter() }),
		results.PassDecode: averaging(clock, func(int, []float32) { tr.enter() }),
	} {
		j := &journal{}
		plan := newPlan(t, clock, Axes{N: "64", Dim: "8", Pass: pass}, Limits{}, []*variants.Mechanism{m})
		_, err := plan.Run(context.Background(), j)
		if !errors.As(err, new(Endless)) || len(j.outcomes) != 1 || j.outcomes[0].Refusal.Code != codeTimeout {
			t.Errorf("%s: %v %+v", pass, err, j.outcomes)
		}
	}
}

// A call that comes back after it was given up records nothing more.
func TestLateReturnIsRefused(t *testing.T) {
	clock, j := &fakeClock{}, &journal{}
	plan := newPlan(t, clock, Axes{N: "64", Dim: "8"}, Limits{}, mechanisms(clock))
	r := &run{Machine: plan.machine, watchdog: newWatchdog(j), plan: plan}
	c := plan.Blocks[0].Cells[0]
	err := r.watch(c, Endless{Limit: time.Minute}, func() error {
		clock.advance(time.Hour)
		return nil
	})
	if end := <-r.bark; err != errOver || !errors.As(end.err, new(Endless)) || end.totals.Failed != 1 {
		t.Errorf("%v, and the run ended with %+v", err, end)
	}
	for _, err := range []error{r.Sample(Sample{}), r.Cell(Outcome{Cell: c}), r.watchdog.Block(0)} {
		if err != errOver {
			t.Error(err)
		}
	}
	if len(j.outcomes) != 1 || len(j.samples) != 0 {
		t.Errorf("recorded %+v", j)
	}
}

// --timeout counts, but a call in this process gets some seconds at least; without, two minutes.
func TestPatienceWithCalls(t *testing.T) {
	clock := &fakeClock{}
	for timeout, want := range map[time.Duration]time.Duration{
		0: answerPatience, time.Millisecond: leastPatience, time.Minute: time.Minute,
	} {
		plan := newPlan(t, clock, Axes{N: "64", Dim: "8"}, Limits{Timeout: timeout}, mechanisms(clock))
		r := &run{Machine: plan.machine, plan: plan}
		if got := r.callLimit(plan.Blocks[0].Cells[0]); got < want || got > want+time.Second {
			t.Errorf("--timeout %v: %v, want %v", timeout, got, want)
		}
	}
}

// The wall clock's alarm rings after the time, and not once it was stopped.
func TestAlarm(t *testing.T) {
	clock, rung := NewWallClock(), make(chan time.Duration, 1)
	start := clock.Now()
	stop := clock.Alarm(16*time.Millisecond, func() { rung <- clock.Now() - start })
	if took := <-rung; took < 16*time.Millisecond {
		t.Errorf("it rang after %v", took)
	}
	stop()
	a := &alarm{left: 2, part: time.Hour, ring: func() { t.Error("it rang after it was stopped") }}
	a.timer = time.NewTimer(time.Hour)
	a.tick()
	a.stop()
	a.tick() // was on its way
}
