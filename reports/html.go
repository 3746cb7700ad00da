package reports

import (
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed page.html page.css page.js
var pageFiles embed.FS

// page is what the template of the HTML page is filled with.
type page struct {
	Title  string
	Style  template.CSS
	Script template.JS
	Parts  []pagePart
}

// pagePart is a part with its charts drawn.
type pagePart struct {
	Part
	Anchor, Heading string
	Charts          []pageChart
}

// pageChart is a chart in the widths that readers have: of two drawings the style sheet shows one.
type pageChart struct {
	Title, Setting string
	Small          bool // one of many of a kind, side by side
	Drawn          []drawing
}

type drawing struct {
	Class string
	SVG   template.HTML
}

// writeHTML writes one page that needs nothing else: charts, style and script are in it, and it asks the
// network for nothing.
func (r *Report) writeHTML(w io.Writer) error {
	t, err := template.New("page.html").Funcs(template.FuncMap{
		"heading": Column.heading, "shown": Cell.Shown, "notes": Table.Footnotes, "sections": Table.Sections,
	}).ParseFS(pageFiles, "page.html")
	if err != nil {
		return err
	}
	var texts [2]string
	for i, name := range []string{"page.css", "page.js"} {
		text, err := pageFiles.ReadFile(name)
		if err != nil {
			return err
		}
		texts[i] = string(text)
	}
	// Style and script are files of this package.
	p := page{Title: r.Title, Style: template.CSS(texts[0]), Script: template.JS(texts[1])}
	for i, part := range r.Parts {
		drawn, err := drawPart(part)
		if err != nil {
			return err
		}
		drawn.Anchor = fmt.Sprintf("part%d", i+1)
		p.Parts = append(p.Parts, drawn)
	}
	return t.Execute(w, p)
}

func drawPart(part Part) (pagePart, error) {
	drawn := pagePart{Part: part, Heading: cmp.Or(part.Name, part.fact("cpu"), "Results")}
	for _, c := range part.Charts {
		picture := pageChart{Small: c.Narrow}
		picture.Title, picture.Setting, _ = strings.Cut(c.Title, ": ")
		for _, width := range []struct {
			class  string
			narrow bool
		}{{"wide", false}, {"narrow", true}} {
			if c.Narrow {
				width.class, width.narrow = "any", true
			}
			sized := c.Chart
			sized.Narrow = width.narrow
			svg, err := sized.InlineSVG()
			if err != nil {
				return drawn, err
			}
			// The chart package escapes its texts.
			picture.Drawn = append(picture.Drawn, drawing{width.class, template.HTML(svg)})
			if c.Narrow {
				break
			}
		}
		drawn.Charts = append(drawn.Charts, picture)
	}
	return drawn, nil
}

// fact is the first value of a fact, empty where there is none.
func (p *Part) fact(key string) string {
	for _, f := range p.Facts {
		if f.Key == key {
			return f.Value
		}
	}
	return ""
}
