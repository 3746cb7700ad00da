package reports

import (
	"cmp"
	"fmt"
	"strconv"

	"attnbench/results"
)

// rooflineTable holds every variant, at the longest length that it was measured at, against what the machine
// can do there: the FMA peak, and what its memory can feed where q, k, v, out and the parameters are read or
// written once (Williams, Waterman and Patterson 2009). Beside the useful work stands what the implementation
// executes: so a reader sees what is the mechanism and what the implementation. Nil without rates,
// and for decoding.
func (s *setting) rooflineTable(g *group) *Table {
	if s.decodes() { // the state may be in a cache, whose bandwidth nobody measured
		return nil
	}
	t := Table{ID: "roofline", Title: "Roofline at the longest length", Setting: s.text(), Columns: []Column{
		{Name: "variant", Left: true}, {Name: "n"}, {Name: "useful", Unit: "GFLOP/s"},
		{Name: "executed", Unit: "× useful"}, {Name: "intensity", Unit: "FLOP/B"},
		{Name: "bound", Unit: "GFLOP/s"}, {Name: "reached", Unit: "%"}, {Name: "by", Left: true},
	}}
	bandwidth := g.roof("stream", s.probe)
	for _, x := range s.series {
		c := x.last()
		if c == nil || !c.rated() {
			continue
		}
		t.Rows = append(t.Rows, x.row(append([]Cell{words(x.label)}, c.roofline(bandwidth)...)...))
	}
	if len(t.Rows) == 0 {
		return nil
	}
	moved := "operands"
	if s.gradients() {
		moved += ", gradients"
	}
	t.Notes = []string{
		"Useful work by the formulae of the papers; executed beside it: masked parts of tiles, padding. " +
			"Intensity: useful work over the bytes of " + moved + " and parameters, each moved once. The bound is " +
			"the lower of the FMA peak and of intensity × memory bandwidth" + bandwidthText(bandwidth) + ".",
	}
	return &t
}

func bandwidthText(bytes float64) string {
	if bytes == 0 {
		return ", which this file does not have"
	}
	return fmt.Sprintf(" (%s GB/s, a scaled copy)", digits(bytes/1e9))
}

// roofline is a cell's row behind its name.
func (m *measured) roofline(bandwidth float64) []Cell {
	rate := m.estimate(results.FLOPRate)
	executed, _ := m.value(results.ExecRate)
	beyond := absent // of a peer nobody knows
	if executed > 0 {
		beyond = digits(executed / rate.Median)
	}
	intensity, peak := m.intensity(), m.peak()
	bound, by := peak, "arithmetic"
	if fed := intensity * bandwidth; bandwidth > 0 && fed < peak {
		bound, by = fed, "memory"
	}
	part := Estimate{rate.Median / bound, rate.Lo / bound, rate.Hi / bound, rate.Samples}
	return []Cell{
		words(strconv.Itoa(m.N)),
		{
			Text:   digits(rate.Median/1e9) + spreadText(rate),
			Figure: &Figure{rate, results.FLOPRate}, Marks: m.marks(),
		},
		words(beyond),
		words(digits(intensity)),
		words(digits(bound / 1e9)),
		{Text: digits(100 * part.Median), Figure: &Figure{part, results.PeakFrac}, Marks: m.marks()},
		words(by),
	}
}

// rated reports whether the cell has a rate of useful work and its share of the peak.
func (m *measured) rated() bool { return m.has(results.FLOPRate) && m.has(results.PeakFrac) }

// peak is the FMA peak that the cell's rate was held against, in FLOP/s.
func (m *measured) peak() float64 {
	rate, _ := m.value(results.FLOPRate)
	share, _ := m.value(results.PeakFrac)
	return rate / share
}

// intensity is useful work over the bytes that a call moves at least.
func (m *measured) intensity() float64 { return m.usefulFLOPs() / m.movedBytes() }

// usefulFLOPs is the useful work of one call.
func (m *measured) usefulFLOPs() float64 {
	rate, _ := m.value(results.FLOPRate)
	nanoseconds, _ := m.value(results.Time)
	return rate * nanoseconds / 1e9
}

// movedBytes is the size of q, k, v, out and the parameters, and of the gradients of the former where the
// pass has them: what a call moves at least.
func (m *measured) movedBytes() float64 {
	keys, columns := cmp.Or(m.S, m.N), m.D+cmp.Or(m.E, m.D) // names leave out what is equal
	rows := float64(m.N+keys) * float64(columns)
	if m.Pass != results.PassForward {
		rows *= 2
	}
	size := 4.0
	if m.DType == "bf16" {
		size = 2
	}
	params, _ := m.value(results.ParamBytes)
	return size*rows*float64(m.Heads)*float64(m.Batch) + params
}

// last is the cell of the greatest length that has a time; nil without one.
func (x *series) last() *measured {
	var found *measured
	for _, c := range x.cells {
		if c.has(results.Time) && (found == nil || c.N > found.N) {
			found = c
		}
	}
	return found
}

// roof is a rate of the machine that the run measured, on the cell's instruction set and threads: "stream" in
// bytes a second. 0 where no header has it.
func (g *group) roof(name string, c results.Cell) float64 {
	key := fmt.Sprintf("%s-%s-t%d", name, c.SIMD, c.Threads)
	for _, h := range g.headers {
		if rate, err := strconv.ParseFloat(h.Get(key), 64); err == nil {
			return rate
		}
	}
	return 0
}
