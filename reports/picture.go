package reports

import (
	"math"
	"regexp"
	"strings"

	"attnbench/reports/chart"
	"attnbench/results"
)

// speedupChart shows how many times faster than a baseline the others are, with a ring where each of them
// overtakes it.
func (s *setting) speedupChart(base *series, crossings []crossing) chart.Chart {
	c := chart.Chart{
		Title:  "Speed-up over " + base.label + ": " + s.text(),
		YLabel: "time of " + base.label + " / time of the variant",
		YUnit:  chart.Ratio,
	}
	lengths := s.lengths()
	for _, x := range s.series {
		if peer(x.variant) && !x.variant.Exact {
			continue
		}
		line := s.line(x)
		if x == base {
			line.Dashed, line.Plain = true, true
		}
		for _, n := range lengths {
			theirs, ours := base.at(n), x.at(n)
			if theirs == nil || ours == nil || x.variant.Role == results.RoleReference {
				continue
			}
			r := Ratio(theirs.estimate(results.Time), ours.estimate(results.Time))
			if x == base {
				r = Estimate{Median: 1, Lo: 1, Hi: 1}
			}
			line.X, line.Y = append(line.X, float64(n)), append(line.Y, r.Median)
			line.Lo, line.Hi = append(line.Lo, r.Lo), append(line.Hi, r.Hi)
		}
		c.Series = append(c.Series, line)
	}
	for _, x := range crossings {
		if x.base == base && x.Outcome == Crosses && !peer(x.series.variant) {
			c.Marks = append(c.Marks, chart.Mark{X: x.N, Y: 1, Label: x.series.label + " " + rough(x.N)})
		}
	}
	return c
}

// cost is what an error is bought with.
type cost struct {
	id, label string
	unit      chart.Unit
	of        func(*measured) (float64, bool) // in the chart's unit
	onFront   func(Tradeoff) bool
}

func costs() []cost {
	return []cost{
		{"error", "time", chart.Seconds, func(m *measured) (float64, bool) {
			nanoseconds, ok := m.value(results.Time)
			return nanoseconds * 1e-9, ok
		}, func(t Tradeoff) bool { return t.OnTime }},
		{"error-memory", "memory", chart.Bytes, (*measured).footprint,
			func(t Tradeoff) bool { return t.OnMemory }},
	}
}

// errorCharts show for each head what an approximation of softmax attention costs, and what it is worth:
// below the lines of the outputs that need no attention. Cost is time, and where mechanisms were measured
// under several settings, memory too; then a line joins the settings of a mechanism, and another the front.
func (s *setting) errorCharts() []Chart {
	var list []Chart
	kinds := costs()
	if !s.swept() {
		kinds = kinds[:1]
	}
	fronts := s.fronts("")
	for i, head := range s.heads() {
		for _, k := range kinds {
			lines := s.tradeoffLines(head, k)
			if lines == nil {
				continue
			}
			if s.swept() {
				lines = append(lines, fronts[i].line(k))
			}
			list = append(list, Chart{k.id + "-" + fileName(head), chart.Chart{
				Title:  "Error against " + k.label + ", head " + head + ": " + s.headText(""),
				XLabel: k.label + " of one call", YLabel: "relative error", XUnit: k.unit, YUnit: chart.Fraction,
				Narrow: true, Series: append(lines, s.floorLines(head, lines)...),
			}})
		}
	}
	return list
}

// tradeoffLines have the approximations' points on a head, one line for each mechanism where it has several
// settings. Nil where there are fewer than two points.
func (s *setting) tradeoffLines(head string, k cost) []chart.Series {
	var lines []chart.Series
	points, last := 0, ""
	for _, x := range s.series {
		if line := s.line(x); !s.swept() || x.variant.Name != last {
			if s.swept() {
				line.Label = x.variant.Name
			}
			lines, last = append(lines, line), x.variant.Name
		}
		m := x.head(head)
		if m == nil || !m.approximates() {
			continue
		}
		if price, ok := k.of(m); ok {
			lost, _ := m.value(results.RelErr)
			line := &lines[len(lines)-1]
			line.X, line.Y = append(line.X, price), append(line.Y, lost)
			points++
		}
	}
	if points < 2 {
		return nil
	}
	return lines
}

// line joins what is on the front, without exact attention, whose error is another world's.
func (f Front) line(k cost) chart.Series {
	line := chart.Series{Label: "front", Plain: true}
	for _, t := range f.Tradeoffs {
		if price, ok := k.of(t.cell); ok && k.onFront(t) && !t.Exact {
			line.X, line.Y = append(line.X, price), append(line.Y, t.Error)
		}
	}
	return line
}

// floorLines are the errors of outputs that need no attention, as wide as other lines.
func (s *setting) floorLines(head string, beside []chart.Series) (floors []chart.Series) {
	from, to := math.Inf(1), 0.0
	for _, line := range beside {
		for _, x := range line.X {
			from, to = min(from, x), max(to, x)
		}
	}
	for _, floor := range []struct{ label, unit string }{
		{"zero output", results.RelErrZero}, {"mean of V", results.RelErrMeanV},
	} {
		for _, x := range s.series {
			m := x.head(head)
			if m == nil || !m.approximates() {
				continue
			}
			if v, ok := m.value(floor.unit); ok {
				floors = append(floors, chart.Series{
					Label: floor.label, Dashed: true, Plain: true, X: []float64{from / 1.2, to * 1.2}, Y: []float64{v, v},
				})
				break
			}
		}
	}
	return floors
}

// approximates reports whether a cell has the time and the error of a mechanism that stands in for softmax
// attention.
func (m *measured) approximates() bool {
	return m.variant.Role == results.RoleApproximation && m.variant.Target == "" && m.has(results.Time) &&
		m.has(results.RelErr)
}

// fileName is a name as part of a file's: colons are no part of one everywhere.
func fileName(name string) string {
	return strings.Trim(regexp.MustCompile(`[^a-zA-Z0-9.]+`).ReplaceAllString(name, "-"), "-")
}

// rooflineCharts hold what each variant reached at its longest length against what the machine can do: none
// where its rates are not known.
func (s *setting) rooflineCharts(g *group) []Chart {
	bandwidth := g.roof("stream", s.probe)
	if s.decodes() || bandwidth == 0 {
		return nil
	}
	c := chart.Chart{
		Title: "Roofline: " + s.text(), XUnit: chart.Intensity, YUnit: chart.Rate,
		XLabel: "useful FLOP for each byte that has to be moved", YLabel: "useful FLOP/s at the longest length",
	}
	peak, from, to := 0.0, math.Inf(1), 0.0
	for _, x := range s.series {
		m := x.last()
		if m == nil || !m.rated() || peer(x.variant) && !x.variant.Exact {
			continue
		}
		rate := m.estimate(results.FLOPRate)
		line, intensity := s.line(x), m.intensity()
		line.X, line.Y = []float64{intensity}, []float64{rate.Median}
		line.Lo, line.Hi = []float64{rate.Lo}, []float64{rate.Hi}
		peak, from, to = max(peak, m.peak()), min(from, intensity), max(to, intensity)
		c.Series = append(c.Series, line)
	}
	if len(c.Series) == 0 {
		return nil
	}
	ridge := peak / bandwidth
	c.Series = append(c.Series, chart.Series{
		Label: "limit", Plain: true, X: []float64{min(from, ridge) / 2, ridge, 2 * max(to, ridge)},
		Y: []float64{bandwidth * min(from, ridge) / 2, peak, peak},
	})
	return []Chart{{"roofline", c}}
}
