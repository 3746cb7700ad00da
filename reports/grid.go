package reports

import (
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// This file is the only one that knows the table library. Its defaults would reformat headings and wrap
// cells, and its widths depend on the environment: all that is switched off.

// drawGrid renders headings and rows in columns, for a terminal or as Markdown. Every row has as many cells
// as there are headings.
func drawGrid(w io.Writer, markdown bool, left []bool, headings []string, rows [][]string) error {
	options := []tablewriter.Option{
		tablewriter.WithEastAsian(tw.Off),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithTrimSpace(tw.Off),
		tablewriter.WithAlignment(alignment(left)),
		tablewriter.WithRenderer(gridRenderer(markdown)),
	}
	t := tablewriter.NewTable(w, options...)
	t.Header(headings)
	if err := t.Bulk(rows); err != nil {
		return err
	}
	return t.Render()
}

func alignment(left []bool) tw.Alignment {
	var align tw.Alignment
	for _, l := range left {
		if l {
			align = append(align, tw.AlignLeft)
		} else {
			align = append(align, tw.AlignRight)
		}
	}
	return align
}

func gridRenderer(markdown bool) tw.Renderer {
	if markdown {
		return renderer.NewMarkdown()
	}
	return renderer.NewBlueprint(tw.Rendition{
		Borders: tw.BorderNone,
		Symbols: tw.NewSymbols(tw.StyleLight),
		Settings: tw.Settings{
			Separators: tw.SeparatorsNone,
			Lines:      tw.Lines{ShowTop: tw.Off, ShowBottom: tw.Off, ShowHeaderLine: tw.On, ShowFooterLine: tw.Off},
		},
	})
}

// columnWidth is the width that a column takes on a terminal, its padding included.
func columnWidth(heading string, cells []string) int {
	width := 0
	for line := range strings.SplitSeq(heading, "\n") {
		width = max(width, len([]rune(line)))
	}
	for _, c := range cells {
		width = max(width, len([]rune(c)))
	}
	return width + 2
}
