package reports

import (
	"fmt"
	"math"
	"strings"

	"attnbench/results"
)

// audit puts what one series claims beside what was counted and what was measured.
type audit struct {
	scaling
	peak   Growth // of the operating system's high-water mark, which holds the operands too
	peaked bool
	excess excess

	findings []finding
}

// finding is one disagreement: "counted work" grows as n^2.00, "where O(n·w) is claimed".
type finding struct{ what, does, instead string }

func (f finding) text() string { return f.what + " " + f.does + ", " + f.instead }

// excess is what the peak holds beyond operands and counted bytes at the longest length.
type excess struct {
	n              int
	bytes, counted float64
	known          bool
}

// Limits of the audit.
const (
	// maxExcess is how far a peak may lie above what is counted, as a share: allocators round, and passes with
	// gradients have copies of a few operands.
	maxExcess = 0.25
	// minExcess is what the runtime of the language may take by itself, in bytes.
	minExcess = 2 << 20
	// minGrowing is the share of counted bytes at the longest length that must grow for a law to count.
	minGrowing = 0.02
)

// audits are those of the suite's own variants.
func (s *setting) audits(fits []scaling) []audit {
	var list []audit
	for _, k := range fits {
		v := k.series.variant
		if v.Role == results.RoleReference || peer(v) || !k.timed && !k.sized {
			continue
		}
		a := audit{scaling: k, excess: k.series.excess()}
		if !s.decodes() { // its inputs are the whole context
			a.peak, a.peaked = FitGrowth(exact(k.series.points(results.PeakBytes)))
		}
		a.compare(s)
		list = append(list, a)
	}
	return list
}

// operations are the executed floating-point operations of a call, which are counted: what a sample says of
// them in a second, times its time.
func (x *series) operations() []Point {
	var points []Point
	for _, c := range x.growing() {
		if v, ok := c.operations(); ok {
			points = append(points, Point{N: c.N, Estimate: Estimate{v, v, v, 1}})
		}
	}
	return points
}

// operations are the executed operations of one call; ok is false where they are not counted.
func (c *measured) operations() (count float64, ok bool) {
	times, rates := c.units[results.Time], c.units[results.ExecRate]
	if !c.has(results.ExecRate) || len(times) != len(rates) {
		return 0, false
	}
	products := make([]float64, len(times))
	for i := range times {
		products[i] = times[i] * rates[i] / 1e9
	}
	return median(products), true
}

// growing are the cells that say how a series grows. At lengths at which an approximation scores most of the
// pairs it grows as exact attention does: they are left out, unless it never stops to.
func (x *series) growing() []*measured {
	var all, sparse []*measured
	for _, c := range x.cells {
		if !c.has(results.Time) {
			continue
		}
		all = append(all, c)
		if !c.covered() {
			sparse = append(sparse, c)
		}
	}
	if last := len(all) - 1; last >= 0 && all[last].covered() {
		return all
	}
	return sparse
}

// excess compares the peak with operands and counted bytes at the longest length.
func (x *series) excess() excess {
	n := x.longest()
	c := x.at(n)
	if c == nil {
		return excess{}
	}
	peak, ok := c.value(results.PeakBytes)
	e := excess{n: n, counted: c.OperandBytes(), known: ok && c.Pass != results.PassDecode}
	for _, unit := range []string{results.WorkBytes, results.SavedBytes, results.ParamBytes} {
		v, _ := c.value(unit)
		e.counted += v
	}
	e.bytes = peak - e.counted
	return e
}

// large reports whether more is held than is counted.
func (e excess) large() bool { return e.known && e.bytes > maxExcess*e.counted && e.bytes > minExcess }

// compare collects the findings.
func (a *audit) compare(s *setting) {
	add := func(what, does, instead string) { a.findings = append(a.findings, finding{what, does, instead}) }
	slack := claimSlack
	if strings.Contains(a.claimedTime.Text, "log") {
		slack += logSlack
	}
	if a.worked && a.work.Settled && a.work.Exponent > a.claimedTime.Exponent+slack {
		add("counted work", "grows as "+growthText(counted(a.work)), claimText(a.claimedTime))
	}
	if a.timeVerdict() == FasterGrowth {
		add("measured time", "grows as "+growthText(a.time)+glyphs(a.marks), claimText(a.claimedTime))
	}
	a.compareTimeAndWork(add)
	a.compareBytes(add, "counted "+s.memoryWord())
	if a.excess.large() {
		add("the measured peak", fmt.Sprintf("is %s at n = %d", sizeText(a.excess.bytes+a.excess.counted),
			a.excess.n), "where operands and counted bytes are "+sizeText(a.excess.counted))
	}
	// Beside small operands a peak grows by what the runtime of the language and whole pages happen to take.
	if a.peaked && a.peak.Settled && a.excess.bytes > minExcess &&
		a.peak.Exponent > math.Max(1, a.claimedMemory.Exponent)+claimSlack {
		add("the measured peak", "grows as "+growthText(counted(a.peak)),
			fmt.Sprintf("where operands grow as n and %s of memory is claimed", bigO(a.claimedMemory)))
	}
}

// compareTimeAndWork asks whether time follows the operations that it is spent on.
func (a *audit) compareTimeAndWork(add func(what, does, instead string)) {
	if !a.worked || !a.timed || !a.work.Settled || !a.time.Settled {
		return
	}
	instead := "where its counted work grows as " + growthText(counted(a.work))
	switch {
	case a.time.Lo > a.work.Exponent+claimSlack && a.timeVerdict() != FasterGrowth:
		add("measured time", "grows as "+growthText(a.time)+glyphs(a.marks), instead)
	case a.time.Hi < a.work.Exponent-claimSlack:
		add("measured time", "grows only as "+growthText(a.time)+glyphs(a.marks), instead)
	}
}

// compareBytes judges counted bytes by their exponent and, because a fixed part hides growth for long, by
// their law.
func (a *audit) compareBytes(add func(what, does, instead string), what string) {
	law := a.memoryLaw
	switch {
	case a.sized && a.memoryVerdict() == FasterGrowth:
		does := "grows as " + growthText(a.memory)
		if a.memoryLawful && law.Fits() && law.Bent() {
			does += fmt.Sprintf(" (as %s, beside a fixed part of %s)", law.Law, percent(law.FixedLast))
		}
		add(what, does, claimText(a.claimedMemory))
	case a.memoryLawful && law.Fits() && law.FixedLast < 1-minGrowing && law.above(a.claimedMemory.Exponent):
		add(what, fmt.Sprintf("grows as %s beside a fixed part of %s", law.Law, percent(law.FixedLast)),
			claimText(a.claimedMemory))
	}
}

// claimText is the claim that a finding contradicts.
func claimText(g results.Growth) string {
	if g.Exponent == 0 {
		return "where " + bigO(g) + " is claimed, which does not grow"
	}
	return "where " + bigO(g) + " is claimed"
}

// sizeText writes bytes for people.
func sizeText(v float64) string {
	sc := common(byteScales(), v/10)
	return digits(v/sc.factor) + " " + sc.name
}

// auditTable is the table of the setting.
func (s *setting) auditTable(list []audit) *Table {
	t := Table{
		ID: "audit", Title: "Complexity audit: claimed, counted, measured", Setting: s.text(),
		Columns: []Column{
			{Name: "variant", Left: true}, {Name: "time claimed", Left: true, Stacked: true},
			{Name: "work counted", Stacked: true}, {Name: "time measured", Stacked: true},
			{Name: "memory claimed", Left: true, Stacked: true},
			{Name: s.memoryWord() + " counted", Stacked: true},
			{Name: "peak measured", Stacked: true}, {Name: "differ"},
		},
	}
	for _, a := range list {
		verdict := "–"
		if n := len(a.findings); n > 0 {
			verdict = itoa(n)
		}
		t.Rows = append(t.Rows, a.series.row(
			words(a.series.label), words(bigO(a.claimedTime)), growthCell(counted(a.work), a.worked, nil),
			growthCell(a.time, a.timed, a.marks), words(bigO(a.claimedMemory)),
			growthCell(a.memory, a.sized, nil), growthCell(counted(a.peak), a.peaked, nil), words(verdict),
		))
	}
	if len(t.Rows) == 0 {
		return nil
	}
	for _, a := range list {
		for _, f := range a.findings {
			t.Notes = append(t.Notes, a.series.label+": "+f.text()+".")
		}
	}
	t.Notes = append(t.Notes, "Differ: how many of them disagree. Work: operations that were executed. Peak: "+
		"of the operating system, with the operands, so n^1.00 is the least. An exponent may miss its claim by "+
		"0.1, by 0.2 where the claim has a logarithm; a peak may exceed operands and counted bytes by a quarter.")
	return &t
}

// counted drops the interval of a growth.
func counted(g Growth) Growth {
	g.Lo, g.Hi = g.Exponent, g.Exponent
	return g
}

// auditLines say where claims, counts and measurements disagree.
func (s *analysis) auditLines() []string {
	var lines []string
	for _, a := range s.audits {
		for _, f := range a.findings {
			lines = append(lines, fmt.Sprintf("Audit: %s: %s.", a.series.label, f.text()))
		}
	}
	if lines == nil && len(s.audits) > 0 {
		return []string{"Audit: claimed growth, counted work, measured time and memory agree wherever enough " +
			"lengths were measured."}
	}
	return lines
}
