package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"attnbench/harness"
	"attnbench/harness/machine"
	"attnbench/results"
)

type runCommand struct {
	sweepFlags  `embed:""`
	reportFlags `embed:""`

	Output string `short:"o" placeholder:"FILE" help:"New results file (default: one under results/local)."`
	DryRun bool   `help:"Print the plan and run nothing."`
	Quiet  bool   `help:"No talk on stderr but errors."`
}

// localResults is where results go that nobody named; git ignores it.
const localResults = "results/local"

// Run verifies and measures the sweep, writes a results file and prints its report.
func (c *runCommand) Run(env *environment) error {
	host := machine.This()
	plan, err := c.plan(host)
	if err != nil {
		return err
	}
	if c.DryRun {
		defer plan.Close()
		return printPlan(env.stdout, plan)
	}
	d, start, suffix := describeMachine(host), time.Now(), ""
	if shard := plan.Shard(); shard.Count > 0 {
		env.args, suffix = plainShard(env.args, shard), fmt.Sprintf("-%dof%d", shard.Index, shard.Count)
	}
	path := c.Output
	if path == "" {
		path = filepath.Join(localResults, start.Format("20060102-150405")+suffix+".txt")
		if err := os.MkdirAll(localResults, 0o755); err != nil {
			return fmt.Errorf("%s: %w: name a file with -o", localResults, err)
		}
	}
	run := results.Run{
		ID:    d.ID + "-" + start.UTC().Format("20060102T150405.000") + suffix,
		Start: start.UTC().Format(time.RFC3339), Plan: plan.ID(), Shard: plan.Shard().String(),
		BudgetSeconds: c.Budget.Seconds(), Noise: noise(d, host),
	}
	w, err := results.Create(path, c.header(env, d, plan), run)
	if err != nil {
		if errors.Is(err, os.ErrExist) {
			return fmt.Errorf("%s exists: name another file with -o", path)
		}
		return err
	}
	talk := env.stderr
	if c.Quiet {
		talk = io.Discard
	}
	banner(talk, d, run, plan, c.Seed)
	totals, err := measure(env.ctx, plan, w, newProgress(talk, plan))
	if err == nil {
		run.End = time.Now().UTC().Format(time.RFC3339)
		err = w.Run(run)
	}
	return c.conclude(env, talk, path, totals, errors.Join(err, w.Close()))
}

// measure runs the plan. When the context ends, a call may be under way that takes seconds: it is left
// behind, because all that is known has been written.
func measure(
	ctx context.Context, plan *harness.Plan, w *results.Writer, p *progress,
) (harness.Totals, error) {
	record := &recorder{journal: harness.Journal{Writer: w}, progress: p}
	if err := record.journal.Variants(plan); err != nil {
		return harness.Totals{}, err
	}
	type end struct {
		totals harness.Totals
		err    error
	}
	done := make(chan end, 1)
	go func() {
		totals, err := plan.Run(ctx, record)
		plan.Close()
		done <- end{totals, err}
	}()
	select {
	case e := <-done:
		p.finish()
		return e.totals, e.err
	case <-ctx.Done():
	}
	const grace = 500 * time.Millisecond
	select {
	case <-done:
	case <-time.After(grace):
	}
	record.close()
	p.finish()
	plan.Abandon()
	return harness.Totals{}, ctx.Err()
}

// conclude prints the report and where the results are, and turns what happened into an exit code.
func (c *runCommand) conclude(
	env *environment, talk io.Writer, path string, totals harness.Totals, err error,
) error {
	interrupted := errors.Is(err, context.Canceled)
	if err != nil && !interrupted {
		return failure{err}
	}
	if !interrupted {
		report, err := choice{}.load(path)
		if err != nil {
			return err
		}
		if err := c.print(env.stdout, "text", report); err != nil {
			return err
		}
	}
	share := func(d time.Duration) float64 { return 100 * d.Seconds() / max(totals.Total.Seconds(), 1e-9) }
	fmt.Fprintf(talk, "time      %.1f s: %.0f %% set-up and samples, %.0f %% verification, %.0f %% overhead\n",
		totals.Total.Seconds(), share(totals.Measured), share(totals.Verified),
		share(totals.Total-totals.Measured-totals.Verified))
	fmt.Fprintf(talk, "results   %s\nreport    bench report %s\nagain     bench %s\n",
		path, path, commandLine(env.args))
	switch {
	case interrupted:
		return context.Canceled
	case totals.Failed > 0:
		return failure{fmt.Errorf("%d cells failed their checks: see the report", totals.Failed)}
	case totals.Done == 0:
		return failure{fmt.Errorf("nothing ran: every one of %d cells was skipped", totals.Skipped)}
	}
	return nil
}

// header are the facts that are constant over the run.
func (c *runCommand) header(env *environment, d machine.Description, plan *harness.Plan) results.Header {
	h := results.Header{
		{Key: results.KeyMachine, Value: d.ID},
		{Key: "cpu", Value: d.CPU.Brand},
		{Key: "simd", Value: paths()},
		{Key: results.KeyCommit, Value: d.Build.Revision()},
		{Key: results.KeyCommand, Value: "bench " + commandLine(env.args)},
		{Key: results.KeySeed, Value: fmt.Sprint(c.Seed)},
	}
	keep := map[string]string{
		"cores": "cores", "caches": "caches", "os": "os", "platform": "platform", "go": "go", "build": "goflags",
	}
	for _, fact := range d.Facts() {
		if key := keep[fact.Name]; key != "" {
			h = append(h, results.Field{Key: key, Value: fact.Value})
		}
	}
	h = append(h, results.Field{Key: "memory", Value: d.MemoryTotal.Bytes()})
	for _, r := range plan.Roofs() {
		for _, rate := range []struct {
			name  string
			value float64
		}{{"fma-peak", r.FLOPs}, {"bf16-peak", r.BF16}, {"stream", r.Bytes}} {
			if rate.value > 0 {
				key := fmt.Sprintf("%s-%s-t%d", rate.name, r.SIMD, r.Threads)
				h = append(h, results.Field{Key: key, Value: fmt.Sprintf("%.0f", rate.value)})
			}
		}
	}
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
func banner(w io.Writer, d machine.Description, run results.Run, plan *harness.Plan, seed uint64) {
	for _, fact := range d.Facts() {
		switch fact.Name {
		case "cpu", "caches", "cpus", "memory", "go", "commit":
			fmt.Fprintf(w, "%-9s %s\n", fact.Name, fact.Value)
		}
	}
	fmt.Fprintf(w, "%-9s %s\n", "simd", paths())
	for _, p := range plan.Peaks() {
		fmt.Fprintf(w, "%-9s %.1f GFLOP/s of multiply-adds (%s, %s, threads: %d)\n", "peak", p.FLOPs/1e9, p.SIMD,
			p.Type.Short(), p.Threads)
	}
	fmt.Fprintf(w, "%-9s %d\n%-9s %s\n", "seed", seed, "plan", plan.Summary())
	for _, note := range plan.Notes() {
		fmt.Fprintf(w, "%-9s %s\n", "note", note)
	}
	for _, f := range run.Noise {
		fmt.Fprintf(w, "%-9s %s (%s)\n", "noise", f.Text, f.Remedy)
	}
	fmt.Fprintln(w)
}

// recorder hands a run's findings to the results file and to the progress display, until it is closed.
type recorder struct {
	mu       sync.Mutex
	closed   bool
	journal  harness.Journal
	progress *progress
}

// Sample records a sample.
func (r *recorder) Sample(s harness.Sample) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return context.Canceled
	}
	return r.journal.Sample(s)
}

// Cell records and shows what became of a cell.
func (r *recorder) Cell(o harness.Outcome) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return context.Canceled
	}
	r.progress.cell(o)
	return r.journal.Cell(o)
}

// close refuses everything from now on: a call that was left behind may still come back.
func (r *recorder) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
}
