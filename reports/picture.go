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
		XLabel: "sequence length n", YLabel: "time of " + base.label + " / time of the variant",
		YUnit: chart.Ratio,
	}
	lengths := s.lengths()
	for _, x := range s.series {
		if peer(x.variant) && !x.variant.Exact {
			continue
		}
		line := x.line()
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

// errorCharts show for each head what an approximation of softmax attention costs in time, and what it is
// worth: below the lines of the outputs that need no attention.
func (s *setting) errorCharts() []Chart {
	var list []Chart
	for _, head := range s.heads() {
		c := chart.Chart{
			Title:  "Error against time, head " + head + ": " + s.text() + ", n " + itoa(s.probe.N),
			XLabel: "time of one call", YLabel: "relative error", XUnit: chart.Seconds, YUnit: chart.Fraction,
			Narrow: true,
		}
		reach := Estimate{Lo: math.Inf(1)} // of the times
		var floors [2]float64
		drawn := 0
		for _, x := range s.series {
			line, m := x.line(), x.head(head)
			if m != nil && m.approximates() {
				nanoseconds, _ := m.value(results.Time)
				lost, _ := m.value(results.RelErr)
				floors[0], _ = m.value(results.RelErrZero)
				floors[1], _ = m.value(results.RelErrMeanV)
				line.X, line.Y = []float64{nanoseconds * 1e-9}, []float64{lost}
				reach.Lo, reach.Hi = min(reach.Lo, line.X[0]), max(reach.Hi, line.X[0])
				drawn++
			}
			c.Series = append(c.Series, line)
		}
		if drawn < 2 {
			continue
		}
		for i, name := range []string{"zero output", "mean of V"} {
			c.Series = append(c.Series, chart.Series{
				Label: name, Dashed: true, Plain: true,
				X: []float64{reach.Lo / 1.2, reach.Hi * 1.2}, Y: []float64{floors[i], floors[i]},
			})
		}
		list = append(list, Chart{"error-" + fileName(head), c})
	}
	return list
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
		line, intensity := x.line(), m.intensity()
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
