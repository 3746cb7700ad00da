package reports

import (
	"io"
	"strings"
)

// writeMarkdown renders for a README or an issue.
func (r *Report) writeMarkdown(w io.Writer) error {
	b := &buffered{w: w}
	b.line("# %s", r.Title)
	for _, part := range r.Parts {
		if part.Name != "" {
			b.line("\n## %s", escapeMarkdown(part.Name))
		}
		b.line("")
		for _, h := range part.Headlines {
			b.line("- %s", escapeMarkdown(h))
		}
		for _, t := range part.Tables {
			b.line("\n## %s\n", escapeMarkdown(t.Title))
			if t.Setting != "" {
				b.line("%s\n", escapeMarkdown(t.Setting))
			}
			t.writeMarkdown(b)
			t.writeMarkdownNotes(b)
		}
		part.writeMarkdownFacts(b)
	}
	return b.err
}

func (t *Table) writeMarkdown(b *buffered) {
	var left []bool
	var headings []string
	for _, c := range t.Columns {
		left = append(left, c.Left)
		headings = append(headings, escapeMarkdown(c.heading()))
	}
	var rows [][]string
	for _, r := range t.headed() {
		var cells []string
		if r.heading() {
			cells = append(cells, "*"+escapeMarkdown(r.Cells[0].Text)+"*")
			rows = append(rows, append(cells, make([]string, len(t.Columns)-1)...))
			continue
		}
		for _, c := range r.Cells {
			text := escapeMarkdown(c.Shown())
			if c.Best {
				text = "**" + text + "**"
			}
			cells = append(cells, text)
		}
		rows = append(rows, cells)
	}
	if b.err == nil {
		b.err = drawGrid(b.w, true, left, headings, rows)
	}
}

func (t *Table) writeMarkdownNotes(b *buffered) {
	for _, n := range t.Footnotes() {
		b.line("\n%s", escapeMarkdown(n))
	}
	if t.Command != "" {
		b.line("\n```sh\n%s\n```", t.Command)
	}
}

func (part *Part) writeMarkdownFacts(b *buffered) {
	if len(part.Warnings) > 0 {
		b.line("\n## Warnings\n")
	}
	for _, w := range part.Warnings {
		text := w.Text
		if w.Remedy != "" {
			text += " (remedy: " + w.Remedy + ")"
		}
		b.line("- %s", escapeMarkdown(text))
	}
	b.line("\n## Machine and command\n")
	for _, f := range part.Facts {
		b.line("- %s: `%s`", escapeMarkdown(f.Key), strings.ReplaceAll(f.Value, "`", "'"))
	}
}

// escapeMarkdown keeps text from being read as markup: bars would split a cell, which the table library does
// not prevent.
func escapeMarkdown(text string) string {
	return strings.NewReplacer(
		`\`, `\\`, "|", `\|`, "*", `\*`, "_", `\_`, "`", "\\`", "<", "&lt;",
		"[", `\[`, "]", `\]`, "~", `\~`, "\n", " ",
	).Replace(text)
}
