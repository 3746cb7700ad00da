package harness

import (
	"context"
	"math"
	"testing"
	"unsafe"

	"attnbench/results"
	"attnbench/variants"
)

// backwardFaults are what mechanisms may do to the suite when they compute gradients, in calls counted from
// 1, and what results say of it, by name.
func backwardFaults() map[string]struct {
	wrong func(call int, g variants.Gradients)
	want  Refusal
} {
	type fault = struct {
		wrong func(call int, g variants.Gradients)
		want  Refusal
	}
	const outside = "it wrote outside of its results: "
	nan, late := float32(math.NaN()), 5 // verification is over by then
	return map[string]fault{
		"dq-past-end": {func(_ int, g variants.Gradients) { overwrite(g.Q, len(g.Q)) },
			Refusal{codeGate, outside + "0 elements before dq and 1 after it"}},
		"dk-past-start": {func(_ int, g variants.Gradients) { overwrite(g.K, -1) },
			Refusal{codeGate, outside + "1 elements before dk and 0 after it"}},
		"dv-past-end": {func(_ int, g variants.Gradients) { overwrite(g.V, len(g.V)+3) },
			Refusal{codeGate, outside + "0 elements before dv and 1 after it"}},
		"dgain-past-end": {func(_ int, g variants.Gradients) { overwrite(g.Inputs["gain"], 1) },
			Refusal{codeGate, outside + "0 elements before dgain and 1 after it"}},
		"late-dq-past-start": {func(call int, g variants.Gradients) {
			if call > late {
				overwrite(g.Q, -2)
			}
		}, Refusal{codeGate, outside + "1 elements before dq and 0 after it"}},
		"nan": {func(_ int, g variants.Gradients) { g.K[3] = nan },
			Refusal{codeGate, "dk element 3 of 512 is NaN or was never written"}},
		"late-nan": {func(call int, g variants.Gradients) {
			if call > late {
				g.V[3] = nan
			}
		}, Refusal{codeGate, errChanged.Error()}},
		"panic": {func(int, variants.Gradients) { panic("no slope") },
			Refusal{codePanic, "panic: no slope (fault_backward_test.go:"}},
		"late-panic": {func(call int, g variants.Gradients) {
			if call > late {
				_ = g.Q[len(g.Q):][0]
			}
		}, Refusal{codePanic, "panic: runtime error: index out of range [0] with length 0 (fault_backward_test"}},
		"segfault": {func(int, variants.Gradients) { *(*float32)(unsafe.Add(unsafe.Pointer(nil), 8<<40)) = 1 },
			Refusal{codePanic, "panic: runtime error: invalid memory address"}},
	}
}

// overwrite changes the element of an array at an index, wherever that is.
func overwrite(x []float32, index int) {
	*(*float32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(x)), 4*index)) = 7
}

// backwardFaulty are a mechanism for each of those faults, a sound one, and one whose derivative in float64
// panics.
func backwardFaulty(clock *fakeClock) []*variants.Mechanism {
	sound := func(name string) *variants.Mechanism {
		return differentiable(clock, fakeMechanism(clock, name, 1e3, 1), nil)
	}
	all := []*variants.Mechanism{sound("sound")}
	for name, fault := range backwardFaults() {
		all = append(all, differentiable(clock, fakeMechanism(clock, name, 1e3, 1), fault.wrong))
	}
	derivative := sound("derivative")
	derivative.Gradient = func(*variants.Problem, variants.Head, []float64) variants.HeadGradients {
		panic("not written yet")
	}
	return append(all, derivative)
}

// Each fault of a backward costs its own cell and is named; the others of the block lose nothing.
func TestBackwardFaultsCostOneCell(t *testing.T) {
	want := map[string]Refusal{"derivative": {codePanic, "panic: not written yet (fault_backward_test.go:"}}
	for name, fault := range backwardFaults() {
		want[name] = fault.want
	}
	for _, pass := range []string{results.PassBackward, results.PassBoth} {
		clock, j := &fakeClock{}, &journal{}
		plan := newPlan(t, clock, Axes{N: "64", Dim: "8", Causal: "1", Pass: pass}, Limits{}, backwardFaulty(clock))
		totals, err := plan.Run(context.Background(), j)
		if err != nil || totals.Done != 1 || totals.Failed != len(want) {
			t.Fatalf("%s: %+v %v", pass, totals, err)
		}
		checkFaults(t, j, want)
	}
}
