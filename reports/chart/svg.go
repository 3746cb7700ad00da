package chart

import (
	"fmt"
	"html"
	"image/color"
	"regexp"
	"strings"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// family is a font with the widths that labels were measured with, wherever one is installed.
const family = "'Liberation Sans',Arial,Helvetica,sans-serif"

// svgCanvas remembers the width of every text, in order, and keeps translucent colours exact.
type svgCanvas struct {
	*vgsvg.Canvas
	widths []vg.Length
}

// SetColor sets the colour of what follows.
func (c *svgCanvas) SetColor(clr color.Color) {
	if n, ok := clr.(color.NRGBA); ok {
		clr = rounded(n)
	}
	c.Canvas.SetColor(clr)
}

// rounded is a colour that vgsvg gets back from its product with the opacity, although it rounds down.
type rounded color.NRGBA

// RGBA returns the channels times the opacity, rounded up.
func (n rounded) RGBA() (r, g, b, a uint32) {
	a = uint32(n.A) * 0x101
	up := func(channel uint8) uint32 { return min(uint32(channel)*a/0xff+1, a) }
	return up(n.R), up(n.G), up(n.B), a
}

// FillString writes text.
func (c *svgCanvas) FillString(face font.Face, p vg.Point, text string) {
	c.widths = append(c.widths, face.Width(text))
	c.Canvas.FillString(face, p, text)
}

// body returns the drawing's elements, without the enclosing <svg>. Text is drawn as wide as it was measured,
// so that a reader's other font shifts and cuts nothing.
func (f *figure) body() string {
	canvas := &svgCanvas{Canvas: vgsvg.New(f.size.X, f.size.Y)}
	f.draw(canvas)
	var document strings.Builder
	canvas.WriteTo(&document) // a Builder takes everything
	text := document.String()
	text = text[strings.Index(text, "<svg"):]
	text = text[strings.Index(text, ">")+1:]
	text = strings.TrimSuffix(strings.TrimSpace(text), "</svg>")
	const start = "<text "
	pieces := strings.Split(text, start)
	for i, w := range canvas.widths {
		pieces[i+1] = fmt.Sprintf(`%stextLength="%.5g" lengthAdjust="spacingAndGlyphs" `, start,
			w.Points()) + pieces[i+1]
	}
	return strings.Join(pieces, "")
}

// restyle rewrites the style attributes. Text cannot be taken for one: its quotes are escaped.
func restyle(body string, rewrite *strings.Replacer) string {
	return regexp.MustCompile(`style="[^"]*"`).ReplaceAllStringFunc(body, rewrite.Replace)
}

// fontRules drop what every text would repeat; the element that encloses them says it once.
func fontRules() []string {
	return []string{"font-family:Liberation Sans;font-variant:normal;font-weight:normal;font-style:normal;", ""}
}

// svg returns a document of its own: light, on white.
func (f *figure) svg(description string) string {
	body := restyle(f.body(), strings.NewReplacer(fontRules()...))
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="%gpt" height="%gpt" %s
<rect width="100%%" height="100%%" fill="#FFFFFF"/>
%s</svg>
`, f.size.X, f.size.Y, f.opening("", description), body)
}

// inlineSVG returns an element for an HTML page.
func (f *figure) inlineSVG(description string) string {
	rules := fontRules()
	var light, dark strings.Builder
	for i, p := range paints() {
		rules = append(rules, p.rules(fmt.Sprintf("--ink%d", i))...)
		if p.share == 0 {
			fmt.Fprintf(&light, "--ink%d:%s;", i, hex(p.light))
			fmt.Fprintf(&dark, "--ink%d:%s;", i, hex(p.dark))
		}
	}
	return fmt.Sprintf(`<svg class="chart" xmlns="http://www.w3.org/2000/svg" width="100%%" %s
<style>.chart{%s}@media screen and (prefers-color-scheme:dark){.chart{%s}}</style>
%s</svg>
`, f.opening(`fill="currentColor" style="max-width:`+fmt.Sprintf("%g", 1.6*f.size.X)+`px" `, description),
		light.String(), dark.String(), restyle(f.body(), strings.NewReplacer(rules...)))
}

// opening ends the tag of the enclosing element, and describes the picture to who cannot see it.
func (f *figure) opening(attributes, description string) string {
	title, rest, _ := strings.Cut(description, "\n")
	return fmt.Sprintf(`viewBox="0 0 %g %g" role="img" font-family="%s" %soverflow="visible">
<title>%s</title>
<desc>%s</desc>`, f.size.X, f.size.Y, family, attributes, html.EscapeString(title), html.EscapeString(rest))
}

// rules replace the paint in style attributes: by a variable, or by the colour of the page's text.
func (p paint) rules(variable string) []string {
	from := hex(p.light)
	if p.share == 0 {
		return []string{":" + from, ":var(" + variable + ")"}
	}
	var rules []string
	for _, property := range []string{"fill", "stroke"} {
		to := property + ":currentColor"
		if p.share < 1 {
			to += fmt.Sprintf(";%s-opacity:%g", property, p.share)
		}
		rules = append(rules, property+":"+from, to)
	}
	return rules
}

func hex(c color.NRGBA) string { return fmt.Sprintf("#%02X%02X%02X", c.R, c.G, c.B) }

// describe says in words what the chart shows: its title on the first line, then its lines and marks.
func (c Chart) describe() string {
	var b strings.Builder
	title := c.Title
	if title == "" {
		title = "Chart"
	}
	fmt.Fprintf(&b, "%s\n%s by %s, on logarithmic axes.", title, c.YLabel, c.XLabel)
	for _, s := range c.Series {
		points := s.points()
		if len(points) == 0 {
			continue
		}
		first, last := points[0], points[len(points)-1]
		fmt.Fprintf(&b, " %s: %s at %s", s.Label, c.YUnit.label(first.y), c.XUnit.label(first.x))
		if len(points) > 1 {
			fmt.Fprintf(&b, ", %s at %s", c.YUnit.label(last.y), c.XUnit.label(last.x))
		}
		b.WriteString(".")
	}
	for _, m := range drawableMarks(c.Marks) {
		fmt.Fprintf(&b, " %s: %s at %s.", m.Label, c.YUnit.label(m.Y), c.XUnit.label(m.X))
	}
	return b.String()
}
