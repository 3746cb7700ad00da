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
// time and state. Fewer than two lengths make no chart.
func (s *setting) charts(crossings []crossing) []Chart {
	if len(s.lengths()) < 2 {
		return nil
	}
	time := chart.Chart{
		Title: "Time of " + s.callText() + ": " + s.text(), XLabel: "sequence length n", YLabel: "time of one call",
		YUnit: chart.Seconds, Series: s.lines(results.Time, 1e-9),
	}
	if s.decodes() {
		time.XLabel, time.YLabel = "position n", "time of one token"
		state := chart.Chart{
			Title: "State kept for decoding: " + s.text(), XLabel: time.XLabel, YLabel: "state",
			YUnit: chart.Bytes, Series: s.lines(results.StateBytes, 1),
		}
		return []Chart{{"time", time}, {"state", state}}
	}
	workspace := chart.Chart{
		Title: "Workspace of one call: " + s.text(), XLabel: "sequence length n", YLabel: "workspace",
		YUnit: chart.Bytes, Series: s.lines(results.WorkBytes, 1),
	}
	list := []Chart{{"time", time}}
	for _, base := range s.baselines() {
		list = append(list, Chart{"speedup-" + base.label, s.speedupChart(base, crossings)})
	}
	return append(list, Chart{"workspace", workspace})
}

// line is a series without points.
func (x *series) line() chart.Series {
	line := chart.Series{Label: x.label, Group: x.variant.Family}
	line.Dashed = x.variant.Role == results.RoleReference || peer(x.variant)
	if peer(x.variant) {
		line.Group = results.RolePeer
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
		line := x.line()
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
