package chart

import (
	"image/color"
	"math"
	"testing"
)

// luminance is the relative luminance of WCAG 2.
func luminance(c color.NRGBA) float64 {
	channel := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(c.R) + 0.7152*channel(c.G) + 0.0722*channel(c.B)
}

func contrast(a, b color.NRGBA) float64 {
	light, dark := max(luminance(a), luminance(b)), min(luminance(a), luminance(b))
	return (light + 0.05) / (dark + 0.05)
}

func TestColoursAreLegible(t *testing.T) {
	const text, graphics = 4.5, 2 // WCAG asks 4.5 of text; lines are also told apart by their labels
	white, night := rgb(0xffffff), rgb(0x1c1c1c)
	for i, h := range hues() {
		if c := contrast(h.text.light, white); c < text {
			t.Errorf("text %d on white: contrast %.2f", i, c)
		}
		if c := contrast(h.line.light, white); c < graphics {
			t.Errorf("line %d on white: contrast %.2f", i, c)
		}
		if h.line.share > 0 {
			continue
		}
		if c := min(contrast(h.text.dark, night), contrast(h.line.dark, night)); c < text {
			t.Errorf("hue %d on a dark page: contrast %.2f", i, c)
		}
	}
}

// Paints are told apart by their light colours when an SVG is rewritten for a page.
func TestLightColoursDiffer(t *testing.T) {
	seen := map[color.NRGBA]paint{}
	for _, p := range paints() {
		if other, ok := seen[p.light]; ok && other != p {
			t.Errorf("%v and %v have one light colour", p, other)
		}
		seen[p.light] = p
	}
}

func TestStylesDiffer(t *testing.T) {
	type look struct {
		hue    hue
		dashes int
		length float64
		hollow bool
	}
	seen := map[look]int{}
	for i, h := range hues() {
		for round := range 6 {
			for _, dashed := range []bool{false, true} {
				s := styleOf(h, round, dashed)
				l := look{s.hue, len(s.dashes), 0, s.hollow}
				if len(s.dashes) > 0 {
					l.length = s.dashes[0].Points()
				}
				if j, ok := seen[l]; ok {
					t.Errorf("hue %d, round %d, dashed %v looks like series %d", i, round, dashed, j)
				}
				seen[l] = 10*i + round
			}
		}
	}
}

// Series with one number share a colour; without numbers each has its own as long as there are enough.
func TestColours(t *testing.T) {
	var c Chart
	for i := range 2 * len(hues()) {
		c.Series = append(c.Series, Series{Colour: 1 + i%3})
	}
	for i, s := range c.styles() {
		if s.hue != hues()[i%3] {
			t.Errorf("series %d has another colour than its number says", i)
		}
	}
	for i := range c.Series {
		c.Series[i].Colour = 0
	}
	for i, s := range c.styles()[:len(hues())] {
		if s.hue != hues()[i] {
			t.Errorf("series %d shares a colour", i)
		}
	}
}
