package chart

import (
	"fmt"
	"strings"

	"codeberg.org/go-fonts/liberation/liberationsansregular"
	"golang.org/x/image/font/opentype"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// Measures of a figure, in points.
const (
	height     vg.Length = 370 // grows with the number of labels
	margin     vg.Length = 12
	titleSize  vg.Length = 13
	labelSize  vg.Length = 10
	tickSize   vg.Length = 9.5
	markSize   vg.Length = 9
	titlePitch vg.Length = 18
	pitch      vg.Length = 13 // between two labels in a column
	markerSize vg.Length = 2.3
	ringSize   vg.Length = 4.5
)

// widths are the page's width and what labels leave of it to the plot, at least: the page grows where they
// would leave less.
func (c Chart) widths() (page, plot vg.Length) {
	if c.Narrow {
		return 300, 170
	}
	return 600, 380
}

// wrap breaks a title at spaces into lines that fit the page.
func (t typeset) wrap(title string, page vg.Length) (lines []string) {
	for word := range strings.FieldsSeq(title) {
		last := len(lines) - 1
		if last >= 0 && t.width(lines[last]+" "+word, titleSize) <= page-2*margin {
			lines[last] += " " + word
			continue
		}
		lines = append(lines, word)
	}
	return lines
}

// figure is a chart laid out: everything has its place on a page whose y grows upwards.
type figure struct {
	size   vg.Point
	title  []string // lines
	plot   vg.Rectangle
	x, y   axis
	lines  []line
	rings  []vg.Point
	labels []label
	text   typeset
}

// line is a series on the page.
type line struct {
	style  style
	plain  bool // without markers
	points []vg.Point
	bounds []bound // as long as points
}

// end returns the last point of a line that has one.
func (l line) end() vg.Point { return l.points[len(l.points)-1] }

// bound is the extent of a band at a point.
type bound struct {
	low, high vg.Length
	drawn     bool
}

// typeset measures text. Liberation Sans is as wide as Arial and Helvetica, which browsers have.
type typeset struct{ font *opentype.Font }

func (t typeset) face(size vg.Length) font.Face {
	return font.Face{Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}, Face: t.font}
}

func (t typeset) width(text string, size vg.Length) vg.Length {
	face := t.face(size)
	return face.Width(text)
}

// figure lays out a chart whose texts are tidy.
func (c Chart) figure() (*figure, error) {
	sans, err := opentype.Parse(liberationsansregular.TTF)
	if err != nil {
		return nil, fmt.Errorf("chart %q: font: %w", c.Title, err)
	}
	f := &figure{text: typeset{sans}}
	series := make([][]point, len(c.Series))
	for i, s := range c.Series {
		series[i] = s.points()
	}
	xs, ys := spans(series, c.Marks)
	if xs.empty() {
		f.blank(c)
		return f, nil
	}
	f.frame(c, xs, ys)
	styles := c.styles()
	for i, points := range series {
		placed := f.place(points, styles[i])
		placed.plain = c.Series[i].Plain
		f.lines = append(f.lines, placed)
	}
	marks := drawableMarks(c.Marks)
	for _, m := range marks {
		f.rings = append(f.rings, vg.Point{X: f.x.at(m.X), Y: f.y.at(m.Y)})
	}
	f.headings(c)
	f.tickLabels()
	f.lineLabels(c.Series)
	f.markLabels(marks)
	return f, nil
}

// blank lays out a chart without a single point: its title, and that there is nothing to see.
func (f *figure) blank(c Chart) {
	width, _ := c.widths()
	f.size = vg.Point{X: width, Y: height}
	f.title = f.text.wrap(c.Title, width)
	f.plot = vg.Rectangle{Min: vg.Point{X: margin, Y: margin},
		Max: vg.Point{X: width - margin, Y: height - margin - 40}}
	f.headings(Chart{Title: c.Title})
	const text = "no data"
	f.label(text, soft(), labelSize, vg.Point{X: (width - f.text.width(text, labelSize)) / 2, Y: height / 2})
}

// frame sizes the page and the axes: the margins are as wide as their labels.
func (f *figure) frame(c Chart, xs, ys span) {
	f.y = valueAxis(ys, c.YUnit, mostValueTicks)
	left, right := vg.Length(0), vg.Length(0)
	for _, t := range f.y.ticks {
		left = max(left, f.text.width(t.label, tickSize))
	}
	drawn := vg.Length(0)
	for _, s := range c.Series {
		if len(s.points()) > 0 {
			right = max(right, f.text.width(s.Label, labelSize))
			drawn++
		}
	}
	left, right = left+margin+7, right+margin+columnGap
	width, plotWidth := c.widths()
	f.size.X = max(width, left+plotWidth+right, 2*margin+f.text.width(c.YLabel, tickSize))
	f.title = f.text.wrap(c.Title, f.size.X)
	heading := vg.Length(len(f.title))*titlePitch + 20
	f.size.Y = max(height-titlePitch, drawn*pitch+90) + vg.Length(len(f.title))*titlePitch
	f.plot = vg.Rectangle{
		Min: vg.Point{X: left, Y: margin + 34},
		Max: vg.Point{X: f.size.X - right, Y: f.size.Y - margin - heading},
	}
	room := f.plot.Max.X - f.plot.Min.X
	if c.XUnit == Length {
		f.x = lengthAxis(xs, int(room/(f.text.width("512k", tickSize)+8)))
	} else {
		f.x = valueAxis(xs, c.XUnit, min(mostValueTicks, int(room/(f.text.width("100 ms", tickSize)+8))))
	}
	f.x.from, f.x.to = f.plot.Min.X, f.plot.Max.X
	f.y.from, f.y.to = f.plot.Min.Y, f.plot.Max.Y
}

// place puts points on the page.
func (f *figure) place(points []point, s style) line {
	l := line{style: s}
	for _, p := range points {
		l.points = append(l.points, vg.Point{X: f.x.at(p.x), Y: f.y.at(p.y)})
		b := bound{drawn: p.banded()}
		if b.drawn {
			b.low, b.high = f.y.at(p.lo), f.y.at(p.hi)
		}
		l.bounds = append(l.bounds, b)
	}
	return l
}

// label adds a text, unless there is none, whose box has its middle line start at left.
func (f *figure) label(text string, p paint, size vg.Length, left vg.Point) {
	if text == "" {
		return
	}
	half := size * 0.6
	f.labels = append(f.labels, label{text: text, paint: p, size: size, box: vg.Rectangle{
		Min: vg.Point{X: left.X, Y: left.Y - half},
		Max: vg.Point{X: left.X + f.text.width(text, size), Y: left.Y + half},
	}})
}

// headings are the title and the names of the axes. That of the values stands over its axis, where it reads
// without turning the head.
func (f *figure) headings(c Chart) {
	top := f.size.Y - margin - titleSize/2
	for _, text := range f.title {
		f.label(text, ink(), titleSize, vg.Point{X: margin, Y: top})
		top -= titlePitch
	}
	f.label(c.YLabel, soft(), tickSize, vg.Point{X: margin, Y: top})
	middle := (f.plot.Min.X + f.plot.Max.X - f.text.width(c.XLabel, tickSize)) / 2
	f.label(c.XLabel, soft(), tickSize, vg.Point{X: middle, Y: margin + 5})
}

func (f *figure) tickLabels() {
	for _, t := range f.x.ticks {
		x := f.x.at(t.value) - f.text.width(t.label, tickSize)/2
		f.label(t.label, soft(), tickSize, vg.Point{X: x, Y: f.plot.Min.Y - 12})
	}
	for _, t := range f.y.ticks {
		x := f.plot.Min.X - 7 - f.text.width(t.label, tickSize)
		f.label(t.label, soft(), tickSize, vg.Point{X: x, Y: f.y.at(t.value)})
	}
}
