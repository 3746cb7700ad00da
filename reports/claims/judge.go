package claims

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"attnbench/reports"
	"attnbench/results"
)

// A Verdict on a claim or on one of its tests.
type Verdict string

// Verdicts.
const (
	Supported    Verdict = "supported"
	NotSupported Verdict = "not supported"
	Inconclusive Verdict = "inconclusive"
)

// A Judgement is what the results of one place say of one claim.
type Judgement struct {
	Claim    *Claim
	Verdict  Verdict
	Findings []Finding
}

// A Finding is the verdict on a test, at one place on the axis where it has several.
type Finding struct {
	Test     *Test
	Quantity string
	At       int              // on the axis; 0: the test takes all of it together
	Original float64          // NaN where there is none
	Ours     reports.Estimate // NaN where nothing could be estimated
	Known    bool             // Ours was estimated
	Min, Max float64          // infinite where the test leaves a side open
	Verdict  Verdict
	Why      string // one line: what speaks against deciding
	Settle   string // what would settle it, in words; empty where nothing that can be measured
	Runs     []Run  // that measure it
	Evidence []*Evidence

	wants   []Want // what Runs measure
	lacking bool   // only for want of cells
}

// Verdicts are the judgements on the results of one build on one machine and SIMD path.
type Verdicts struct {
	Machine, Commit, SIMD string
	Headers               []results.Header
	Warnings              []results.Warning // about the runs and the files, each once
	Judgements            []Judgement
}

// Judge settles claims on results, for every machine, build and SIMD path in them that has a cell that one of
// the claims needs; where none has, on the first.
func Judge(set *results.Set, list []*Claim, catalog Catalog) []Verdicts {
	var all []Verdicts
	places := gather(set, catalog)
	if len(places) == 0 {
		places = append(places, new(place))
	}
	var first Verdicts
	for i, p := range places {
		v := Verdicts{Machine: p.machine, Commit: p.commit, SIMD: p.simd, Headers: p.headers, Warnings: p.warnings}
		for _, text := range set.Warnings {
			v.Warnings = append(v.Warnings, results.Warning{Code: "file", Text: text})
		}
		for _, c := range list {
			v.Judgements = append(v.Judgements, p.judge(c, catalog))
		}
		if i == 0 {
			first = v
		}
		if v.touched() {
			all = append(all, v)
		}
	}
	if len(all) == 0 {
		all = append(all, first)
	}
	return all
}

// touched reports whether any cell was found.
func (v Verdicts) touched() bool {
	return slices.ContainsFunc(v.Judgements, func(j Judgement) bool {
		return slices.ContainsFunc(j.Findings, func(f Finding) bool {
			return slices.ContainsFunc(f.Evidence, func(e *Evidence) bool { return e.Name != "" })
		})
	})
}

func (p *place) judge(c *Claim, catalog Catalog) Judgement {
	j := Judgement{Claim: c}
	for i := range c.Tests {
		for _, at := range c.places(&c.Tests[i]) {
			j.Findings = append(j.Findings, p.find(c, &c.Tests[i], at, catalog))
		}
	}
	j.Verdict = overall(c, j.Findings)
	return j
}

// overall is the verdict on a claim: one test that is not supported refutes it, and it is supported where all
// are and nothing is left to decide.
func overall(c *Claim, findings []Finding) Verdict {
	is := func(v Verdict) func(Finding) bool { return func(f Finding) bool { return f.Verdict == v } }
	switch {
	case slices.ContainsFunc(findings, is(NotSupported)):
		return NotSupported
	case c.Needs != "" || len(findings) == 0 || slices.ContainsFunc(findings, is(Inconclusive)):
		return Inconclusive
	}
	return Supported
}

// find decides one test.
func (p *place) find(c *Claim, t *Test, at int, catalog Catalog) Finding {
	f := Finding{
		Test: t, Quantity: c.quantity(t), At: at, Original: c.original(t, at), Verdict: Inconclusive,
		Ours: exactly(math.NaN()),
	}
	f.Min, f.Max = bounds(t, f.Original)
	if name := c.lacking(t); name != "" {
		f.Why = fmt.Sprintf("the suite has no %s", name)
		return f
	}
	of, against := c.sides(t, at)
	seek := func(wants []Want) (list []*Evidence) {
		for _, w := range wants {
			list = append(list, p.seek(w, f.Quantity, catalog))
		}
		return list
	}
	ours, theirs := seek(of), seek(against)
	f.Evidence = slices.Concat(ours, theirs)
	f.measure(c, ours, theirs)
	if f.Verdict == Inconclusive {
		f.settle(c, at, catalog)
	}
	return f
}

func bounds(t *Test, original float64) (lo, hi float64) {
	if t.Factor != 0 {
		return original / t.Factor, original * t.Factor
	}
	lo, hi = math.Inf(-1), math.Inf(1)
	if t.Min != nil {
		lo = *t.Min
	}
	if t.Max != nil {
		hi = *t.Max
	}
	return lo, hi
}

// measure estimates the figure and compares it with the bounds.
func (f *Finding) measure(c *Claim, of, against []*Evidence) {
	switch f.Test.Measure {
	case MeasureExponent:
		f.exponent(c, counted(of))
	case MeasureCrossover:
		f.crossover(counted(of), counted(against))
	case MeasureRatio:
		if a, b := counted(of), counted(against); len(a) > 0 && len(b) > 0 {
			f.Ours, f.Known = reports.Ratio(b[0].Estimate, a[0].Estimate), true
		}
	case MeasureValue:
		if a := counted(of); len(a) > 0 {
			f.Ours, f.Known = a[0].Estimate, true
		}
	}
	if f.Why == "" {
		f.decide()
	}
}

// counted are the cells that may decide.
func counted(list []*Evidence) []*Evidence {
	return slices.DeleteFunc(slices.Clone(list), func(e *Evidence) bool { return e.Problem != "" })
}

// decide compares the interval with the bounds.
func (f *Finding) decide() {
	switch {
	case !f.Known:
		f.Why = f.missing()
	case f.Ours.Lo >= f.Min && f.Ours.Hi <= f.Max:
		f.Verdict = Supported
	case f.Ours.Hi < f.Min || f.Ours.Lo > f.Max:
		f.Verdict = NotSupported
	default:
		f.Why = "the interval straddles the limit"
		if m := f.missing(); m != "" {
			f.Why += "; " + m
		}
	}
}

// missing says which cells are not there to decide.
func (f *Finding) missing() string { return missing(f.Evidence) }

// missing lists the cells that decide nothing, those with the same problem together: "a at n = 64, 128; b at
// n = 64: not measured".
func missing(evidence []*Evidence) string {
	var problems []string
	labels, lengths := map[string][]string{}, map[string][]string{} // by problem; by problem and label
	for _, e := range evidence {
		if e.Problem == "" {
			continue
		}
		label, n := e.Want.Cell.Label(), strconv.Itoa(e.Want.Cell.N)
		problems = with(problems, e.Problem)
		labels[e.Problem] = with(labels[e.Problem], label)
		lengths[e.Problem+label] = with(lengths[e.Problem+label], n)
	}
	var parts []string
	for _, problem := range problems {
		var cells []string
		for _, label := range labels[problem] {
			list := lengths[problem+label]
			slices.SortFunc(list, byNumber)
			cells = append(cells, label+" at n = "+strings.Join(list, ", "))
		}
		parts = append(parts, strings.Join(cells, "; ")+": "+problem)
	}
	return strings.Join(parts, ". ")
}

// bytes reports whether the quantity is counted.
func (f *Finding) bytes() bool {
	return f.Quantity == QuantityMemory || f.Quantity == QuantityFootprint
}

// exponent fits how the quantity grows. A range that lacks one of its ends is another range.
func (f *Finding) exponent(c *Claim, cells []*Evidence) {
	points := pointsOf(cells)
	at := c.at(f.Test)
	if len(points) == 0 || points[0].N != at[0] || points[len(points)-1].N != at[len(at)-1] {
		f.Why = f.missing()
		return
	}
	g, ok := reports.FitGrowth(points)
	if !ok {
		f.Why = "too few places on the axis"
		return
	}
	if f.bytes() { // what is counted has no noise
		g.Lo, g.Hi = g.Exponent, g.Exponent
	}
	f.Ours, f.Known = reports.Estimate{Median: g.Exponent, Lo: g.Lo, Hi: g.Hi, Samples: g.Lengths}, true
	if !g.Settled {
		f.Why = "the growth is not yet asymptotic"
	}
}

// crossover finds from where on the axis one series is below the other.
func (f *Finding) crossover(of, against []*Evidence) {
	cross := reports.Cross
	if f.bytes() {
		cross = reports.CrossCounted
	}
	c := cross(pointsOf(of), pointsOf(against))
	switch c.Outcome {
	case reports.NotComputed:
		f.Why = f.missing()
		return
	case reports.Always:
		c.N, c.Lo, c.Hi = 0, 0, float64(c.From)
	case reports.NotInRange:
		c.N, c.Lo, c.Hi = math.Inf(1), float64(c.To), math.Inf(1)
	}
	f.Ours, f.Known = reports.Estimate{Median: c.N, Lo: c.Lo, Hi: c.Hi, Samples: len(of)}, true
	f.widen(of, against)
}

// widen takes into the interval of a crossover the places around it that count, where one between them does
// not: then the curves are interpolated over a wider step than the results have.
func (f *Finding) widen(of, against []*Evidence) {
	lower, upper := math.Inf(-1), math.Inf(1)
	for _, e := range of {
		place := float64(e.Want.Place)
		switch other := func(o *Evidence) bool { return o.Want.Place == e.Want.Place }; {
		case !slices.ContainsFunc(against, other):
		case place <= f.Ours.Median:
			lower = max(lower, place)
		default:
			upper = min(upper, place)
		}
	}
	between := func(e *Evidence) bool {
		place := float64(e.Want.Place)
		return e.Problem != "" && lower < place && place < upper
	}
	if !math.IsInf(lower, 0) && !math.IsInf(upper, 0) && slices.ContainsFunc(f.Evidence, between) {
		f.Ours.Lo, f.Ours.Hi = min(f.Ours.Lo, lower), max(f.Ours.Hi, upper)
	}
}

func pointsOf(cells []*Evidence) []reports.Point {
	var list []reports.Point
	for _, e := range cells {
		p := reports.Samples{N: e.Want.Place, Values: e.values}.Point()
		if e.Lo == e.Hi { // what is counted has no noise
			p = reports.Point{N: e.Want.Place, Estimate: e.Estimate}
		}
		list = append(list, p)
	}
	return list
}
