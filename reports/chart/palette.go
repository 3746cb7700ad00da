package chart

import (
	"image/color"

	"gonum.org/v1/plot/vg"
)

// paint is a colour on the page and the colour that replaces it in a dark scheme. Paints without a dark
// colour follow the colour of the page's text, at a share of its opacity.
type paint struct {
	light, dark color.NRGBA
	share       float64
}

func rgb(hex uint32) color.NRGBA {
	return color.NRGBA{R: uint8(hex >> 16), G: uint8(hex >> 8), B: uint8(hex), A: 0xff}
}

func follows(hex uint32, share float64) paint { return paint{light: rgb(hex), share: share} }

func themed(light, dark uint32) paint { return paint{light: rgb(light), dark: rgb(dark)} }

// Paints of everything that is not a series.
func ink() paint  { return follows(0x1b1b1b, 1) }
func soft() paint { return follows(0x5e5e5e, 0.75) }
func grid() paint { return follows(0xe3e3e3, 0.14) }

// hue colours a series. Text in the line's own colour would be too faint to read in half of them: it is
// darker on a light page.
type hue struct{ line, text paint }

// hues are those of Okabe and Ito (Color Universal Design, 2008), which people with any colour vision tell
// apart, but for their yellow, which no light page shows: grey instead.
func hues() []hue {
	return []hue{
		{follows(0x000001, 1), follows(0x1b1b1b, 1)},             // black
		{themed(0x0072b2, 0x4a9fe0), themed(0x0070af, 0x4a9fe1)}, // blue
		{themed(0xd55e00, 0xf07c2e), themed(0xb54f00, 0xf07c2f)}, // vermillion
		{themed(0x009e73, 0x1fb88c), themed(0x007a58, 0x1fb88d)}, // bluish green
		{themed(0xe69f00, 0xe6a817), themed(0x8f6200, 0xe6a818)}, // orange
		{themed(0xcc79a7, 0xd98bb6), themed(0xa2497a, 0xd98bb7)}, // reddish purple
		{themed(0x56b4e9, 0x9ad4f5), themed(0x2a79a6, 0x9ad4f6)}, // sky blue
		{themed(0x999999, 0xa6a6a6), themed(0x6b6b6b, 0xa6a6a7)}, // grey
	}
}

// paints lists all paints of a figure.
func paints() []paint {
	list := []paint{ink(), soft(), grid()}
	for _, h := range hues() {
		list = append(list, h.line, h.text)
	}
	return list
}

// style is how a series looks.
type style struct {
	hue
	dashes []vg.Length
	hollow bool // markers are rings
}

// styleOf returns the look of the round-th series of a hue: all but the first have other dashes, every other
// one hollow markers.
func styleOf(h hue, round int, dashed bool) style {
	s := style{hue: h, hollow: round%2 == 1}
	dotted := [][]vg.Length{nil, {1.5, 2}, {8, 3}, {3.5, 2}, {8, 2, 1.5, 2}, {1, 3}}
	broken := [][]vg.Length{{5, 3}, {5, 2.5, 1.5, 2.5}, {10, 4}, {4, 4}, {10, 2, 3, 2}, {2, 4}}
	if dashed {
		dotted = broken
	}
	s.dashes = dotted[round%len(dotted)]
	return s
}

// styles are the looks of the series.
func (c Chart) styles() []style {
	all := hues()
	list := make([]style, len(c.Series))
	rounds := make([]int, len(all))
	for i, s := range c.Series {
		if s.Plain {
			list[i] = styleOf(hue{soft(), soft()}, 0, s.Dashed)
			continue
		}
		place := i
		if s.Colour > 0 {
			place = s.Colour - 1
		}
		place %= len(all)
		list[i] = styleOf(all[place], rounds[place], s.Dashed)
		rounds[place]++
	}
	return list
}

// fade returns the colour at a share of its opacity.
func fade(c color.NRGBA, share float64) color.NRGBA {
	c.A = uint8(share * 0xff)
	return c
}
