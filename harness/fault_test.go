package harness

import (
	"context"
	"math"
	"strings"
	"testing"
	"unsafe"

	"attnbench/results"
	"attnbench/variants"
)

// faults are what mechanisms may do to the suite in a call, counted from 1, by name.
func faults() map[string]func(call int, out []float32) {
	return map[string]func(call int, out []float32){
		"first-panic": func(int, []float32) { panic("no idea\nwhat to do") },
		"late-panic": func(call int, out []float32) {
			if call > 5 {
				_ = out[len(out):][0]
			}
		},
		"segfault":  func(int, []float32) { *(*float32)(unsafe.Add(unsafe.Pointer(nil), 8<<40)) = 1 },
		"first-nan": func(_ int, out []float32) { out[3] = float32(math.NaN()) },
		"late-nan": func(call int, out []float32) {
			if call > 5 {
				out[3] = float32(math.NaN())
			}
		},
		"past-end": func(_ int, out []float32) {
			*(*float32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(out)), 4*len(out))) = 7
		},
		"late-past-start": func(call int, out []float32) {
			if call > 5 {
				*(*float32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(out)), -4)) = 7
			}
		},
	}
}

// reasons are what results say of a faulty mechanism.
func reasons() map[string]Refusal {
	return map[string]Refusal{
		"first-panic":     {codePanic, "panic: no idea what to do (fault_test.go:"},
		"late-panic":      {codePanic, "panic: runtime error: index out of range [0] with length 0 (fault_test"},
		"segfault":        {codePanic, "panic: runtime error: invalid memory address"},
		"first-nan":       {codeGate, "output 3 of 512 is NaN or was never written"},
		"late-nan":        {codeGate, errChanged.Error()},
		"past-end":        {codeGate, "it wrote outside of its results: 0 elements before out and 1 after it"},
		"late-past-start": {codeGate, "it wrote outside of its results: 1 elements before out and 0 after it"},
		"definition":      {codePanic, "definition in float64: panic: not written yet (fault_test"},
		"pairs":           {codePanic, "panic: not written yet (fault_test.go:"},
		"cost":            {codePanic, "panic: not written yet (fault_test.go:"},
		"plan":            {codePanic, "panic: not written yet (fault_test.go:"},
	}
}

// faultyMechanisms are one for each fault, and those whose other functions panic.
func faultyMechanisms(clock *fakeClock) []*variants.Mechanism {
	all := []*variants.Mechanism{fakeMechanism(clock, "sound", 100, 1)}
	for name, wrong := range faults() {
		m := fakeMechanism(clock, name, 100, 1)
		m.New = func(p *variants.Problem, ws *variants.Workspace) variants.Attention {
			return &fakePlan{advance: func() { clock.advance(1e5) }, wrong: wrong}
		}
		all = append(all, m)
	}
	definition, pairs := fakeMechanism(clock, "definition", 100, 1), fakeMechanism(clock, "pairs", 100, 1)
	definition.Definition = func(*variants.Problem, variants.Head) []float64 { panic("not written yet") }
	pairs.Pairs = func(*variants.Problem, []float32) int64 { panic("not written yet") }
	plan := fakeMechanism(clock, "plan", 100, 1)
	size := plan.New
	plan.New = func(p *variants.Problem, ws *variants.Workspace) variants.Attention {
		if variants.Alloc[float32](ws, 1) != nil { // it is not only asked for its size
			panic("not written yet")
		}
		return size(p, ws)
	}
	cost := fakeMechanism(clock, "cost", 100, 1)
	cost.Cost = func(*variants.Problem) variants.Cost { panic("not written yet") }
	return append(all, definition, pairs, plan, cost)
}

// Each fault costs its own cell and is named; the others of the block lose nothing.
func TestFaultsCostOneCell(t *testing.T) {
	clock, j := &fakeClock{}, &journal{}
	plan := newPlan(t, clock, Axes{N: "64", Dim: "8"}, Limits{}, faultyMechanisms(clock))
	totals, err := plan.Run(context.Background(), j)
	if err != nil || totals.Done != 1 || totals.Failed != len(reasons()) {
		t.Errorf("%+v %v", totals, err)
	}
	checkFaults(t, j, reasons())
}

func checkFaults(t *testing.T, j *journal, want map[string]Refusal) {
	t.Helper()
	for name, refusal := range want {
		o := j.outcome(name, 64)
		if o.Status != results.Failed || o.Refusal.Code != refusal.Code ||
			!strings.HasPrefix(o.Refusal.Reason, refusal.Reason) || strings.Contains(o.Refusal.Reason, "\n") {
			t.Errorf("%s: %s %+v, want %+v", name, o.Status, o.Refusal, refusal)
		}
	}
	if o := j.outcome("sound", 64); o.Status != results.Done || len(o.Times) < fullSamples {
		t.Errorf("sound: %s with %d samples, %+v", o.Status, len(o.Times), o.Refusal)
	}
}
