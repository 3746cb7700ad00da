package chart

import (
	"math"

	"gonum.org/v1/plot/vg"
)

func stroke(c vg.Canvas, p paint, width vg.Length, dashes []vg.Length, points ...vg.Point) {
	if len(points) < 2 {
		return
	}
	var path vg.Path
	path.Move(points[0])
	for _, q := range points[1:] {
		path.Line(q)
	}
	c.SetColor(p.light)
	c.SetLineWidth(width)
	c.SetLineDash(dashes, 0)
	c.Stroke(path)
}

// circle returns a path of four Bézier curves, which all canvases draw alike; their arcs differ.
func circle(p vg.Point, r vg.Length) (path vg.Path) {
	k := r * 4 / 3 * (math.Sqrt2 - 1)
	at := func(x, y vg.Length) vg.Point { return vg.Point{X: p.X + x, Y: p.Y + y} }
	path.Move(at(r, 0))
	path.CubeTo(at(r, k), at(k, r), at(0, r))
	path.CubeTo(at(-k, r), at(-r, k), at(-r, 0))
	path.CubeTo(at(-r, -k), at(-k, -r), at(0, -r))
	path.CubeTo(at(k, -r), at(r, -k), at(r, 0))
	path.Close()
	return path
}

func ring(c vg.Canvas, p vg.Point) {
	c.SetColor(ink().light)
	c.SetLineWidth(1)
	c.SetLineDash(nil, 0)
	c.Stroke(circle(p, ringSize))
}

// drawGrid draws a line for every tick, and the axis of lengths, from which the eye starts.
func (f *figure) drawGrid(c vg.Canvas) {
	low, high := f.plot.Min, f.plot.Max
	for _, t := range f.x.ticks {
		x := f.x.at(t.value)
		stroke(c, grid(), 0.5, nil, vg.Point{X: x, Y: low.Y}, vg.Point{X: x, Y: high.Y})
		stroke(c, soft(), 0.6, nil, vg.Point{X: x, Y: low.Y}, vg.Point{X: x, Y: low.Y - 3})
	}
	for _, t := range f.y.ticks {
		y := f.y.at(t.value)
		stroke(c, grid(), 0.5, nil, vg.Point{X: low.X, Y: y}, vg.Point{X: high.X, Y: y})
	}
	if len(f.x.ticks) > 0 {
		stroke(c, soft(), 0.6, nil, low, vg.Point{X: high.X, Y: low.Y})
	}
}

// drawBand fills between the bounds, wherever neighbours have them; a bound that stands alone is a bar.
func (l line) drawBand(c vg.Canvas) {
	for from := 0; from < len(l.points); {
		to := from
		for to < len(l.points) && l.bounds[to].drawn {
			to++
		}
		switch to - from {
		case 0:
			to++
		case 1:
			p, b := l.points[from], l.bounds[from]
			stroke(c, l.style.line, 0.8, nil, vg.Point{X: p.X, Y: b.low}, vg.Point{X: p.X, Y: b.high})
		default:
			c.SetColor(fade(l.style.line.light, 0.18))
			c.Fill(l.band(from, to))
		}
		from = to
	}
}

// band returns the outline of the band of points from to to.
func (l line) band(from, to int) (path vg.Path) {
	path.Move(vg.Point{X: l.points[from].X, Y: l.bounds[from].low})
	for i := from + 1; i < to; i++ {
		path.Line(vg.Point{X: l.points[i].X, Y: l.bounds[i].low})
	}
	for i := to - 1; i >= from; i-- {
		path.Line(vg.Point{X: l.points[i].X, Y: l.bounds[i].high})
	}
	path.Close()
	return path
}

// draw draws the line and its markers. Hollow markers stay empty: the line stops at them.
func (l line) draw(c vg.Canvas) {
	if l.style.hollow && !l.plain {
		for i := 1; i < len(l.points); i++ {
			from, to := between(l.points[i-1], l.points[i], markerSize)
			stroke(c, l.style.line, 1.5, l.style.dashes, from, to)
		}
	} else {
		stroke(c, l.style.line, 1.5, l.style.dashes, l.points...)
	}
	if l.plain {
		return
	}
	c.SetColor(l.style.line.light)
	c.SetLineWidth(1)
	c.SetLineDash(nil, 0)
	for _, p := range l.points {
		if l.style.hollow {
			c.Stroke(circle(p, markerSize))
		} else {
			c.Fill(circle(p, markerSize))
		}
	}
}

// between returns the ends of the line between two circles of a radius; where they overlap there is none, and
// the ends are one point.
func between(a, b vg.Point, radius vg.Length) (from, to vg.Point) {
	d := b.Sub(a)
	length := vg.Length(math.Hypot(float64(d.X), float64(d.Y)))
	if length <= 2*radius {
		return a, a
	}
	cut := d.Scale(radius / length)
	return a.Add(cut), b.Sub(cut)
}

// drawText writes all labels, with their leaders.
func (f *figure) drawText(c vg.Canvas) {
	for _, l := range f.labels {
		stroke(c, l.paint, 0.5, nil, l.leader...)
		const capHeight = 0.72 // of the font's size: capitals and digits are centred in the box
		baseline := (l.box.Min.Y+l.box.Max.Y)/2 - l.size*capHeight/2
		c.SetColor(l.paint.light)
		c.FillString(f.text.face(l.size), vg.Point{X: l.box.Min.X, Y: baseline}, l.text)
	}
}
