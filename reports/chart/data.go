package chart

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
)

// point is a value that can be drawn. lo and hi bound its band; both are NaN where it has none.
type point struct{ x, y, lo, hi float64 }

func (p point) banded() bool { return !math.IsNaN(p.hi) }

// drawable reports whether a value has a place on a logarithmic axis. Quotients of such values are finite.
func drawable(v float64) bool { return v >= 1e-60 && v <= 1e60 }

// points returns what can be drawn of a series, by increasing x.
func (s Series) points() []point {
	var list []point
	for i := range min(len(s.X), len(s.Y)) {
		if !drawable(s.X[i]) || !drawable(s.Y[i]) {
			continue
		}
		p := point{s.X[i], s.Y[i], math.NaN(), math.NaN()}
		if i < len(s.Lo) && i < len(s.Hi) && drawable(s.Hi[i]) && s.Lo[i] <= s.Hi[i] {
			p.lo, p.hi = s.Lo[i], s.Hi[i]
		}
		list = append(list, p)
	}
	slices.SortStableFunc(list, func(a, b point) int { return cmp.Compare(a.x, b.x) })
	return list
}

// span is a range of values; the zero span is empty.
type span struct{ min, max float64 }

func (s span) with(v float64) span {
	switch {
	case !drawable(v):
		return s
	case s.max == 0:
		return span{v, v}
	}
	return span{min(s.min, v), max(s.max, v)}
}

func (s span) empty() bool { return s.max == 0 }

// spans returns what the axes have to cover. Bands count, but for a bound at or below 0, which no
// logarithmic axis reaches.
func spans(series [][]point, marks []Mark) (x, y span) {
	for _, points := range series {
		for _, p := range points {
			x = x.with(p.x)
			y = y.with(p.y).with(p.lo).with(p.hi)
		}
	}
	for _, m := range marks {
		x, y = x.with(m.X), y.with(m.Y)
	}
	return x, y
}

// drawableMarks returns the marks that have a place.
func drawableMarks(marks []Mark) (list []Mark) {
	for _, m := range marks {
		if drawable(m.X) && drawable(m.Y) {
			list = append(list, m)
		}
	}
	return list
}

// tidy returns the chart with every text on one line.
func (c Chart) tidy() Chart {
	c.Title, c.XLabel, c.YLabel = oneLine(c.Title), oneLine(c.XLabel), oneLine(c.YLabel)
	c.Series, c.Marks = slices.Clone(c.Series), slices.Clone(c.Marks)
	for i := range c.Series {
		c.Series[i].Label = oneLine(c.Series[i].Label)
	}
	for i := range c.Marks {
		c.Marks[i].Label = oneLine(c.Marks[i].Label)
	}
	return c
}

// oneLine returns a text as SVG would show it: spaces in a row count as one, and there are no control
// characters, which no XML document may hold.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "\ufffd")), " ")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, text)
}
