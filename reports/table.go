package reports

import (
	"slices"
	"strconv"
)

// A Table is a table of a report, independent of how it is rendered.
type Table struct {
	ID      string // short and stable: "time", "fidelity"
	Title   string
	Setting string   // what its cells share
	Columns []Column // the first names the rows
	Rows    []Row
	Notes   []string
	Command string // the benchstat command that gives the same medians; empty where there is none
	Prose   bool   // the last column is a sentence
}

// A Column has a heading and the unit of its figures.
type Column struct {
	Name string
	Unit string // shown under the name; empty for words
	Left bool   // aligned left: words

	Stacked bool // on a terminal its words stand under each other
}

// A Row is one line of cells, as many as there are columns.
type Row struct {
	Cells []Cell
	Muted bool // for orientation, not ranked
	Peer  bool // of an external implementation: such rows stand together, under a heading

	Family string // of the mechanism, empty in rows that are of none
}

// A Cell of a table is a text, and where it shows a figure, the figure.
type Cell struct {
	Text   string
	Figure *Figure
	Marks  []Mark
	Best   bool // the best of its column
}

// A Figure is a number in base units: ns, B, or a ratio.
type Figure struct {
	Estimate
	Unit string
}

// A Mark refers to a footnote.
type Mark string

// Marks.
const (
	MarkUnstable Mark = "*"
	MarkFew      Mark = "‡"
	MarkCoverage Mark = "†"
	MarkUseless  Mark = "✗"
	MarkTies     Mark = "§"
)

// Text is the footnote of a mark.
func (m Mark) Text() string {
	switch m {
	case MarkUnstable:
		return "unstable: the 95 % interval is wider than ±5 %, or the samples scatter or drift; not ranked"
	case MarkFew:
		return "fewer than 6 samples: no 95 % interval; not ranked"
	case MarkCoverage:
		return "nearly exact by coverage: scores more than half of the allowed pairs; not ranked"
	case MarkUseless:
		return "not at least 1 % better than the mean of V, or than an output of zeros"
	case MarkTies:
		return "benchstat prints another p, which is wrong where values tie and the numbers of samples differ"
	}
	return ""
}

// absent is the text of a cell that has no figure.
const absent = "–"

func (c Cell) figure() bool { return c.Figure != nil }

func words(text string) Cell { return Cell{Text: text} }

// Footnotes explains the marks that the table uses, in a fixed order.
func (t Table) Footnotes() []string {
	var notes []string
	for _, m := range []Mark{MarkUnstable, MarkFew, MarkCoverage, MarkUseless, MarkTies} {
		used := slices.ContainsFunc(t.Rows, func(r Row) bool {
			return slices.ContainsFunc(r.Cells, func(c Cell) bool { return slices.Contains(c.Marks, m) })
		})
		if used {
			notes = append(notes, string(m)+" "+m.Text())
		}
	}
	return append(notes, t.Notes...)
}

// Shown is the text of a cell with its marks.
func (c Cell) Shown() string {
	text := c.Text
	for _, m := range c.Marks {
		text += string(m)
	}
	return text
}

func itoa(n int) string { return strconv.Itoa(n) }

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return itoa(n) + " " + noun + "s"
}
