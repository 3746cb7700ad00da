package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"attnbench/harness"
	"attnbench/harness/machine"
	"attnbench/results"
)

type runCommand struct {
	sweepFlags  `embed:""`
	reportFlags `embed:""`

	Output string `short:"o" placeholder:"FILE" help:"New results file (default: one under results/local)."`
	Resume string `placeholder:"FILE" help:"Go on with the interrupted run of FILE, with its flags."`
	From   string `placeholder:"FILE" help:"Repeat the run of FILE: its flags, but for those given here."`
	DryRun bool   `help:"Print the plan and run nothing."`
	Quiet  bool   `help:"No talk on stderr but errors."`
}

// localResults is where results go that nobody named; git ignores it.
const localResults = "results/local"

// Run verifies and measures the sweep, writes a results file and prints its report.
func (c *runCommand) Run(env *environment, typed *kong.Context) error {
	start := time.Now()
	if err := c.recall(env, typed); err != nil {
		return err
	}
	host := machine.This()
	plan, err := c.layout(host)
	if err != nil {
		return err
	}
	if c.DryRun {
		defer plan.Close()
		plan.Predict()
		return printPlan(env.stdout, plan)
	}
	talk := env.stderr
	if c.Quiet {
		talk = io.Discard
	}
	d, suffix := describeMachine(host), ""
	if shard := plan.Shard(); shard.Count > 0 {
		env.args, suffix = plainShard(env.args, shard), fmt.Sprintf("-%dof%d", shard.Index, shard.Count)
	}
	s := &session{path: c.Output, plan: plan, talk: talk}
	header := c.header(env, d)
	if c.Resume != "" {
		err = s.reopen(c.Resume, header, start)
	} else {
		err = s.create(header, results.Run{
			ID:    d.ID + "-" + start.UTC().Format("20060102T150405.000") + suffix,
			Start: start.UTC().Format(time.RFC3339), Plan: plan.ID(), Shard: plan.Shard().String(),
			BudgetSeconds: c.Budget.Seconds(), Noise: noise(d, host),
		}, start.Format("20060102-150405")+suffix+".txt")
	}
	if err != nil {
		plan.Close()
		return err
	}
	totals, err := s.run(env.ctx, func() { banner(talk, d, s, c.Seed) })
	return c.conclude(env, s, totals, err)
}

// conclude prints the report and where the results are, and turns what happened into an exit code.
func (c *runCommand) conclude(env *environment, s *session, totals harness.Totals, err error) error {
	if err != nil {
		fmt.Fprintf(s.talk, "results   %s\nreport    bench report %s\n", s.path, s.path)
		return c.stopped(s, err)
	}
	report, err := choice{}.load(s.path)
	if err != nil {
		return err
	}
	if err := c.print(env.stdout, "text", report); err != nil {
		return err
	}
	share := func(d time.Duration) float64 { return 100 * d.Seconds() / max(totals.Total.Seconds(), 1e-9) }
	fmt.Fprintf(s.talk, "time      %.1f s: %.0f %% set-up and samples, %.0f %% verification, %.0f %% overhead\n",
		totals.Total.Seconds(), share(totals.Measured), share(totals.Verified),
		share(totals.Total-totals.Measured-totals.Verified))
	fmt.Fprintf(s.talk, "results   %s\nreport    bench report %s\nagain     bench %s\n",
		s.path, s.path, commandLine(env.args))
	if c.From != "" {
		both, err := results.Read(c.From, s.path)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.talk, "outputs   against %s: %s\n", c.From, cmp.Or(both.AgreementText(), "no cell in common"))
	}
	switch {
	case totals.Failed > 0:
		return failure{fmt.Errorf("%d cells failed their checks: see the report", totals.Failed)}
	case totals.Done == 0:
		return failure{fmt.Errorf("nothing ran: every one of %d cells was skipped", totals.Skipped)}
	}
	return nil
}

// stopped adds to the error that ended a run how to go on with it.
func (c *runCommand) stopped(s *session, err error) error {
	again := []string{"run", "--resume", s.path}
	if c.Python != defaultPython { // which no file tells
		again = append(again, "--peers-python", c.Python)
	}
	remedy := "go on with: bench " + commandLine(again)
	var endless harness.Endless
	switch {
	case errors.Is(err, context.Canceled):
		return interruption{"interrupted: " + remedy}
	case errors.As(err, &endless) && endless.Definition:
		return interruption{fmt.Sprintf("%v: behind that cell %s", err, remedy)}
	case errors.As(err, &endless):
		return interruption{fmt.Sprintf("%v: behind that cell %s; with --isolate, a process for each cell, such a "+
			"call costs that cell alone", err, remedy)}
	}
	return failure{fmt.Errorf("%w: once that is mended, %s", err, remedy)}
}

// header are the facts that are constant over the run.
func (c *runCommand) header(env *environment, d machine.Description) results.Header {
	h := results.Header{
		{Key: results.KeyMachine, Value: d.ID},
		{Key: "cpu", Value: d.CPU.Brand},
		{Key: "simd", Value: paths()},
		{Key: results.KeyCommit, Value: d.Build.Revision()},
		{Key: results.KeyCommand, Value: "bench " + commandLine(env.args)},
		{Key: results.KeySeed, Value: fmt.Sprint(c.Seed)},
	}
	keep := map[string]string{
		"cpus": "cpus", "cores": "cores", "caches": "caches", "os": "os",
		"platform": "platform", "go": "go", "build": "goflags",
	}
	for _, fact := range d.Facts() {
		if key := keep[fact.Name]; key != "" {
			h = append(h, results.Field{Key: key, Value: fact.Value})
		}
	}
	h = append(h, results.Field{Key: "memory", Value: d.MemoryTotal.Bytes()},
		results.Field{Key: "memory-limit", Value: d.MemoryLimit.Bytes()})
	for i := range h {
		if h[i].Value == "" {
			h[i].Value = "n/a"
		}
	}
	return h
}

// noise lists what was found about the machine before the run.
func noise(d machine.Description, host *machine.Host) []results.Warning {
	var warnings []results.Warning
	for _, f := range machine.Findings(d, host.Noise()) {
		warnings = append(warnings, results.Warning(f))
	}
	return warnings
}

// commandLine quotes the arguments so that they can be typed again.
func commandLine(args []string) string {
	quoted := make([]string, len(args))
	for i, a := range args {
		quoted[i] = a
		if a == "" || strings.ContainsAny(a, " \t\n\"'\\$&|;<>()*?[]{}!~`#") {
			quoted[i] = "'" + strings.ReplaceAll(strings.ReplaceAll(a, "\n", " "), "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}

// banner says what is about to be measured, and on what.
func banner(w io.Writer, d machine.Description, s *session, seed uint64) {
	for _, fact := range d.Facts() {
		switch fact.Name {
		case "cpu", "caches", "cpus", "memory", "go", "commit":
			fmt.Fprintf(w, "%-9s %s\n", fact.Name, fact.Value)
		}
	}
	fmt.Fprintf(w, "%-9s %s\n", "simd", paths())
	for _, p := range s.plan.Peaks() {
		fmt.Fprintf(w, "%-9s %.1f GFLOP/s of multiply-adds (%s, %s, threads: %d)\n", "peak", p.FLOPs/1e9, p.SIMD,
			p.Type.Short(), p.Threads)
	}
	fmt.Fprintf(w, "%-9s %d\n%-9s %s\n", "seed", seed, "plan", s.plan.Summary())
	if done := s.plan.Earlier().Cells(); done > 0 {
		fmt.Fprintf(w, "%-9s %d cells more are done, by %s\n", "resumed", done, s.path)
	}
	for _, note := range s.plan.Notes() {
		fmt.Fprintf(w, "%-9s %s\n", "note", note)
	}
	for _, f := range s.journal.Run.Noise {
		fmt.Fprintf(w, "%-9s %s (%s)\n", "noise", f.Text, f.Remedy)
	}
	fmt.Fprintln(w)
}
