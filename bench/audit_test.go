package main

import (
	"math"
	"strings"
	"testing"

	"attnbench/harness"
	"attnbench/harness/machine"
	"attnbench/reports"
	"attnbench/variants"
	"attnbench/variants/longformer"
)

// masked is a longformer that scores all pairs and hides those that it does not want behind an n×n mask: the
// same function, so it passes its check, and the same claims, which it does not keep.
func masked(name string, counted bool) *variants.Mechanism {
	m := longformer.Mechanism()
	m.Name, m.Gradient, m.BackwardCost, m.NewDecoder, m.DecodeCost = name, nil, nil, nil, nil
	m.New = func(p *variants.Problem, ws *variants.Workspace) variants.Attention {
		n := p.Shape.N
		a := &maskedPlan{p: p, weights: variants.Alloc[float32](ws, n)}
		if counted {
			a.mask = variants.Alloc[float32](ws, n*n)
		}
		return a
	}
	return m
}

type maskedPlan struct {
	p       *variants.Problem
	mask    []float32 // [n, n]: 0 or -Inf
	weights []float32 // [n]
}

// Prepare fills the mask, which a plan that hides it from the workspace allocates here.
func (a *maskedPlan) Prepare() {
	n := a.p.Shape.N
	if a.mask == nil {
		a.mask = make([]float32, n*n)
	}
	for i := range a.mask {
		row, key := i/n, i%n
		if max(row-key, key-row) > a.p.Int("window")/2 {
			a.mask[i] = float32(math.Inf(-1))
		}
	}
}

func (a *maskedPlan) Forward(out, q, k, v variants.Floats) {
	n, d := a.p.Shape.N, a.p.Shape.D
	scale := 1 / math.Sqrt(float64(d))
	for row := range n {
		sum := float32(0)
		for key := range n {
			dot := float32(0)
			for c := range d {
				dot += q.F32[row*d+c] * k.F32[key*d+c]
			}
			a.weights[key] = float32(math.Exp(float64(dot)*scale + float64(a.mask[row*n+key])))
			sum += a.weights[key]
		}
		o := out.F32[row*d : (row+1)*d]
		clear(o)
		for key, w := range a.weights {
			for c := range d {
				o[c] += w / sum * v.F32[key*d+c]
			}
		}
	}
}

// Executed counts what Forward does: two products of n×n with d.
func (a *maskedPlan) Executed() int64 {
	n, d := int64(a.p.Shape.N), int64(a.p.Shape.D)
	return 4 * n * n * d
}

// auditLines runs mechanisms of one head and returns what the audit of the report says.
func auditLines(t *testing.T, mechanisms ...*variants.Mechanism) string {
	t.Helper()
	set := measured(t, harness.Axes{
		N: "64..1024*2", Dim: "8", Samples: 10,
		Set: []string{"honest.window=16", "masked.window=16", "hidden.window=16"},
	}, mechanisms...)
	report, err := reports.Build(set)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, line := range report.Parts[0].Headlines {
		// How time grows depends on who else is on the machine.
		if strings.HasPrefix(line, "Audit: ") && !strings.Contains(line, "measured time") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// TestAuditCatchesMask: a longformer that builds the n×n mask is caught by its counted work and memory, and
// by the operating system where it does not count the mask. The real one is not accused.
func TestAuditCatchesMask(t *testing.T) {
	honest := longformer.Mechanism()
	honest.Name = "honest"
	told := auditLines(t, honest, masked("masked", true), masked("hidden", false))
	for _, want := range []string{
		"Audit: masked[window=16]: counted work grows as n^2.00, where O(n·w) is claimed.",
		"Audit: masked[window=16]: counted memory grows as n^1.99, where O(n) is claimed.",
		"Audit: hidden[window=16]: counted work grows as n^2.00, where O(n·w) is claimed.",
	} {
		if !strings.Contains(told, want) {
			t.Errorf("the audit does not say %q:\n%s", want, told)
		}
	}
	if strings.Contains(told, "honest") || strings.Contains(told, "hidden[window=16]: counted memory") {
		t.Errorf("the audit accuses what is in order:\n%s", told)
	}
	if !machine.This().Peak().Known {
		t.Skip("this system has no high-water mark of memory: the hidden mask cannot be caught")
	}
	if want := "Audit: hidden[window=16]: the measured peak is "; !strings.Contains(told, want) {
		t.Errorf("the audit does not say %q:\n%s", want, told)
	}
}
