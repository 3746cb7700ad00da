package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"attnbench/harness"
	"attnbench/harness/machine"
)

type planCommand struct {
	sweepFlags `embed:""`
}

// Run prints what bench run would do with the same flags.
func (c *planCommand) Run(env *environment) error {
	plan, err := c.layout(machine.This())
	if err != nil {
		return err
	}
	defer plan.Close()
	plan.Predict()
	for _, note := range plan.Notes() {
		fmt.Fprintf(env.stderr, "note: %s\n", note)
	}
	return printPlan(env.stdout, plan)
}

// printPlan prints one line per cell, then the totals.
func printPlan(out io.Writer, plan *harness.Plan) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w,
		"input\tn\tcausal\tb\th\td\tpass\tdtype\tsimd\tthreads\tvariant\tsamples\tpredicted\tmemory\t")
	for _, b := range plan.Blocks {
		s := b.Shape
		input := b.Input()
		if head := b.Head(); head != "" {
			input += " " + head
		}
		for _, c := range b.Cells {
			fmt.Fprintf(w, "%s\t%d\t%t\t%d\t%d\t%d\t%s\t%s\t%s\t%d\t%s\t", input, s.N, s.Causal, s.Batch, s.Heads,
				s.D, b.Pass, b.Type.Short(), c.SIMD(), b.Threads, c.Label())
			if c.Skip.Code != "" {
				fmt.Fprintf(w, "skip: %s\n", c.Skip.Reason)
				continue
			}
			fmt.Fprintf(w, "%d\t%s\t%s\t\n", c.Samples, harness.FormatDuration(c.Time()),
				harness.FormatBytes(c.Predicted.Bytes))
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, plan.Summary())
	return err
}
