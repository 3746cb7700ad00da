package reports

import (
	"encoding/json"
	"io"
	"math"

	"attnbench/results"
)

// The JSON form of a report: figures in base units, null for a bound that is not known.
type (
	jsonReport struct {
		Parts []jsonPart `json:"parts"`
	}
	jsonPart struct {
		Name      string            `json:"name,omitempty"`
		Headlines []string          `json:"headlines"`
		Tables    []jsonTable       `json:"tables"`
		Warnings  []results.Warning `json:"warnings"`
		Facts     map[string]string `json:"facts"`
	}
	jsonTable struct {
		ID      string   `json:"id"`
		Title   string   `json:"title"`
		Setting string   `json:"setting,omitempty"`
		Columns []string `json:"columns"`
		Rows    [][]any  `json:"rows"` // of text or jsonFigure
		Notes   []string `json:"notes"`
		Command string   `json:"benchstat,omitempty"`
	}
	jsonFigure struct {
		Median  *float64 `json:"median"`
		Low     *float64 `json:"low"`
		High    *float64 `json:"high"`
		Unit    string   `json:"unit"`
		Samples int      `json:"samples"`
		Marks   []string `json:"marks,omitempty"`
		Text    string   `json:"text"`
	}
)

// writeJSON writes the report as one JSON document.
func (r *Report) writeJSON(w io.Writer) error {
	doc := jsonReport{Parts: []jsonPart{}}
	for _, p := range r.Parts {
		part := jsonPart{
			Name: p.Name, Headlines: append([]string{}, p.Headlines...), Tables: []jsonTable{},
			Warnings: append([]results.Warning{}, p.Warnings...), Facts: make(map[string]string),
		}
		for _, f := range p.Facts {
			if part.Facts[f.Key] != "" {
				f.Value = part.Facts[f.Key] + "; " + f.Value
			}
			part.Facts[f.Key] = f.Value
		}
		for _, t := range p.Tables {
			part.Tables = append(part.Tables, t.json())
		}
		doc.Parts = append(doc.Parts, part)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(doc)
}

func (t *Table) json() jsonTable {
	out := jsonTable{
		ID: t.ID, Title: t.Title, Setting: t.Setting, Command: t.Command,
		Rows: [][]any{}, Notes: append([]string{}, t.Footnotes()...),
	}
	for _, c := range t.Columns {
		out.Columns = append(out.Columns, c.Name)
	}
	for _, r := range t.Rows {
		var row []any
		for _, c := range r.Cells {
			row = append(row, c.json())
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

func (c Cell) json() any {
	if c.Figure == nil {
		return c.Shown()
	}
	f := jsonFigure{
		Median: known(c.Figure.Median), Low: known(c.Figure.Lo), High: known(c.Figure.Hi), Unit: c.Figure.Unit,
		Samples: c.Figure.Samples, Text: c.Text,
	}
	for _, m := range c.Marks {
		f.Marks = append(f.Marks, m.word())
	}
	return f
}

// known is nil for what JSON has no number for.
func known(v float64) *float64 {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return nil
	}
	return &v
}
