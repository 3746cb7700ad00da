package reports

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"attnbench/results"
)

// Markers between which a document holds what WriteBlock writes.
const (
	BlockBegin = "<!-- results: generated, do not edit -->"
	BlockEnd   = "<!-- end of results -->"
)

// WriteBlock writes the heart of the report in Markdown, for a README: one table of time, growth and
// crossovers, the sentences that the table cannot hold, performance beside peers, and what it was measured
// on.
func (r *Report) WriteBlock(w io.Writer) error {
	b := &buffered{w: w}
	for i, p := range r.Parts {
		if i > 0 {
			b.line("")
		}
		if p.Summary != nil {
			b.line("%s\n", escapeMarkdown(p.Summary.caption()))
			p.Summary.writeMarkdown(b)
			p.Summary.writeMarkdownNotes(b)
			b.line("")
		}
		for _, h := range p.Brief {
			b.line("- %s", escapeMarkdown(h))
		}
		for _, t := range p.Against {
			b.line("\n%s\n", escapeMarkdown(t.caption()))
			t.writeMarkdown(b)
			t.writeMarkdownNotes(b)
		}
		var facts []string
		for _, key := range []string{"cpu", results.KeyCommit, results.KeyCommand} {
			for _, f := range p.Facts {
				if f.Key == key {
					facts = append(facts, key+" `"+strings.ReplaceAll(f.Value, "`", "'")+"`")
				}
			}
		}
		b.line("\nMeasured with %s.", list(facts))
	}
	return b.err
}

// Splice returns the document with the text between its markers replaced by block. Where the result equals
// the document, the document is up to date.
func Splice(document, block []byte) ([]byte, error) {
	before, rest, found := bytes.Cut(document, []byte(BlockBegin))
	_, after, closed := bytes.Cut(rest, []byte(BlockEnd))
	if !found || !closed {
		return nil, fmt.Errorf("the document lacks the lines %q and %q around its results", BlockBegin, BlockEnd)
	}
	begin, end := []byte(BlockBegin+"\n\n"), []byte("\n\n"+BlockEnd)
	return slices.Concat(before, begin, bytes.TrimSpace(block), end, after), nil
}

// summaryLengths is how many lengths a summary shows at most.
const summaryLengths = 5

// summary is one row for each variant: time at some lengths, growth, and from where it is faster than each
// baseline.
func (s *analysis) summary() *Table {
	lengths := spaced(s.lengths())
	full := s.timeTable()
	t := Table{ID: "summary", Title: "Time of one call", Setting: s.text(), Notes: full.Notes[:1]}
	t.Columns = []Column{full.Columns[0]}
	var kept []int
	for i, c := range full.Columns[1:] {
		if slices.Contains(lengths, c.Name) {
			kept = append(kept, i+1)
			t.Columns = append(t.Columns, c)
		}
	}
	t.Columns = append(t.Columns, Column{Name: "time grows as"})
	bases := s.baselines()
	for _, b := range bases {
		t.Columns = append(t.Columns, Column{Name: "faster than " + b.label, Left: true})
	}
	for _, r := range full.Rows {
		row := Row{Cells: []Cell{r.Cells[0]}, Muted: r.Muted, Peer: r.Peer, Family: r.Family}
		for _, i := range kept {
			row.Cells = append(row.Cells, r.Cells[i])
		}
		row.Cells = append(row.Cells, s.growthOf(r.Cells[0].Text))
		for _, b := range bases {
			row.Cells = append(row.Cells, s.crossingOf(r.Cells[0].Text, b))
		}
		t.Rows = append(t.Rows, row)
	}
	t.Notes = append(t.Notes, "In brackets the 95 % interval; nothing is extrapolated.")
	return &t
}

// spaced picks powers of two, evenly from the longest down, as column names.
func spaced(lengths []int) []string {
	var powers []int
	for _, n := range lengths {
		if n&(n-1) == 0 {
			powers = append(powers, n)
		}
	}
	step := 1 + (len(powers)-1)/summaryLengths
	var names []string
	for i := len(powers) - 1; i >= 0; i -= step {
		names = append(names, itoa(powers[i]))
	}
	return names
}

func (s *analysis) growthOf(label string) Cell {
	for _, k := range s.fits {
		if k.series.label == label && k.timed && k.series.variant.Role != results.RoleReference {
			return growthCell(k.time, true, k.marks)
		}
	}
	return words(absent)
}

func (s *analysis) crossingOf(label string, base *series) Cell {
	for _, c := range s.crossings {
		if c.series.label == label && c.base == base {
			return c.brief()
		}
	}
	return words(absent)
}

// brief is the outcome for a narrow column.
func (c crossing) brief() Cell {
	cell := c.Cell()
	switch c.Outcome {
	case Always:
		cell.Text = fmt.Sprintf("from n = %d or less", c.From)
	case NotInRange:
		cell.Text = fmt.Sprintf("not up to n = %d", c.To)
	case Crosses:
		cell.Text = "from n ≈ " + rough(c.N) + " " + c.bounds()
	}
	return cell
}
