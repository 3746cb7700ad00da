package reports

import (
	"bytes"
	"io"
	"strings"
)

// writeText renders for a terminal: nothing but a command is wider than the terminal.
func (r *Report) writeText(w io.Writer, o Options) error {
	b := &buffered{w: w}
	p := painter(o.Color)
	for i, part := range r.Parts {
		if i > 0 {
			b.line("")
		}
		if part.Name != "" {
			b.line("%s\n", p.bold(part.Name))
		}
		for _, h := range part.Headlines {
			b.line("%s", wrap("• "+h, o.Width, "  "))
		}
		for _, t := range part.Tables {
			b.line("\n%s", p.bold(wrap(t.caption(), o.Width, "  ")))
			t.writeText(b, o, p)
		}
		part.writeFacts(b, o, p)
	}
	return b.err
}

// writeText renders the table, in several pieces where it is too wide.
func (t *Table) writeText(b *buffered, o Options, p painter) {
	if t.Prose {
		t.writeProse(b, o)
		return
	}
	for _, columns := range t.pieces(o.Width) {
		var left []bool
		var headings []string
		for _, i := range columns {
			left = append(left, t.Columns[i].Left)
			headings = append(headings, t.Columns[i].stacked())
		}
		var rows [][]string
		for _, r := range t.headed() {
			var cells []string
			for _, i := range columns {
				cells = append(cells, clip(r.Cells[i].Shown(), o.Width))
			}
			rows = append(rows, cells)
		}
		var grid bytes.Buffer
		if b.err == nil {
			b.err = drawGrid(&grid, false, left, headings, rows)
		}
		for line := range strings.Lines(grid.String()) {
			b.line("%s", strings.TrimRight(line, " \n"))
		}
	}
	for _, n := range t.Footnotes() {
		b.line("%s", p.faint(wrap(n, o.Width, "  ")))
	}
	if t.Command != "" {
		b.line("%s", p.faint(t.Command))
	}
}

// writeProse renders rows as sentences, for a column of them would be too wide.
func (t *Table) writeProse(b *buffered, o Options) {
	for _, r := range t.Rows {
		b.line("%s", wrap("• "+t.sentence(r), o.Width, "  "))
	}
}

// sentence is a row in words.
func (t *Table) sentence(r Row) string {
	var cells []string
	for i, c := range r.Cells {
		cells = append(cells, t.Columns[i].Name+" "+c.Shown())
	}
	return strings.Join(cells, "; ")
}

// stacked is a heading with the unit on its own line.
func (c Column) stacked() string {
	if c.Stacked {
		return strings.ReplaceAll(c.Name, " ", "\n")
	}
	if c.Unit == "" {
		return c.Name
	}
	return c.Name + "\n" + c.Unit
}

// pieces groups the columns so that each group, with the first column in front, fits the width.
func (t *Table) pieces(width int) [][]int {
	size := func(i int) int {
		var cells []string
		for _, r := range t.Rows {
			cells = append(cells, clip(r.Cells[i].Shown(), width))
		}
		return columnWidth(t.Columns[i].stacked(), cells)
	}
	first := size(0)
	pieces, used := [][]int{{0}}, first
	for i := 1; i < len(t.Columns); i++ {
		n := size(i)
		if last := len(pieces) - 1; used+n <= width || len(pieces[last]) == 1 {
			pieces[last], used = append(pieces[last], i), used+n
			continue
		}
		pieces, used = append(pieces, []int{0, i}), first+n
	}
	return pieces
}

// clip shortens a text that alone would fill most of a line.
func clip(text string, width int) string {
	limit := max(width*3/5, 20)
	if r := []rune(text); len(r) > limit {
		return string(r[:limit-1]) + "…"
	}
	return text
}

// writeFacts ends a part with warnings, the machine and the command.
func (part *Part) writeFacts(b *buffered, o Options, p painter) {
	if len(part.Warnings) > 0 {
		b.line("\n%s", p.bold("Warnings"))
	}
	for _, w := range part.Warnings {
		b.line("%s", wrap("• "+w.Text, o.Width, "  "))
		if w.Remedy != "" {
			b.line("  %s", wrap("remedy: "+w.Remedy, o.Width-2, "  "))
		}
	}
	b.line("\n%s", p.bold("Machine and command"))
	indent := 18
	for _, f := range part.Facts {
		indent = max(indent, len(f.Key)+2)
	}
	for _, f := range part.Facts {
		b.line("%-*s%s", indent, f.Key, wrap(f.Value, o.Width-indent, strings.Repeat(" ", indent)))
	}
}

// painter adds escape sequences where the terminal understands them.
type painter bool

func (p painter) bold(text string) string  { return p.paint("\x1b[1m", text) }
func (p painter) faint(text string) string { return p.paint("\x1b[2m", text) }

func (p painter) paint(code, text string) string {
	if !p {
		return text
	}
	return code + text + "\x1b[0m"
}
