package main

import (
	"strings"
	"testing"

	"attnbench/harness"
	"attnbench/reports"
	"attnbench/variants/local"
)

// sameTwice measures one mechanism under two names and returns what a comparison says of their times.
func sameTwice(t *testing.T) string {
	t.Helper()
	once, again := local.Mechanism(), local.Mechanism()
	once.Name, again.Name = "once", "again"
	set := measured(t, harness.Axes{N: "256..2048*2", Dim: "64"}, once, again)
	by := reports.Axis{Key: "variant", Values: []string{"once", "again"}}
	c, err := reports.CompareBy(set, by, reports.CompareOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return c.Parts[0].Headlines[0]
}

// TestSameRanksNothing: a mechanism is neither faster nor slower than itself. One run in twenty may find a
// difference by chance, five in a row do not.
func TestSameRanksNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("short: the race detector, under which short tests run, slows code by where it lies")
	}
	var line string
	for range 5 {
		line = sameTwice(t)
		t.Log(line)
		if strings.Contains(line, " of 4 cells 0 faster, 0 slower, ") {
			if strings.Contains(line, "4 not judged") {
				t.Skip("the machine is too noisy to judge anything")
			}
			return
		}
	}
	t.Errorf("one mechanism under two names, five times: %s", line)
}
