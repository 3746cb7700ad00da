package main

import (
	"bytes"
	"testing"

	"attnbench/harness"
	"attnbench/harness/machine"
	"attnbench/results"
	"attnbench/variants"
	"attnbench/variants/kernel"
)

// measured runs mechanisms on this machine and returns the results.
func measured(t *testing.T, axes harness.Axes, mechanisms ...*variants.Mechanism) *results.Set {
	t.Helper()
	sweep, err := harness.ParseSweep(axes, mechanisms)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := harness.NewPlan(sweep, harness.Limits{}, harness.Machine{
		Clock: harness.NewWallClock(), Host: machine.This(), Fastest: kernel.Best(),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer plan.Close()
	var file bytes.Buffer
	header := results.Header{{Key: results.KeyMachine, Value: "m"}}
	w, err := results.NewWriter(&file, header, results.Run{ID: "r"})
	if err != nil {
		t.Fatal(err)
	}
	journal := harness.Journal{Writer: w}
	if err := journal.Head(plan); err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Run(t.Context(), journal); err != nil {
		t.Fatal(err)
	}
	set, err := results.ReadFrom(&file, "results.txt")
	if err != nil {
		t.Fatal(err)
	}
	return set
}
