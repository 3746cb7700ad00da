package reports

import (
	"fmt"
	"slices"
	"strings"

	"attnbench/results"
)

// A Choice is what a reader wants to see of the results; an empty list leaves nothing out. Exact variants,
// which speed-ups and crossovers are against, are always there, and peers follow what they implement.
type Choice struct {
	Variants []string // names of variants
	Families []string // families of variants: those of either list are shown
	Inputs   []string
	Passes   []string
}

// Build analyses a set. It fails only where there is nothing to report.
func Build(set *results.Set) (*Report, error) { return Choice{}.Build(set) }

// Build analyses what was chosen of a set. It fails where a name is unknown, or where there is nothing to
// report.
func (c Choice) Build(set *results.Set) (*Report, error) {
	chosen, only, err := c.from(set)
	if err != nil {
		return nil, err
	}
	groups := split(chosen)
	report := &Report{Title: "Attention benchmark"}
	for _, g := range groups {
		g.only = only
		part := g.part(chosen, groups)
		if len(groups) > 1 {
			part.Name = strings.TrimSpace("machine " + g.machine + " " + g.commit)
		}
		if text := c.text(); text != "" {
			part.Facts = append(part.Facts, results.Field{Key: "shown", Value: text + "; the files hold more"})
		}
		report.Parts = append(report.Parts, part)
	}
	if len(report.Parts) == 0 {
		return nil, fmt.Errorf("the results hold no run: measure something first (bench run)")
	}
	report.Parts[0].addFileWarnings(set.Warnings)
	return report, nil
}

// from returns the cells of a set that were chosen, and the variants that they are of, nil where all are.
func (c Choice) from(set *results.Set) (chosen *results.Set, only []string, err error) {
	if err := c.check(set); err != nil {
		return nil, nil, err
	}
	if c.text() == "" {
		return set, nil, nil
	}
	if len(c.Variants)+len(c.Families) > 0 {
		for _, name := range variantsOf(set) {
			if c.shows(declaration(set, name)) {
				only = append(only, name)
			}
		}
	}
	chosen = &results.Set{Variants: set.Variants, Warnings: set.Warnings}
	for _, run := range set.Runs {
		part := *run
		part.Cells = nil
		for _, cell := range run.Cells {
			if in(only, cell.Cell.Variant) && in(c.Inputs, cell.Cell.Input) && in(c.Passes, cell.Cell.Pass) {
				part.Cells = append(part.Cells, cell)
			}
		}
		if len(part.Cells) > 0 {
			chosen.Runs = append(chosen.Runs, &part)
		}
	}
	if len(chosen.Runs) == 0 {
		return nil, nil, fmt.Errorf("no cell is of %s together: leave one of them out", c.text())
	}
	return chosen, only, nil
}

// in reports whether a list that leaves nothing out when empty has a word.
func in(list []string, word string) bool { return len(list) == 0 || slices.Contains(list, word) }

// shows reports whether a variant is among those chosen.
func (c Choice) shows(v results.Variant) bool {
	if v.Role == results.RoleExact || peer(v) && v.Exact {
		return true
	}
	named := func(name string) bool { return slices.Contains(c.Variants, name) }
	return named(v.Name) || slices.Contains(c.Families, v.Family) || peer(v) && named(v.Implements)
}

// check refuses names that the results do not have, with those that they have.
func (c Choice) check(set *results.Set) error {
	var families, inputs, passes []string
	for _, name := range variantsOf(set) {
		families = append(families, declaration(set, name).Family)
	}
	for _, run := range set.Runs {
		for _, cell := range run.Cells {
			inputs, passes = append(inputs, cell.Cell.Input), append(passes, cell.Cell.Pass)
		}
	}
	for _, kind := range []struct {
		noun         string
		wanted, have []string
	}{
		{"variant", c.Variants, variantsOf(set)}, {"family", c.Families, families},
		{"input", c.Inputs, inputs}, {"pass", c.Passes, passes},
	} {
		for _, w := range kind.wanted {
			if !slices.Contains(kind.have, w) {
				return fmt.Errorf("the results have no %s %q: they have %s", kind.noun, w, list(distinct(kind.have)))
			}
		}
	}
	return nil
}

// variantsOf names the variants that a set has cells of, by first appearance.
func variantsOf(set *results.Set) []string {
	var names []string
	for _, run := range set.Runs {
		for _, cell := range run.Cells {
			names = append(names, cell.Cell.Variant)
		}
	}
	return distinct(names)
}

// distinct drops what is empty or was there before.
func distinct(words []string) []string {
	var list []string
	seen := map[string]bool{"": true}
	for _, w := range words {
		if !seen[w] {
			list, seen[w] = append(list, w), true
		}
	}
	return list
}

// text names the choice; empty where everything is shown.
func (c Choice) text() string {
	var parts []string
	for _, kind := range []struct {
		noun  string
		words []string
	}{{"variants", c.Variants}, {"family", c.Families}, {"input", c.Inputs}, {"pass", c.Passes}} {
		if len(kind.words) > 0 {
			parts = append(parts, kind.noun+" "+list(kind.words))
		}
	}
	return list(parts)
}
