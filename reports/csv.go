package reports

import (
	"encoding/csv"
	"io"
	"math"
	"strconv"
)

// writeCSV writes every figure of every table on a line of its own, in base units: what pandas, R or DuckDB
// read without effort.
func (r *Report) writeCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	// The writer keeps its first error until Flush.
	_ = out.Write([]string{
		"part", "table", "setting", "row", "column", "unit", "median", "low", "high", "samples", "marks",
	})
	for _, p := range r.Parts {
		for _, t := range p.Tables {
			for _, row := range t.Rows {
				for i, c := range row.Cells {
					if c.Figure == nil {
						continue
					}
					_ = out.Write([]string{
						p.Name, t.ID, t.Setting, row.Cells[0].Text, t.Columns[i].Name, c.Figure.Unit, plain(c.Figure.Median),
						plain(c.Figure.Lo), plain(c.Figure.Hi), itoa(c.Figure.Samples), join(c.Marks),
					})
				}
			}
		}
	}
	out.Flush()
	return out.Error()
}

// plain writes a number in full, nothing where there is none.
func plain(v float64) string {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

func join(marks []Mark) string {
	text := ""
	for _, m := range marks {
		text += m.word()
		text += " "
	}
	return text[:max(0, len(text)-1)]
}

// word names a mark where a symbol would be lost.
func (m Mark) word() string {
	switch m {
	case MarkUnstable:
		return "unstable"
	case MarkFew:
		return "few-samples"
	case MarkCoverage:
		return "coverage"
	case MarkUseless:
		return "useless"
	case MarkTies:
		return "benchstat-differs"
	}
	return string(m)
}
