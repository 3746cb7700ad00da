package chart

import (
	"math"
	"testing"

	"gonum.org/v1/plot/vg"
	"pgregory.net/rapid"
)

func TestSpread(t *testing.T) {
	for _, test := range []struct {
		name       string
		want, have []vg.Length
	}{
		{"nothing", nil, nil},
		{"apart already", []vg.Length{20, 50, 80}, []vg.Length{20, 50, 80}},
		{"equal, the first is higher", []vg.Length{50, 50}, []vg.Length{55, 45}},
		{"three pushed apart", []vg.Length{50, 51, 52}, []vg.Length{41, 51, 61}},
		{"at the lower end", []vg.Length{0, 3}, []vg.Length{0, 10}},
		{"at the upper end", []vg.Length{99, 100}, []vg.Length{90, 100}},
		{"a push reaches the next", []vg.Length{50, 50, 62}, []vg.Length{54, 44, 64}},
	} {
		places := spread(test.want, 10, 0, 100)
		for i := range test.have {
			if math.Abs(float64(places[i]-test.have[i])) > 1e-9 {
				t.Errorf("%s: %v goes to %v, want %v", test.name, test.want, places, test.have)
				break
			}
		}
	}
}

func TestSpreadKeepsApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want []vg.Length
		for _, v := range rapid.SliceOfN(rapid.Float64Range(-20, 220), 0, 20).Draw(t, "wanted") {
			want = append(want, vg.Length(v))
		}
		places := spread(want, 10, 0, 200)
		for i, a := range places {
			if a < -1e-9 || a > 200+1e-9 {
				t.Fatalf("%v: out of bounds", places)
			}
			for j, b := range places {
				if i != j && math.Abs(float64(a-b)) < 10-1e-9 {
					t.Fatalf("%v: %d and %d are too close", places, i, j)
				}
				if want[i] < want[j] && a > b {
					t.Fatalf("%v: %d and %d changed places", places, i, j)
				}
			}
		}
	})
}

func TestSegmentCrossesBox(t *testing.T) {
	box := vg.Rectangle{Min: vg.Point{X: 10, Y: 10}, Max: vg.Point{X: 20, Y: 20}}
	for _, test := range []struct {
		name string
		a, b vg.Point
		want bool
	}{
		{"through", vg.Point{X: 0, Y: 15}, vg.Point{X: 30, Y: 15}, true},
		{"inside", vg.Point{X: 12, Y: 12}, vg.Point{X: 13, Y: 14}, true},
		{"over a corner", vg.Point{X: 5, Y: 12}, vg.Point{X: 12, Y: 5}, false},
		{"cutting a corner", vg.Point{X: 8, Y: 16}, vg.Point{X: 16, Y: 24}, true},
		{"short of it", vg.Point{X: 0, Y: 15}, vg.Point{X: 9, Y: 15}, false},
		{"upright beside it", vg.Point{X: 21, Y: 0}, vg.Point{X: 21, Y: 30}, false},
		{"a point inside", vg.Point{X: 15, Y: 15}, vg.Point{X: 15, Y: 15}, true},
		{"a point outside", vg.Point{X: 5, Y: 15}, vg.Point{X: 5, Y: 15}, false},
	} {
		if got := (segment{test.a, test.b}).crosses(box); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
		if got := (segment{test.b, test.a}).crosses(box); got != test.want {
			t.Errorf("%s, backwards: %v, want %v", test.name, got, test.want)
		}
	}
}

// anyChart draws a chart: values that cannot be drawn, equal ends, single points and crowds included.
func anyChart(t *rapid.T) Chart {
	value := rapid.OneOf(
		rapid.Float64Range(1e-6, 10), rapid.Just(1e-3), rapid.Just(1e-3),
		rapid.SampledFrom([]float64{0, -1, math.NaN(), math.Inf(1)}),
	)
	unit := Unit(rapid.IntRange(int(Seconds), int(Fraction)).Draw(t, "unit"))
	c := Chart{Title: "title", XLabel: "length", YLabel: "value", YUnit: unit}
	for range rapid.IntRange(0, 14).Draw(t, "series") {
		s := Series{Label: rapid.StringMatching(`[a-z]{1,9}( [a-z]=\d{1,9})?`).Draw(t, "label")}
		for e := range rapid.IntRange(0, 11).Draw(t, "points") {
			s.X = append(s.X, math.Exp2(float64(6+e)))
		}
		s.Y = rapid.SliceOfN(value, len(s.X), len(s.X)).Draw(t, "values")
		c.Series = append(c.Series, s)
	}
	for range rapid.IntRange(0, 5).Draw(t, "marks") {
		x, y := rapid.Float64Range(64, 1<<16).Draw(t, "x"), value.Draw(t, "y")
		c.Marks = append(c.Marks, Mark{X: x, Y: y, Label: rapid.StringMatching(`[a-z ]{1,30}\d`).Draw(t, "mark")})
	}
	return c
}

func TestLabelsNeverOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyChart(t).tidy()
		f, err := c.figure()
		if err != nil {
			t.Fatal(err)
		}
		page := vg.Rectangle{Max: f.size}
		for i, a := range f.labels {
			if !within(a.box, page) {
				t.Fatalf("%q is off the page", a.text)
			}
			for _, b := range f.labels[:i] {
				if overlap(a.box, b.box) {
					t.Fatalf("%q %v and %q %v overlap", a.text, a.box, b.text, b.box)
				}
				if leads(a, b) || leads(b, a) {
					t.Fatalf("%q %v and %q %v: a leader crosses the other", a.text, a.box, b.text, b.box)
				}
			}
		}
	})
}

// leads reports whether the leader of a label passes over another.
func leads(a, b label) bool {
	for i := 1; i < len(a.leader); i++ {
		if (segment{a.leader[i-1], a.leader[i]}).crosses(b.box) {
			return true
		}
	}
	return false
}

func TestEveryLineIsLabelled(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyChart(t).tidy()
		f, err := c.figure()
		if err != nil {
			t.Fatal(err)
		}
		count := map[string]int{}
		for _, l := range f.labels {
			count[l.text]++
		}
		for i, s := range c.Series {
			if len(s.points()) == 0 {
				continue
			}
			if count[s.Label]--; count[s.Label] < 0 {
				t.Fatalf("series %d: no label %q", i, s.Label)
			}
		}
	})
}
