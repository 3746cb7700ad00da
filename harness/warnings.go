package harness

import (
	"fmt"
	"slices"

	"attnbench/results"
	"attnbench/variants"
)

// maxCoverage is the share of the allowed pairs above which a mechanism is nearly exact.
const maxCoverage = 0.5

// warnings lists what a reader of a trial's numbers must know.
func warnings(t *trial) []results.Warning {
	c := t.cell
	var list []results.Warning
	add := func(holds bool, code, text, remedy string) {
		if holds {
			list = append(list, results.Warning{Code: code, Text: text, Remedy: remedy})
		}
	}
	stands := c.Mechanism.Role == variants.Approximation
	drawn := c.Block.source.set == nil && c.Block.scored()
	add(stands && drawn && c.Mechanism.Unrelated == "", "gaussian-input",
		"Gaussian input ranks mechanisms backwards", "read fidelity on real activations")
	add(stands && t.errors.Pairs > maxCoverage, "coverage",
		fmt.Sprintf("nearly exact by coverage: it scores %.0f %% of the pairs", 100*t.errors.Pairs),
		"compare at a longer length or with smaller options")
	add(leak(c) != "", "leak", leak(c), "do not use it where causality matters")
	add(untrained(c), "untrained", "parameters that a model learns are drawn at random",
		"give trained ones in a tensor file (--input FILE.safetensors)")
	add(t.stands() && len(t.Times) < c.Block.samples, "few-samples",
		fmt.Sprintf("%d samples instead of %d: the time granted was spent", len(t.Times), c.Block.samples),
		"raise --budget or --timeout")
	add(t.resumed(), "resumed", "the run was interrupted between its samples",
		"measure again where a few percent count")
	add(c.Block.apart, "apart", "sampled apart from the other variants: they do not fit into memory together",
		"lower n, heads or batch, or take fewer variants")
	add(t.switches > int64(len(t.Times)), "preempted",
		fmt.Sprintf("forced off the CPU %d times in %d samples", t.switches, len(t.Times)),
		"stop other programs, or measure later")
	return append(list, noiseWarnings(t.Times, t.pressure)...)
}

// untrained reports whether the cell draws a parameter that a model would learn.
func untrained(c *Cell) bool {
	if c.Problem == nil {
		return false
	}
	given := c.request.Inputs
	return slices.ContainsFunc(c.Mechanism.Inputs, func(in variants.Input) bool {
		_, present := given[in.Name]
		return in.Learned && !in.Gate && in.Draw != nil && !present && len(in.Dims(c.Problem)) > 0
	})
}
