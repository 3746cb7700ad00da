package reports

import (
	"fmt"
	"io"
	"strings"
)

// Options of rendering.
type Options struct {
	Width int  // of the terminal in columns; 0 means 100
	Color bool // the terminal understands escape sequences
}

// defaultWidth is the width that text fits where none is given.
const defaultWidth = 100

// Formats are the formats that Write knows, the default first.
func Formats() []string {
	return []string{"text", "markdown", "html", "csv", "json", "latex"}
}

// Write renders the report in one of Formats.
func (r *Report) Write(w io.Writer, format string, o Options) error {
	if o.Width == 0 {
		o.Width = defaultWidth
	}
	switch format {
	case "text":
		return r.writeText(w, o)
	case "markdown":
		return r.writeMarkdown(w)
	case "html":
		return r.writeHTML(w)
	case "csv":
		return r.writeCSV(w)
	case "json":
		return r.writeJSON(w)
	case "latex":
		return r.writeLaTeX(w)
	}
	return fmt.Errorf("no report format %q: use %s", format, list(Formats()))
}

// heading is a column's name with its unit behind it.
func (c Column) heading() string {
	if c.Unit == "" {
		return c.Name
	}
	return c.Name + " (" + c.Unit + ")"
}

// caption is a table's title with what its cells share.
func (t Table) caption() string {
	if t.Setting == "" {
		return t.Title
	}
	return t.Title + ": " + t.Setting
}

// wrap breaks text at spaces into lines of at most width columns, those after the first indented.
func wrap(text string, width int, indent string) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Fields(text) {
		n := len([]rune(word))
		switch {
		case i == 0:
		case column+1+n > width:
			b.WriteString("\n" + indent)
			column = len([]rune(indent))
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String()
}

// buffered collects what is written and remembers the first error, so that renderers need not check each
// line.
type buffered struct {
	w   io.Writer
	err error
}

func (b *buffered) line(format string, args ...any) {
	if b.err == nil {
		_, b.err = fmt.Fprintf(b.w, format+"\n", args...)
	}
}
