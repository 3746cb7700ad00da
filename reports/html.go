package reports

import (
	_ "embed"
	"html/template"
	"io"
)

//go:embed page.html
var page string

// pagePart is a part with its charts drawn.
type pagePart struct {
	Part
	Charts []template.HTML
}

// writeHTML writes one page that needs nothing else: charts and style are in it, and it asks the network for
// nothing.
func (r *Report) writeHTML(w io.Writer) error {
	t, err := template.New("page").Funcs(template.FuncMap{
		"heading": Column.heading, "shown": Cell.Shown, "notes": Table.Footnotes,
		"headed": func(t Table) []Row { return t.headed() },
	}).Parse(page)
	if err != nil {
		return err
	}
	var parts []pagePart
	for _, p := range r.Parts {
		drawn := pagePart{Part: p}
		for _, c := range p.Charts {
			svg, err := c.InlineSVG()
			if err != nil {
				return err
			}
			drawn.Charts = append(drawn.Charts, template.HTML(svg)) // the chart package escapes its texts
		}
		parts = append(parts, drawn)
	}
	return t.Execute(w, parts)
}
