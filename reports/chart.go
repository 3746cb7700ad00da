package reports

import (
	"attnbench/reports/chart"
	"attnbench/results"
)

// A Chart is a picture of the report, with a name for its file: "time", "workspace".
type Chart struct {
	ID string
	chart.Chart
}

// charts are those of a setting: time, speed-up over each baseline and workspace over the length, of decoding
// the state instead. Fewer than two lengths make no chart.
func (s *setting) charts(crossings []crossing) []Chart {
	if len(s.lengths()) < 2 {
		return nil
	}
	along := "sequence length n"
	time := chart.Chart{Title: "Time of one call: " + s.text(), YLabel: "time of one call", YUnit: chart.Seconds}
	memory := Chart{"workspace", chart.Chart{
		Title: "Workspace of one call: " + s.text(), YLabel: "workspace", YUnit: chart.Bytes,
		Series: s.lines(results.WorkBytes, 1),
	}}
	if s.decodes() {
		along = "position n"
		time.Title, time.YLabel = "Time of "+s.callText()+": "+s.text(), "time of one token"
		memory = Chart{"state", chart.Chart{
			Title: "State kept for decoding: " + s.text(), YLabel: "state", YUnit: chart.Bytes,
			Series: s.lines(results.StateBytes, 1),
		}}
	}
	time.Series = s.lines(results.Time, 1e-9)
	list := []Chart{{"time", time}}
	for _, base := range s.baselines() {
		list = append(list, Chart{"speedup-" + base.label, s.speedupChart(base, crossings)})
	}
	list = append(list, memory)
	for i := range list {
		list[i].XLabel = along
	}
	return list
}

// line is a series without points.
func (s *setting) line(x *series) chart.Series {
	line := chart.Series{Label: x.label, Dashed: x.variant.Role == results.RoleReference || peer(x.variant)}
	if s.crowded {
		line.Colour = min(1+familyPlace(x.variant), chartColours) // references and peers share the last
	}
	return line
}

// lines are the medians of a unit, times a factor. Of the peers the exact ones are shown, which are what
// mechanisms compete with: two lines more for every mechanism would hide them all.
func (s *setting) lines(unit string, factor float64) []chart.Series {
	var lines []chart.Series
	for _, x := range s.series {
		if peer(x.variant) && !x.variant.Exact {
			continue
		}
		line := s.line(x)
		for _, p := range x.points(unit) {
			if p.Median <= 0 {
				continue
			}
			if unit != results.Time {
				p.Lo, p.Hi = p.Median, p.Median
			}
			line.X, line.Y = append(line.X, float64(p.N)), append(line.Y, factor*p.Median)
			line.Lo, line.Hi = append(line.Lo, factor*p.Lo), append(line.Hi, factor*p.Hi)
		}
		lines = append(lines, line) // one without points too: colours go by place
	}
	return lines
}
