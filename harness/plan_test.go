package harness

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"attnbench/harness/machine"
	"attnbench/results"
	"attnbench/variants"
)

// mechanisms are two that take 1 ns per pair and 100 ns per token.
func mechanisms(clock *fakeClock) []*variants.Mechanism {
	return []*variants.Mechanism{fakeMechanism(clock, "square", 1, 2), fakeMechanism(clock, "linear", 100, 1)}
}

// planned is a plan of mechanisms that come back.
func planned(plan *Plan, err error) *Plan {
	if err != nil {
		panic(err)
	}
	return plan
}

func newPlan(t *testing.T, clock *fakeClock, axes Axes, limits Limits, all []*variants.Mechanism) *Plan {
	t.Helper()
	sweep, err := ParseSweep(axes, all)
	if err != nil {
		t.Fatal(err)
	}
	plan := planned(NewPlan(sweep, limits, fakeMachine(clock)))
	t.Cleanup(plan.Close)
	return plan
}

func TestRunTakesEverySample(t *testing.T) {
	clock, j := &fakeClock{}, &journal{}
	plan := newPlan(t, clock, Axes{N: "64,512", Dim: "8"}, Limits{}, mechanisms(clock))
	totals, err := plan.Run(context.Background(), j)
	if err != nil || totals.Done != 4 || totals.Skipped+totals.Failed != 0 {
		t.Fatalf("%+v %v", totals, err)
	}
	if len(j.samples) != 40 {
		t.Errorf("%d samples, want 10 for each of 4 cells", len(j.samples))
	}
	for _, s := range j.samples {
		n := float64(s.Block.Shape.N)
		want := n * n
		if s.Mechanism.Name == "linear" {
			want = 100 * n
		}
		if s.Nanoseconds != want {
			t.Fatalf("%s at n = %v: %v ns, want %v", s.Label(), n, s.Nanoseconds, want)
		}
		if took := time.Duration(s.Nanoseconds * float64(s.Iterations)); took < minSample {
			t.Errorf("a sample of %v", took)
		}
		if frac := s.FLOPs / s.Nanoseconds * 1e9 / s.Peak; math.Abs(frac-1) > 1e-9 {
			t.Errorf("peak-frac %v of a mechanism that runs at the peak", frac)
		}
		if s.PeakBytes.Value != 4000+4*4*8*n || s.Errors.Impl != 0 {
			t.Errorf("peak %v, impl-err %v", s.PeakBytes, s.Errors.Impl)
		}
	}
	if order := turns(j.samples); order < 2 {
		t.Error("samples of one cell follow each other: they are not interleaved")
	}
}

// turns counts how often two samples in a row belong to different cells, less what ordered cells would give.
func turns(samples []Sample) int {
	changes := 0
	for i := 1; i < len(samples); i++ {
		if samples[i].Cell != samples[i-1].Cell {
			changes++
		}
	}
	return changes - 3
}

func TestRunIsSeeded(t *testing.T) {
	order := func(seed uint64) string {
		clock, j := &fakeClock{}, &journal{}
		plan := newPlan(t, clock, Axes{N: "64", Dim: "8", Seed: seed}, Limits{}, mechanisms(clock))
		if _, err := plan.Run(context.Background(), j); err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, s := range j.samples {
			b.WriteByte(s.Label()[0])
		}
		return b.String()
	}
	first, again, other := order(1), order(1), order(2)
	if first != again || first == other {
		t.Errorf("orders %s %s %s: the seed must decide", first, again, other)
	}
}

func TestBudget(t *testing.T) {
	for _, budget := range []time.Duration{2 * time.Second, 5 * time.Second, 30 * time.Second} {
		clock, j := &fakeClock{}, &journal{}
		plan := newPlan(t, clock, Axes{N: "64..65536*4", Dim: "1"}, Limits{Budget: budget}, mechanisms(clock))
		if _, err := plan.Run(context.Background(), j); err != nil {
			t.Fatal(err)
		}
		if took := clock.Now(); took > budget {
			t.Errorf("budget %v: took %v", budget, took)
		}
		if o := j.outcome("linear", 65536); o.Status != results.Done {
			t.Errorf("budget %v: the cheap ladder ends early: %+v", budget, o.Refusal)
		}
		skipped := j.outcome("square", 65536)
		want := fmt.Sprintf("samples: past this run's budget (--budget %v); ran to n=", budget)
		if skipped.Status != results.Skipped || !strings.Contains(skipped.Refusal.Reason, want) {
			t.Errorf("budget %v: %+v", budget, skipped.Refusal)
		}
	}
}

func TestBudgetGrantsFewerSamples(t *testing.T) {
	clock, j := &fakeClock{}, &journal{}
	// One call at n = 16384 takes 0.27 s: 2.7 s for ten samples, 1.6 s for six.
	axes := Axes{Variants: "square", N: "16384", Dim: "1"}
	plan := newPlan(t, clock, axes, Limits{Budget: 4 * time.Second}, mechanisms(clock))
	plan.Blocks[0].Cells[0].Predicted = Prediction{}
	if _, err := plan.Run(context.Background(), j); err != nil {
		t.Fatal(err)
	}
	o := j.outcome("square", 16384)
	if o.Status == results.Done && len(o.Times) < minSamples {
		t.Errorf("%d samples: no interval can be given", len(o.Times))
	}
	if clock.Now() > 4*time.Second {
		t.Errorf("took %v", clock.Now())
	}
	if o.Status == results.Done && len(o.Times) < fullSamples && !hasWarning(o, "few-samples") {
		t.Errorf("%d samples without a word: %+v", len(o.Times), o.Warnings)
	}
}

func hasWarning(o Outcome, code string) bool {
	for _, w := range o.Warnings {
		if w.Code == code {
			return true
		}
	}
	return false
}

func TestTimeout(t *testing.T) {
	clock, j := &fakeClock{}, &journal{}
	limits := Limits{Timeout: 500 * time.Millisecond}
	plan := newPlan(t, clock, Axes{N: "64,16384", Dim: "1"}, limits, mechanisms(clock))
	if _, err := plan.Run(context.Background(), j); err != nil {
		t.Fatal(err)
	}
	o := j.outcome("square", 16384)
	if o.Refusal.Code != "timeout" || !strings.Contains(o.Refusal.Reason, "--timeout 500ms); ran to n=64") {
		t.Errorf("%+v", o)
	}
	if o := j.outcome("linear", 16384); o.Status != results.Done {
		t.Errorf("%+v", o)
	}
}

func TestMemoryGuard(t *testing.T) {
	clock, j := &fakeClock{}, &journal{}
	all := mechanisms(clock)
	sweep, err := ParseSweep(Axes{N: "64", Dim: "1", Set: []string{"square.k=100"}}, all)
	if err != nil {
		t.Fatal(err)
	}
	m := fakeMachine(clock)
	plan := planned(NewPlan(sweep, Limits{}, m))
	defer plan.Close()
	limit := fixedBytes(plan.Blocks[0], false) + 20000 // 64·100·4 bytes are 25600
	m.Host.(*fakeHost).available = machine.Figure{Value: float64(limit) / memoryFraction, Known: true}
	if totals, err := plan.Run(context.Background(), j); err != nil || totals.Done != 1 || totals.Skipped != 1 {
		t.Fatalf("%+v %v", totals, err)
	}
	o := j.outcome("square[k=100]", 64)
	want := "80 % of the available memory is " + FormatBytes(limit)
	if o.Refusal.Code != "memory" || !strings.Contains(o.Refusal.Reason, want) {
		t.Errorf("%+v", o.Refusal)
	}
}

func TestGate(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		name, want string
		causal     string
		wrong      func(call int, out []float32)
		samples    int
	}{
		{"right", "", "0", nil, fullSamples},
		{"wrong value", "impl-err", "0", func(_ int, out []float32) { out[3] += 1 }, 0},
		{"not a number", "is NaN", "0", func(_ int, out []float32) { out[3] = nan }, 0},
		{"leak", "not causal: changing token", "1", func(call int, out []float32) {
			if call == 2 {
				out[0] += 1e-6
			}
		}, 0},
		{"unstable", "another output than the verified one", "0", func(call int, out []float32) {
			if call > 3 {
				out[3] += 1
			}
		}, 1},
	} {
		clock, j := &fakeClock{}, &journal{}
		m := fakeMechanism(clock, "square", 1e5, 1)
		create := m.New
		m.New = func(p *variants.Problem, ws *variants.Workspace) variants.Attention {
			plan := create(p, ws).(*fakePlan)
			plan.wrong = c.wrong
			return plan
		}
		plan := newPlan(t, clock, Axes{N: "32", Dim: "4", Causal: c.causal}, Limits{}, []*variants.Mechanism{m})
		if _, err := plan.Run(context.Background(), j); err != nil {
			t.Fatal(err)
		}
		o := j.outcomes[0]
		if c.want == "" {
			if o.Status != results.Done || len(j.samples) != c.samples {
				t.Errorf("%s: %+v, %d samples", c.name, o.Refusal, len(j.samples))
			}
			continue
		}
		reason := o.Refusal.Reason
		if o.Status != results.Failed || !strings.Contains(reason, c.want) ||
			len(j.samples) > fullSamples*c.samples {
			t.Errorf("%s: %s %+v, %d samples", c.name, o.Status, o.Refusal, len(j.samples))
		}
	}
}

func TestInterruption(t *testing.T) {
	clock := &fakeClock{}
	ctx, cancel := context.WithCancel(context.Background())
	j := &journal{}
	j.onSample = func() {
		if len(j.samples) == 7 {
			cancel()
		}
	}
	plan := newPlan(t, clock, Axes{N: "64,128", Dim: "8"}, Limits{}, mechanisms(clock))
	if _, err := plan.Run(ctx, j); !errors.Is(err, context.Canceled) || len(j.samples) != 7 {
		t.Errorf("%v after %d samples", err, len(j.samples))
	}
}

func TestFullWriterStopsTheRun(t *testing.T) {
	clock := &fakeClock{}
	plan := newPlan(t, clock, Axes{N: "64", Dim: "8"}, Limits{}, mechanisms(clock))
	if _, err := plan.Run(context.Background(), failing{}); err == nil || err.Error() != "disk full" {
		t.Error(err)
	}
}

type failing struct{}

func (failing) Sample(Sample) error { return errors.New("disk full") }
func (failing) Cell(Outcome) error  { return nil }

func (failing) Block(time.Duration) error { return nil }

func TestDeclaredLeak(t *testing.T) {
	clock, j := &fakeClock{}, &journal{}
	m := fakeMechanism(clock, "square", 1e5, 1)
	m.Leaks = func(*variants.Problem) string { return "later keys are felt" }
	m.Definition = func(p *variants.Problem, h variants.Head) []float64 {
		return append([]float64(nil), h.K...) // d = e
	}
	m.New = func(p *variants.Problem, _ *variants.Workspace) variants.Attention {
		return keysPlan{advance: func() { clock.advance(time.Millisecond) }}
	}
	plan := newPlan(t, clock, Axes{N: "32", Dim: "4", Causal: "1"}, Limits{}, []*variants.Mechanism{m})
	if _, err := plan.Run(context.Background(), j); err != nil {
		t.Fatal(err)
	}
	if o := j.outcomes[0]; o.Status != results.Done || !hasWarning(o, "leak") {
		t.Errorf("%s %+v %+v: want a warning", o.Status, o.Refusal, o.Warnings)
	}
}

// keysPlan returns its keys.
type keysPlan struct{ advance func() }

func (p keysPlan) Forward(out, _, k, _ variants.Floats) {
	p.advance()
	copy(out.F32, k.F32)
}

func (keysPlan) Executed() int64 { return 0 }
