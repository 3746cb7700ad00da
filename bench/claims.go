package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"attnbench/harness"
	"attnbench/harness/machine"
	"attnbench/reports"
	"attnbench/reports/claims"
	"attnbench/results"
	"attnbench/variants/catalog"
)

type claimsCommand struct {
	reportFlags `embed:""`

	Files  []string      `arg:"" optional:"" name:"file" help:"Results files."`
	Claims []string      `placeholder:"FILE" help:"Claims of yours, a file or folder, instead of the shipped."`
	Only   []string      `placeholder:"NAME" help:"These claims, by the name of their file."`
	Format string        `default:"text" enum:"${formats}" help:"One of ${enum}."`
	Plan   bool          `help:"Print the runs that measure what the claims need, and run nothing."`
	Budget time.Duration `default:"28m" help:"Of --plan: wall time of all its runs together."`
}

// Run settles published claims on results, or prints what would have to be measured.
func (c *claimsCommand) Run(env *environment) error {
	list, err := c.load()
	if err != nil {
		return err
	}
	if c.Plan {
		if len(c.Files) > 0 {
			return fmt.Errorf("--plan takes no results file: %s", c.Files[0])
		}
		if c.Budget <= 0 {
			return fmt.Errorf("--budget %v: it must be positive", c.Budget)
		}
		return printRuns(env, list, c.Budget)
	}
	if len(c.Files) == 0 {
		return errors.New("claims: name results files (bench claims FILE...), or make some: make paper")
	}
	set, err := results.Read(c.Files...)
	if err != nil {
		return err
	}
	verdicts := claims.Judge(set, list, defaults{})
	width, terminal := terminalWidth(env.stdout)
	options := reports.Options{Width: width, Color: c.color(terminal)}
	if err := claims.Write(env.stdout, c.Format, verdicts, options, defaults{}); err != nil {
		return failure{err}
	}
	return nil
}

// load reads the claims that are asked for.
func (c *claimsCommand) load() ([]*claims.Claim, error) {
	var all []*claims.Claim
	if len(c.Claims) == 0 {
		shipped, err := claims.Published()
		if err != nil {
			return nil, err
		}
		all = shipped
	}
	for _, path := range c.Claims {
		more, err := claims.Load(path)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	for _, claim := range all {
		if err := checkClaim(claim); err != nil {
			return nil, err
		}
	}
	return pickClaims(all, c.Only)
}

// pickClaims keeps the named ones, all where none is named.
func pickClaims(all []*claims.Claim, names []string) ([]*claims.Claim, error) {
	if len(names) == 0 {
		return all, nil
	}
	var picked []*claims.Claim
	for _, name := range names {
		have := len(picked)
		for _, claim := range all {
			if claim.Name == name {
				picked = append(picked, claim)
			}
		}
		if len(picked) == have {
			var known []string
			for _, claim := range all {
				known = append(known, claim.Name)
			}
			return nil, fmt.Errorf("--only %s: no such claim (there are %s)", name, strings.Join(known, ", "))
		}
	}
	return picked, nil
}

// checkClaim refuses mechanisms and options that this build does not have.
func checkClaim(claim *claims.Claim) error {
	for i := range claim.Series {
		s := &claim.Series[i]
		if s.Variant == "" {
			continue
		}
		mechanism, err := catalog.Lookup(s.Variant)
		if err != nil {
			return claim.SeriesError(i, err)
		}
		for _, setting := range claim.Settings(s) {
			option, err := mechanism.Option(setting.Name)
			if err == nil {
				_, err = option.Canonical(setting.Value)
			}
			if err != nil {
				return claim.SeriesError(i, fmt.Errorf("%s: %w", s.Variant, err))
			}
		}
	}
	return nil
}

// defaults are the declared ones of the catalog.
type defaults struct{}

// Default returns an option's declared default, where it does not depend on the problem.
func (defaults) Default(variant, option string) (string, bool) {
	mechanism, err := catalog.Lookup(variant)
	if err != nil {
		return "", false
	}
	o, err := mechanism.Option(option)
	if err != nil || o.Default == "" {
		return "", false
	}
	return o.Default, true
}

// printRuns prints a line for each run, the whole command. The file of a run is named for what it measures:
// a changed claim asks for another file, and a loop over the lines may skip those that exist.
func printRuns(env *environment, list []*claims.Claim, budget time.Duration) error {
	var wants []claims.Want
	for _, claim := range list {
		wants = append(wants, claim.Wants()...)
	}
	runs := claims.Plan(wants, defaults{})
	predicted := make([]time.Duration, len(runs))
	var total time.Duration
	for i, run := range runs {
		var err error
		if predicted[i], err = predict(run); err != nil {
			return fmt.Errorf("%s: %w: --plan belongs into the suite's folder, where its inputs are", run, err)
		}
		total += predicted[i]
	}
	fmt.Fprintf(env.stderr, "%d runs, predicted %s of %v\n", len(runs), harness.FormatDuration(total), budget)
	shares := divide(budget, predicted, func(i int) bool { return runs[i].Seed == 0 })
	for i, run := range runs {
		sum := sha256.Sum256([]byte(run.String()))
		file := path.Join(localResults, "paper", fmt.Sprintf("%x.txt", sum[:4]))
		line := commandLine(append(run.Flags(), "--budget", shares[i].String(), "-o", file))
		if _, err := fmt.Fprintln(env.stdout, "bench run", line); err != nil {
			return failure{err}
		}
	}
	return nil
}

// divide gives every run the time that it is predicted to take and a little more, and what is left of the
// budget to those that measure time, which gain by more samples.
func divide(budget time.Duration, predicted []time.Duration, timed func(i int) bool) []time.Duration {
	const (
		slack = 1.3 // predictions are rough
		least = 5 * time.Second
	)
	shares := make([]time.Duration, len(predicted))
	left, weight := budget, time.Duration(1)
	for i, p := range predicted {
		shares[i] = time.Duration(slack*float64(p)) + least
		left -= shares[i]
		if timed(i) {
			weight += p
		}
	}
	for i, p := range predicted {
		if timed(i) && left > 0 {
			shares[i] += time.Duration(float64(left) * float64(p) / float64(weight))
		}
		shares[i] = shares[i].Round(time.Second)
	}
	return shares
}

// predict is what a run is expected to take without a limit.
func predict(run claims.Run) (time.Duration, error) {
	var f sweepFlags
	parser, err := kong.New(&f)
	if err != nil {
		panic(err) // run parses the same flags
	}
	if _, err := parser.Parse(append(run.Flags(), "--budget", "0s")); err != nil {
		return 0, err
	}
	plan, err := f.layout(machine.This())
	if err != nil {
		return 0, err
	}
	defer plan.Close()
	plan.Predict()
	return plan.Time(), nil
}
