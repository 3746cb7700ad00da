package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"attnbench/reports"
	"attnbench/results"
	"attnbench/variants"
)

type compareCommand struct {
	reportFlags `embed:""`

	Files  []string `arg:"" name:"file" help:"OLD and NEW, each a file or a list a.txt,b.txt; one with --by."`
	By     string   `placeholder:"KEY=BASE,OTHER" help:"Compare within one side: by variant, simd, threads, ..."`
	Unit   []string `default:"${compared}" placeholder:"LIST" help:"What to compare, of ${quantities}."`
	Fail   []string `sep:"none" placeholder:"'time>5%'" help:"Exit with 1 where it grew by more, beyond chance."`
	Format string   `default:"text" enum:"${formats}" help:"One of ${enum}."`
}

// Run prints what differs between two sides, and fails where something is past a limit.
func (c *compareCommand) Run(env *environment) error {
	options := reports.CompareOptions{Quantities: c.Unit}
	for _, name := range c.Unit {
		if _, err := reports.Quantity(name); err != nil {
			return fmt.Errorf("--unit: %w%s", err, variants.DidYouMean(name, reports.Quantities()))
		}
	}
	for _, text := range c.Fail {
		limit, err := reports.ParseLimit(text)
		if err != nil {
			return fmt.Errorf("--fail: %w", err)
		}
		options.Limits = append(options.Limits, limit)
	}
	comparison, err := c.compare(options)
	if err != nil {
		return err
	}
	if err := c.print(env.stdout, c.Format, &comparison.Report); err != nil {
		return err
	}
	if len(comparison.Past) > 0 {
		return failure{errors.New("past --fail " + strings.Join(comparison.Past, "; past --fail "))}
	}
	return nil
}

// compare reads the files and compares them as the flags say.
func (c *compareCommand) compare(options reports.CompareOptions) (*reports.Comparison, error) {
	if c.By != "" {
		set, err := results.Read(fileList(c.Files)...)
		if err != nil {
			return nil, err
		}
		axis, err := parseAxis(c.By, set)
		if err != nil {
			return nil, fmt.Errorf("--by %s: %w", c.By, err)
		}
		return reports.CompareBy(set, axis, options)
	}
	if len(c.Files) != 2 {
		return nil, fmt.Errorf("%d results given: compare takes two, OLD and NEW (several files of a side: "+
			"a.txt,b.txt), or --by variant=BASE,OTHER", len(c.Files))
	}
	var sides [2]*results.Set
	for i, name := range c.Files {
		var err error
		if sides[i], err = results.Read(fileList([]string{name})...); err != nil {
			return nil, err
		}
	}
	return reports.Compare(sides[0], sides[1], options)
}

// fileList takes lists apart. A file whose name has a comma is one.
func fileList(args []string) []string {
	var files []string
	for _, a := range args {
		if _, err := os.Stat(a); err == nil {
			files = append(files, a)
		} else {
			files = append(files, strings.Split(a, ",")...)
		}
	}
	return files
}

// parseAxis reads KEY=BASE,OTHER,...; KEY alone stands for all its values.
func parseAxis(text string, set *results.Set) (reports.Axis, error) {
	key, values, found := strings.Cut(text, "=")
	axis := reports.Axis{Key: key}
	if keys := reports.Keys(set); !slices.Contains(keys, key) {
		near := variants.DidYouMean(key, keys)
		return axis, fmt.Errorf("unknown key %q%s (%s)", key, near, strings.Join(keys, ", "))
	}
	have := reports.Values(set, key)
	axis.Values = have
	if found {
		axis.Values = splitLabels(values)
	}
	for i, v := range axis.Values {
		if !slices.Contains(have, v) {
			return axis, fmt.Errorf("the results have no %s %q%s (%s)", key, v, variants.DidYouMean(v, have),
				strings.Join(have, ", "))
		}
		if slices.Contains(axis.Values[:i], v) {
			return axis, fmt.Errorf("%s %q is named twice", key, v)
		}
	}
	if len(axis.Values) < 2 {
		return axis, fmt.Errorf("two values are needed, a base and another; the results have %s",
			strings.Join(have, ", "))
	}
	return axis, nil
}

// splitLabels splits a list at its commas, but not at those inside brackets: NAME[a=1,b=2].
func splitLabels(text string) []string {
	labels, depth := []string{""}, 0
	for _, r := range text {
		switch r {
		case '[':
			depth++
		case ']':
			depth--
		}
		if r == ',' && depth == 0 {
			labels = append(labels, "")
			continue
		}
		labels[len(labels)-1] += string(r)
	}
	return labels
}
