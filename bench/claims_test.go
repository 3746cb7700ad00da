package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"attnbench/harness/inputs"
	"attnbench/harness/machine"
	"attnbench/reports/claims"
	"attnbench/results"
)

// TestPublishedClaims: what is shipped names mechanisms, options and heads that there are.
func TestPublishedClaims(t *testing.T) {
	t.Chdir("..")
	all, err := claims.Published()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if err := checkClaim(c); err != nil {
			t.Error(err)
		}
	}
	set, err := inputs.Load("reports/claims/inputs/small-norms.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	q, k, _ := set.QKV(0, set.N)
	sum := 0.0
	for i := range q {
		sum += float64(q[i]+k[i]) * float64(q[i]+k[i])
	}
	// |q+k|² after scaling both by d^(1/4), in the mean: 1, as the claim says of its input.
	if norm := sum / float64(set.N) / 4; norm < 0.95 || norm > 1.05 || set.D != 16 {
		t.Errorf("d = %d: |q+k|² is %.3f in the mean", set.D, norm)
	}
}

// TestPlanCoversClaims: the runs that are printed measure every cell that a shipped claim needs.
func TestPlanCoversClaims(t *testing.T) {
	t.Chdir("..") // inputs lie beside the claims
	all, err := claims.Published()
	if err != nil {
		t.Fatal(err)
	}
	var wants []claims.Want
	for _, c := range all {
		wants = append(wants, c.Wants()...)
	}
	planned := map[string]int{}
	for _, run := range claims.Plan(wants, defaults{}) {
		var f sweepFlags
		parser, err := kong.New(&f)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(run.Flags()); err != nil {
			t.Fatalf("%s: %v", run, err)
		}
		plan, err := f.layout(machine.This())
		if err != nil {
			t.Fatalf("%s: %v", run, err)
		}
		plan.Close()
		for _, b := range plan.Blocks {
			for _, c := range b.Cells {
				if c.Problem != nil {
					planned[claims.Key(c.Name(), defaults{})]++
				}
			}
		}
	}
	for _, w := range wants {
		if n := planned[claims.Key(w.Cell, defaults{})]; n < w.Draws {
			t.Errorf("%s: planned %d times, wanted %d", w.Cell.Name(), n, w.Draws)
		}
	}
	if len(planned) > 2*len(wants) {
		t.Errorf("%d cells are measured for %d that are wanted", len(planned), len(wants))
	}
}

// TestDefaults: an option that a name leaves out is told from one that depends on the problem.
func TestDefaults(t *testing.T) {
	a := results.Cell{Variant: "linformer", N: 64, D: 8, Heads: 1, Batch: 1, Pass: "forward", Input: "gaussian"}
	b := a
	b.Options = []results.Option{{Name: "sharing", Value: "headwise"}, {Name: "k", Value: "256"}}
	if claims.Key(a, defaults{}) != claims.Key(b, defaults{}) {
		t.Error("options at their default tell cells apart")
	}
	slices.Reverse(b.Options)
	b.Options[0].Value = "128"
	if claims.Key(a, defaults{}) == claims.Key(b, defaults{}) {
		t.Error("k = 128 is taken for the default")
	}
}

// TestDocumentedClaim: the claim in CONTRIBUTING.md is one.
func TestDocumentedClaim(t *testing.T) {
	document, err := os.ReadFile("../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(document), "```toml\n")
	text, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("no claim in CONTRIBUTING.md")
	}
	c, err := claims.Parse("CONTRIBUTING.md", []byte(text))
	if err == nil {
		err = checkClaim(c)
	}
	if err != nil {
		t.Error(err)
	}
}

// TestDivide: runs that measure time get what is left of the budget; none gets less than it is predicted to
// take.
func TestDivide(t *testing.T) {
	predicted := []time.Duration{10 * time.Second, 30 * time.Second, 60 * time.Second}
	timed := func(i int) bool { return i > 0 }
	for budget, want := range map[time.Duration]string{
		10 * time.Minute: "[18s 3m16s 6m26s]", time.Minute: "[18s 44s 1m23s]",
	} {
		if got := fmt.Sprint(divide(budget, predicted, timed)); got != want {
			t.Errorf("%v is divided into %s, want %s", budget, got, want)
		}
	}
}
