package claims

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"attnbench/reports"
	"attnbench/results"
)

// Formats are the formats that Write knows, the default first.
func Formats() []string { return reports.Formats() }

// Write renders verdicts in one of Formats.
func Write(w io.Writer, format string, all []Verdicts, o reports.Options, catalog Catalog) error {
	switch format {
	case "json":
		return writeJSON(w, all)
	case "csv":
		return writeCSV(w, all)
	}
	r := &reports.Report{Title: "Published claims, tested"}
	for _, v := range all {
		r.Parts = append(r.Parts, v.part(len(all) > 1, catalog))
	}
	return r.Write(w, format, o)
}

// part is the report on one place.
func (v Verdicts) part(several bool, catalog Catalog) reports.Part {
	var p reports.Part
	if several {
		p.Name = strings.TrimSpace("machine " + v.Machine + " " + v.Commit + " " + v.SIMD)
	}
	counts := map[Verdict]int{}
	for _, j := range v.Judgements {
		counts[j.Verdict]++
		p.Headlines = append(p.Headlines, j.headline())
		p.Tables = append(p.Tables, j.tables(catalog)...)
	}
	p.Headlines = append([]string{fmt.Sprintf(
		"Of %d claims %d are supported on this machine, %d are not, %d are inconclusive.",
		len(v.Judgements), counts[Supported], counts[NotSupported], counts[Inconclusive])}, p.Headlines...)
	p.Warnings, p.Facts = v.Warnings, shared(v.Headers)
	return p
}

// shared are the facts that all runs have in common.
func shared(headers []results.Header) []results.Field {
	var facts []results.Field
	if len(headers) == 0 {
		return nil
	}
	for _, f := range headers[0] {
		other := func(h results.Header) bool { return h.Get(f.Key) != f.Value }
		if !slices.ContainsFunc(headers, other) {
			facts = append(facts, f)
		}
	}
	return facts
}

// headline is the verdict with its counts.
func (j Judgement) headline() string {
	counts := map[Verdict]int{}
	for _, f := range j.Findings {
		counts[f.Verdict]++
	}
	var parts []string
	for _, v := range []Verdict{Supported, NotSupported, Inconclusive} {
		if counts[v] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[v], v))
		}
	}
	text := j.Claim.Title + ": " + string(j.Verdict)
	if len(j.Findings) > 1 {
		text += " (of " + fmt.Sprint(len(j.Findings)) + " tests " + strings.Join(parts, ", ") + ")"
	}
	return text + "."
}

// tables are the original beside ours, and the cells that the verdicts rest on.
func (j Judgement) tables(catalog Catalog) []reports.Table {
	c := j.Claim
	t := reports.Table{
		ID: "claim-" + c.Name, Title: c.Title + ": " + string(j.Verdict), Setting: c.setting(),
		Columns: []reports.Column{
			{Name: "test", Left: true}, {Name: "verdict", Left: true}, {Name: "original"}, {Name: "ours [95 %]"},
			{Name: "confirms"},
		},
	}
	for _, f := range j.Findings {
		cell := reports.Cell{Text: dash(f.ours(c))}
		if f.Known {
			cell.Figure = &reports.Figure{Estimate: f.Ours, Unit: f.unit(c)}
		}
		t.Rows = append(t.Rows, reports.Row{Cells: []reports.Cell{
			{Text: f.what(c)}, {Text: string(f.Verdict)}, {Text: dash(f.number(c, f.Original))}, cell,
			{Text: dash(f.within(c))},
		}})
	}
	if len(j.Findings) == 0 {
		t.Setting, t.Prose = "", true
		t.Columns = []reports.Column{{Name: "verdict", Left: true}, {Name: "needs", Left: true}}
		t.Rows = []reports.Row{{Cells: []reports.Cell{{Text: string(j.Verdict)}, {Text: c.Needs}}}}
	}
	t.Notes = j.notes()
	t.Command = j.command(catalog)
	if cells := j.cells(); len(cells.Rows) > 0 {
		return []reports.Table{t, cells}
	}
	return []reports.Table{t}
}

func dash(text string) string {
	if text == "" {
		return "–"
	}
	return text
}

// notes are what a reader of the table must know.
func (j Judgement) notes() []string {
	c := j.Claim
	notes := []string{
		"Claim: " + c.Statement, "Source: " + c.Source + ", " + c.URL + ".", "Original: " + c.Conditions,
	}
	if c.Differs != "" {
		notes = append(notes, "Ours: "+c.Differs)
	}
	if c.Needs != "" && len(j.Findings) > 0 {
		notes = append(notes, "Needs: "+c.Needs)
	}
	for _, f := range j.Findings {
		if note := f.Test.Note; note != "" && !slices.Contains(notes, note) {
			notes = append(notes, note)
		}
	}
	return append(notes, j.reasons()...)
}

// reasons say why tests are inconclusive, in one sentence for those that lack nothing but cells.
func (j Judgement) reasons() []string {
	var notes []string
	var lacking []*Evidence
	tests := 0
	for _, f := range j.Findings {
		switch {
		case f.Verdict != Inconclusive:
		case f.lacking:
			lacking = append(lacking, f.Evidence...)
			tests++
		default:
			notes = append(notes, f.reason(j.Claim))
		}
	}
	if tests > 0 {
		notes = append(notes, fmt.Sprintf("For want of cells %d of %d tests are open. %s. To settle them: measure "+
			"these cells, on a quiet machine.", tests, len(j.Findings), missing(lacking)))
	}
	return notes
}

// command measures what would settle the inconclusive tests, a line for each run.
func (j Judgement) command(catalog Catalog) string {
	var wants []Want
	for _, f := range j.Findings {
		wants = append(wants, f.wants...)
	}
	var lines []string
	for _, r := range Plan(wants, catalog) {
		lines = append(lines, r.String())
	}
	return strings.Join(lines, "\n")
}

// cells lists the evidence: cells that differ only in their length together, n={512,1024}, and those of the
// same files in one row.
func (j Judgement) cells() reports.Table {
	t := reports.Table{
		ID: "cells-" + j.Claim.Name, Title: "Cells of " + j.Claim.Title, Prose: true,
		Columns: []reports.Column{
			{Name: "file", Left: true}, {Name: "counted", Left: true}, {Name: "cells", Left: true},
		},
	}
	names := map[[2]string][]string{}
	var order [][2]string
	for _, f := range j.Findings {
		for _, e := range f.Evidence {
			if e.Name == "" {
				continue
			}
			row := [2]string{strings.Join(e.Files, ", "), e.counted()}
			if names[row] == nil {
				order = append(order, row)
			}
			names[row] = with(names[row], e.Name)
		}
	}
	for _, row := range order {
		t.Rows = append(t.Rows, reports.Row{Cells: []reports.Cell{
			{Text: row[0]}, {Text: row[1]}, {Text: strings.Join(braced(names[row], j.Claim.Cells.Along), ", ")},
		}})
	}
	return t
}

// braced joins names that differ in the axis only, as a shell would expand them.
func braced(names []string, along string) []string {
	key := "/" + along + "="
	if short := map[string]string{"heads": "/h=", "batch": "/b="}[along]; short != "" {
		key = short
	}
	type family struct {
		before, after string
		values        []string
	}
	var families []*family
	for _, name := range names {
		before, rest, found := strings.Cut(name, key)
		value, after, more := strings.Cut(rest, "/")
		if found {
			before += key
		}
		if more {
			after = "/" + after
		}
		i := slices.IndexFunc(families, func(f *family) bool { return f.before == before && f.after == after })
		if i < 0 {
			i = len(families)
			families = append(families, &family{before: before, after: after})
		}
		families[i].values = append(families[i].values, value)
	}
	var list []string
	for _, f := range families {
		slices.SortFunc(f.values, byNumber)
		values := strings.Join(f.values, ",")
		if len(f.values) > 1 {
			values = "{" + values + "}"
		}
		list = append(list, f.before+values+f.after)
	}
	return list
}

// counted says whether a cell decided, or why not.
func (e *Evidence) counted() string {
	if e.Problem == "" {
		return "yes"
	}
	return "no, " + e.Problem
}
