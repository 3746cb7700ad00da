package main

import (
	"fmt"
	"text/tabwriter"

	"attnbench/harness"
	"attnbench/harness/machine"
	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/work"
)

type doctorCommand struct{}

// Run prints what the suite knows of the machine and each condition that harms results, with its remedy. It
// changes nothing.
func (c *doctorCommand) Run(env *environment) error {
	host := machine.This()
	d := describeMachine(host)
	w := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	for _, fact := range d.Facts() {
		fmt.Fprintf(w, "%s\t%s\n", fact.Name, fact.Value)
	}
	for _, set := range kernel.Available() {
		fmt.Fprintf(w, "simd %s\t%d lanes, on one thread %s\n", set.Name, set.Lanes, roof(set))
	}
	fmt.Fprintf(w, "limits\tn up to %d, batch × heads up to %d, d up to %d\n",
		variants.MaxLength, variants.MaxHeads, variants.MaxDim)
	fmt.Fprintf(w, "memory for a cell\t%s\n", harness.MemoryLimit(host.Available()))
	if err := w.Flush(); err != nil {
		return err
	}
	findings := machine.Findings(d, host.Noise())
	if len(findings) == 0 {
		fmt.Fprintln(env.stdout, "\nnothing here disturbs measurements")
	}
	for _, f := range append(findings, machine.Advice(d)...) {
		fmt.Fprintf(env.stdout, "\n%s: %s\n  remedy: %s\n", f.Code, f.Text, f.Remedy)
	}
	return nil
}

// roof says what one thread reaches on a kernel set.
func roof(set *kernel.Set) string {
	pool := work.NewPool(1)
	defer pool.Close()
	r := harness.MeasureRoof(harness.NewWallClock(), set, pool)
	text := fmt.Sprintf("%.1f GFLOP/s of multiply-adds", r.FLOPs/1e9)
	if r.BF16 > 0 {
		text += fmt.Sprintf(", %.1f of bfloat16", r.BF16/1e9)
	}
	return text + fmt.Sprintf(", %.1f GB/s of memory", r.Bytes/1e9)
}
