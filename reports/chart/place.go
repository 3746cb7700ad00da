package chart

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
)

const (
	columnGap vg.Length = 12 // from the plot to the column of labels: room for leaders
	endGap    vg.Length = 6  // from the end of a line to a label beside it
	unmoved   vg.Length = 3  // a label this close to its line's height needs no leader
)

// lineLabels names the lines: at their ends inside the plot where nothing is in the way, else in a column on
// the right. A leader to the column can get in the way of labels inside, which then go to the column too.
func (f *figure) lineLabels(series []Series) {
	var column []int
	for {
		inside, outside := f.endLabels(series, column)
		if len(outside) == 0 {
			f.labels = append(f.labels, inside...)
			break
		}
		column = append(column, outside...)
	}
	f.column(series, column)
}

// endLabels places labels inside the plot for all lines but those with one in the column, and returns the
// lines for which it finds no place.
func (f *figure) endLabels(series []Series, column []int) (inside []label, outside []int) {
	room := f.clutter()
	for _, i := range column {
		end := f.lines[i].end()
		room.lead([]vg.Point{end, {X: f.plot.Max.X, Y: end.Y}})
	}
	for i, l := range f.lines {
		if len(l.points) == 0 || series[i].Label == "" || slices.Contains(column, i) {
			continue
		}
		size := vg.Point{X: f.text.width(series[i].Label, labelSize), Y: labelSize * 1.2}
		box, ok := vg.Rectangle{}, false
		if l.end().X+endGap+size.X < f.plot.Max.X {
			box, _, ok = room.free(l.end(), size, []vg.Length{endGap}, true)
		}
		if !ok {
			outside = append(outside, i)
			continue
		}
		room.boxes = append(room.boxes, box)
		inside = append(inside, label{text: series[i].Label, paint: l.style.text, size: labelSize, box: box})
	}
	return inside, outside
}

// column puts the labels of some lines on the right of the plot, apart from each other.
func (f *figure) column(series []Series, members []int) {
	slices.SortStableFunc(members, func(a, b int) int { return higher(f.lines[a].points, f.lines[b].points) })
	var want []vg.Length
	for _, i := range members {
		want = append(want, f.lines[i].end().Y)
	}
	left := f.plot.Max.X + columnGap
	for k, y := range spread(want, pitch, f.plot.Min.Y, f.plot.Max.Y) {
		l := f.lines[members[k]]
		end := l.end()
		f.label(series[members[k]].Label, l.style.text, labelSize, vg.Point{X: left, Y: y})
		atEdge := end.X > f.plot.Max.X-columnGap*1.5
		if moved := max(y-end.Y, end.Y-y) > unmoved; moved || !atEdge {
			f.labels[len(f.labels)-1].leader = []vg.Point{
				{X: end.X + markerSize + 2, Y: end.Y},
				{X: max(f.plot.Max.X, end.X+markerSize+2), Y: end.Y}, {X: left - 2.5, Y: y},
			}
		}
	}
}

// higher orders lines from the top down, by their ends; of those that end alike, by the points before.
func higher(a, b []vg.Point) int {
	for i := 1; i <= min(len(a), len(b)); i++ {
		if n := cmp.Compare(b[len(b)-i].Y, a[len(a)-i].Y); n != 0 {
			return n
		}
	}
	return 0
}

// markLabels names the marks, near their rings and clear of everything else. Far ones get a leader. A mark in
// a crowd that leaves no place at all keeps its bare ring; the description of an SVG has it in words.
func (f *figure) markLabels(marks []Mark) {
	room := f.clutter()
	for _, l := range f.labels {
		room.boxes = append(room.boxes, l.box)
		room.lead(l.leader)
	}
	for i, m := range marks {
		if m.Label == "" {
			continue
		}
		size := vg.Point{X: f.text.width(m.Label, markSize), Y: markSize * 1.2}
		gaps := []vg.Length{ringSize + 1, 13, 24, 38, 56, 84, 120, 160}
		box, gap, ok := room.free(f.rings[i], size, gaps, false)
		if !ok {
			continue
		}
		room.boxes = append(room.boxes, box)
		placed := label{text: m.Label, paint: ink(), size: markSize, box: box}
		if gap > gaps[0] {
			placed.leader = tie(f.rings[i], box)
			room.lead(placed.leader)
		}
		f.labels = append(f.labels, placed)
	}
}

// tie returns the line from a ring to the nearest point of a box.
func tie(ring vg.Point, box vg.Rectangle) []vg.Point {
	nearest := vg.Point{
		X: max(box.Min.X, min(ring.X, box.Max.X)),
		Y: max(box.Min.Y, min(ring.Y, box.Max.Y)),
	}
	d := nearest.Sub(ring)
	share := ringSize / vg.Length(math.Hypot(float64(d.X), float64(d.Y)))
	return []vg.Point{ring.Add(d.Scale(share)), nearest}
}

// clutter lists the lines, their markers and the rings of the figure.
func (f *figure) clutter() clutter {
	c := clutter{plot: f.plot}
	for _, l := range f.lines {
		for i, p := range l.points {
			c.segments = append(c.segments, segment{
				vg.Point{X: p.X, Y: p.Y - markerSize}, vg.Point{X: p.X, Y: p.Y + markerSize}})
			if i > 0 {
				c.segments = append(c.segments, segment{l.points[i-1], p})
			}
		}
	}
	reach := vg.Point{X: ringSize, Y: ringSize}
	for _, p := range f.rings {
		c.boxes = append(c.boxes, vg.Rectangle{Min: p.Sub(reach), Max: p.Add(reach)})
	}
	return c
}
