package reports

import (
	"fmt"
	"slices"
	"strings"

	"attnbench/results"
)

// A Report is what results say, ready to be rendered.
type Report struct {
	Title string // of the document
	Parts []Part // one for each machine and build
}

// A Part is about what one build measured on one machine.
type Part struct {
	Name      string // the machine, where the report has several parts; else empty
	Headlines []string
	Brief     []string // the headlines that say what Summary does not
	Summary   *Table   // one row for each variant; nil where nothing was timed
	Against   []Table  // how near to the machine's limits and how much faster than peers, where those were timed
	Tables    []Table
	Charts    []Chart
	Warnings  []results.Warning // about machine and run, each once
	Facts     []results.Field   // the machine and the command
}

func (p *Part) addFileWarnings(texts []string) {
	for _, text := range texts {
		p.Warnings = append(p.Warnings, results.Warning{Code: "file", Text: text})
	}
}

// analysis is what the tables and the headlines of a setting share.
type analysis struct {
	*setting
	fits      []scaling
	crossings []crossing
	pairs     []pair
	audits    []audit
	memory    []crossing // the same of counted memory
}

// part puts tables in the order in which a reader asks: how fast, how much faster, how much memory, how
// wrong, how it grows, from where it pays, what is missing.
func (g *group) part(set *results.Set, all []*group) Part {
	var whole []analysis
	inputs := g.settings(set, false)
	for _, s := range inputs {
		fits := s.scalings()
		whole = append(whole, analysis{s, fits, s.crossings(), s.matches(), s.audits(fits), s.memoryCrossings()})
	}
	every := g.settings(set, true)
	heads := withErrors(every)
	levels := isoSettings(every)
	var p Part
	p.Headlines, p.Brief = headlines(whole, heads, levels)
	p.Headlines = append(p.Headlines, "Noise floor (A/A): "+g.floorText()+".")
	if s := principal(whole); s != nil {
		p.Summary = s.summary()
	}
	p.Against = g.against(whole)
	for _, s := range whole {
		p.addCosts(g, s, all)
	}
	p.addTable(g.peerTable())
	for _, s := range heads {
		p.Tables = append(p.Tables, s.fidelityTables()...)
	}
	p.addFronts(levels)
	for _, s := range withErrors(inputs) {
		p.Tables = append(p.Tables, s.wholeErrorTables()...)
	}
	for _, s := range whole {
		p.addTable(s.scalingTable(s.fits))
		p.addTable(s.slopeTable(s.fits))
		p.addTable(s.auditTable(s.audits))
		p.addTable(s.crossingTable(s.crossings))
		p.addTable(s.memoryCrossingTable(s.memory))
	}
	p.addTable(g.gapTable())
	for _, s := range whole {
		p.Charts = append(p.Charts, s.charts(s.crossings)...)
	}
	for _, s := range joinLengths(heads) { // of the longest length
		p.Charts = append(p.Charts, s.errorCharts()...)
	}
	for _, s := range whole {
		p.Charts = append(p.Charts, s.rooflineCharts(g)...)
	}
	p.Warnings, p.Facts = g.warnings(), append(g.facts(), g.floorFact())
	return p
}

// against are the roofline and the ratios to peers of the first setting that has peers.
func (g *group) against(whole []analysis) (tables []Table) {
	for _, s := range whole {
		if len(s.pairs) == 0 {
			continue
		}
		for _, t := range []*Table{s.rooflineTable(g), s.againstTable(s.pairs)} {
			if t != nil {
				tables = append(tables, *t)
			}
		}
		break
	}
	return tables
}

func (p *Part) addTable(t *Table) {
	if t != nil {
		p.Tables = append(p.Tables, *t)
	}
}

func (p *Part) addCosts(g *group, s analysis, all []*group) {
	if len(s.lengths()) == 0 {
		return
	}
	t := s.timeTable()
	t.Command = g.command(s.setting, results.Time, all)
	p.Tables = append(p.Tables, t)
	for _, base := range s.baselines() {
		p.addTable(s.speedupTable(base))
	}
	p.addTable(s.againstTable(s.pairs))
	for _, t := range []*Table{
		s.bytesTable("state", "State kept for decoding", results.StateBytes,
			"Counted, exact: keys and values, or sums, that stay between tokens."),
		s.bytesTable("workspace", "Workspace of one call", results.WorkBytes,
			"Counted, exact: beyond inputs and output."),
		s.bytesTable("saved", "Kept for the backward pass", results.SavedBytes,
			"Counted, exact: what forward leaves for backward beyond inputs and output, beside the workspace."),
		s.bytesTable("peak-memory", "Peak memory", results.PeakBytes,
			"The operating system's high-water mark over the cell, less what the process held before the inputs."),
		s.bytesTable("parameters", "Parameters", results.ParamBytes, "Counted, exact."),
	} {
		if t != nil {
			t.Command = g.command(s.setting, t.unit(), all)
			p.Tables = append(p.Tables, *t)
		}
	}
	p.addTable(s.peakTable())
	p.addTable(s.rooflineTable(g))
}

// unit is the unit of the table's figures.
func (t *Table) unit() string {
	for _, r := range t.Rows {
		for _, c := range r.Cells {
			if c.Figure != nil {
				return c.Figure.Unit
			}
		}
	}
	return ""
}

// passColumn is where a table of gaps names the pass, where there are several.
const passColumn = 3

// gap is a row of that table.
type gap struct {
	key             string
	row             Row
	lengths, passes []string
}

// joinPasses makes one of gaps that differ in their passes only.
func joinPasses(gaps []*gap) []*gap {
	var joined []*gap
	for _, x := range gaps {
		i := slices.IndexFunc(joined, func(o *gap) bool {
			return slices.Equal(o.lengths, x.lengths) && slices.EqualFunc(o.row.Cells, x.row.Cells, Cell.sameText)
		})
		if i < 0 {
			joined = append(joined, x)
		} else {
			joined[i].passes = append(joined[i].passes, x.passes...)
		}
	}
	return joined
}

func (c Cell) sameText(o Cell) bool { return c.Text == o.Text }

// gapTable lists what was skipped or failed, cells with the same reason together.
func (g *group) gapTable() *Table {
	t := Table{
		ID: "gaps", Title: "Skipped and failed cells", Prose: true,
		Columns: []Column{
			{Name: "variant", Left: true}, {Name: "lengths", Left: true}, {Name: "input", Left: true},
			{Name: "status", Left: true}, {Name: "reason", Left: true},
		},
	}
	withPass := g.passes()
	if withPass {
		t.Columns = slices.Insert(t.Columns, passColumn, Column{Name: "pass", Left: true})
	}
	var gaps []*gap
	for _, c := range g.cells {
		if c.note.Status != results.Skipped && c.note.Status != results.Failed {
			continue
		}
		key := strings.Join([]string{c.label, c.Input, c.Pass, c.note.Status, c.note.Reason}, "\x00")
		i := slices.IndexFunc(gaps, func(x *gap) bool { return x.key == key })
		if i < 0 {
			i = len(gaps)
			gaps = append(gaps, &gap{key: key, passes: []string{passText(c.Pass)}, row: Row{Cells: []Cell{
				words(c.label), {}, words(c.Input), words(c.note.Status), words(c.note.Reason),
			}}})
		}
		if n := itoa(c.N); !slices.Contains(gaps[i].lengths, n) {
			gaps[i].lengths = append(gaps[i].lengths, n)
		}
	}
	for _, x := range joinPasses(gaps) {
		x.row.Cells[1] = words(strings.Join(x.lengths, ", "))
		if withPass {
			x.row.Cells = slices.Insert(x.row.Cells, passColumn, words(strings.Join(x.passes, ", ")))
		}
		t.Rows = append(t.Rows, x.row)
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return &t
}

// warnings are those about runs and cells, each once, with the number of cells that have it.
func (g *group) warnings() []results.Warning {
	var list []results.Warning
	counts := make(map[results.Warning]int)
	add := func(w results.Warning, cells int) {
		if counts[w] == 0 {
			list = append(list, w)
		}
		counts[w] += cells
	}
	for _, r := range g.runs {
		for _, w := range slices.Concat(r.Noise, r.Warnings) {
			add(w, 1)
		}
		if r.End == "" {
			text := "run " + r.ID + " has no end: it was interrupted, or is still going"
			add(results.Warning{Code: "interrupted", Text: text}, 1)
		}
	}
	about := len(list)
	perCode := make(map[string]int)
	for _, c := range g.cells {
		for _, w := range c.note.Warnings {
			if perCode[w.Code]++; perCode[w.Code] == 1 {
				list = append(list, w)
			}
		}
	}
	for i := range list[about:] {
		w := &list[about+i]
		if n := perCode[w.Code]; n > 1 {
			w.Text = fmt.Sprintf("%s (%d cells have a warning of this kind)", w.Text, n)
		}
	}
	return list
}

// facts are the header keys, each value once.
func (g *group) facts() []results.Field {
	var facts []results.Field
	for _, h := range g.headers {
		for _, f := range h {
			if !slices.Contains(facts, f) {
				facts = append(facts, f)
			}
		}
	}
	return facts
}
