package chart

import (
	"slices"

	"gonum.org/v1/plot/vg"
)

// segment is a straight piece of a line.
type segment struct{ a, b vg.Point }

// crosses reports whether the segment has a point inside the box (Liang and Barsky's clipping).
func (s segment) crosses(box vg.Rectangle) bool {
	enter, leave := vg.Length(0), vg.Length(1)
	d := s.b.Sub(s.a)
	for _, side := range [4][2]vg.Length{
		{-d.X, s.a.X - box.Min.X}, {d.X, box.Max.X - s.a.X},
		{-d.Y, s.a.Y - box.Min.Y}, {d.Y, box.Max.Y - s.a.Y},
	} {
		switch p, q := side[0], side[1]; {
		case p == 0 && q <= 0:
			return false
		case p < 0:
			enter = max(enter, q/p)
		case p > 0:
			leave = min(leave, q/p)
		}
	}
	return enter < leave || d == (vg.Point{}) && enter <= leave
}

func overlap(a, b vg.Rectangle) bool {
	return a.Min.X < b.Max.X && b.Min.X < a.Max.X && a.Min.Y < b.Max.Y && b.Min.Y < a.Max.Y
}

func within(a, outer vg.Rectangle) bool {
	return a.Min.X >= outer.Min.X && a.Max.X <= outer.Max.X && a.Min.Y >= outer.Min.Y && a.Max.Y <= outer.Max.Y
}

// label is a text in its box, and the thin line that ties it to its point if it stands apart.
type label struct {
	text   string
	paint  paint
	size   vg.Length
	box    vg.Rectangle
	leader []vg.Point
}

// clutter is what a label inside the plot must keep clear of.
type clutter struct {
	plot     vg.Rectangle
	segments []segment
	leaders  []segment
	boxes    []vg.Rectangle
}

// hits counts the lines under a box. A box outside the plot, over another label or over a leader is refused.
func (c *clutter) hits(box vg.Rectangle) (n int, ok bool) {
	if !within(box, c.plot) ||
		slices.ContainsFunc(c.boxes, func(b vg.Rectangle) bool { return overlap(b, box) }) ||
		slices.ContainsFunc(c.leaders, func(s segment) bool { return s.crosses(box) }) {
		return 0, false
	}
	for _, s := range c.segments {
		if s.crosses(box) {
			n++
		}
	}
	return n, true
}

// lead adds a leader, which later labels keep clear of.
func (c *clutter) lead(leader []vg.Point) {
	for i := 1; i < len(leader); i++ {
		c.leaders = append(c.leaders, segment{leader[i-1], leader[i]})
	}
}

// tied reports whether a leader from p to a box would pass over another label or ring; that of p is no other.
func (c *clutter) tied(p vg.Point, box vg.Rectangle) bool {
	leader := tie(p, box)
	return slices.ContainsFunc(c.boxes, func(b vg.Rectangle) bool {
		return !holds(b, p) && segment{leader[0], leader[1]}.crosses(b)
	})
}

func holds(box vg.Rectangle, p vg.Point) bool { return within(vg.Rectangle{Min: p, Max: p}, box) }

// directions around a point, the most readable first: right, above right, below right, above, below, left …
var directions = [8]vg.Point{
	{X: 1, Y: 0}, {X: 1, Y: 1}, {X: 1, Y: -1}, {X: 0, Y: 1}, {X: 0, Y: -1},
	{X: -1, Y: 1}, {X: -1, Y: -1}, {X: -1, Y: 0},
}

// beside returns the box of a size that lies from p in a direction, gap away.
func beside(p, direction, size vg.Point, gap vg.Length) vg.Rectangle {
	centre := vg.Point{
		X: p.X + direction.X*(gap+size.X/2),
		Y: p.Y + direction.Y*(gap+size.Y/2),
	}
	half := size.Scale(0.5)
	return vg.Rectangle{Min: centre.Sub(half), Max: centre.Add(half)}
}

// free returns the first box around a point that is over no line, or else, unless clear is asked for, the one
// over the fewest. The gaps are tried from the nearest; beyond the first a leader has to get through.
func (c *clutter) free(
	p, size vg.Point, gaps []vg.Length, clear bool,
) (box vg.Rectangle, gap vg.Length, ok bool) {
	fewest := -1
	for _, g := range gaps {
		for _, d := range directions {
			b := beside(p, d, size, g)
			n, fits := c.hits(b)
			if !fits || clear && n > 0 || fewest >= 0 && n >= fewest || g > gaps[0] && c.tied(p, b) {
				continue
			}
			box, gap, ok, fewest = b, g, true, n
		}
		if fewest == 0 {
			break
		}
	}
	return box, gap, ok
}

// spread moves places apart until they are pitch from each other, within low and high, each as little as can
// be (least squares, by pooling neighbours that push each other). Order is kept; of equal places the earlier
// one comes out higher.
func spread(want []vg.Length, pitch, low, high vg.Length) []vg.Length {
	order := make([]int, len(want))
	for i := range order {
		order[i] = len(want) - 1 - i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case want[a] < want[b]:
			return -1
		case want[a] > want[b]:
			return 1
		}
		return 0
	})
	type pool struct {
		sum   vg.Length
		count int
	}
	var pools []pool
	for rank, i := range order {
		pools = append(pools, pool{want[i] - vg.Length(rank)*pitch, 1})
		for n := len(pools); n > 1; n-- {
			a, b := pools[n-2], pools[n-1]
			if a.sum*vg.Length(b.count) <= b.sum*vg.Length(a.count) {
				break
			}
			pools = append(pools[:n-2], pool{a.sum + b.sum, a.count + b.count})
		}
	}
	places, rank := make([]vg.Length, len(want)), 0
	highest := high - vg.Length(len(want)-1)*pitch
	for _, p := range pools {
		base := max(low, min(p.sum/vg.Length(p.count), highest))
		for range p.count {
			places[order[rank]] = base + vg.Length(rank)*pitch
			rank++
		}
	}
	return places
}
