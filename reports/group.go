package reports

import (
	"cmp"
	"slices"
	"strings"

	"attnbench/results"
)

// A group holds what one build measured on one machine: the cells that may stand in one table. Samples of one
// cell from several runs are pooled.
type group struct {
	machine, commit string
	headers         []results.Header
	runs            []results.Run
	files           []string
	cells           []*measured
	index           map[string]*measured
	varying         map[string]bool // see varies
	floor           float64         // see noiseFloor; 0 where it is not known
	only            []string        // the variants that a reader chose; nil where nothing was left out
}

// measured is a cell with the samples of all runs of its group.
type measured struct {
	results.Cell
	label   string          // variant with options and what the note adds: a row's name
	variant results.Variant // its declaration
	note    results.CellNote
	units   map[string][]float64
	runs    []*results.CellResults // what each run has of it
}

// split sorts a set into groups, by first appearance.
func split(set *results.Set) []*group {
	var groups []*group
	for _, run := range set.Runs {
		machine, commit := run.Header.Get(results.KeyMachine), run.Header.Get(results.KeyCommit)
		i := slices.IndexFunc(groups, func(g *group) bool { return g.machine == machine && g.commit == commit })
		if i < 0 {
			i = len(groups)
			groups = append(groups, &group{machine: machine, commit: commit, index: make(map[string]*measured)})
		}
		groups[i].add(set, run)
	}
	for _, g := range groups {
		g.varying = g.varies()
		g.floor, _, _ = g.noiseFloor()
	}
	return groups
}

func (g *group) add(set *results.Set, run *results.RunResults) {
	g.headers, g.runs = append(g.headers, run.Header), append(g.runs, run.Run)
	if !slices.Contains(g.files, run.File) {
		g.files = append(g.files, run.File)
	}
	for _, c := range run.Cells {
		name := c.Cell.Name()
		m := g.index[name]
		if m == nil {
			m = &measured{Cell: c.Cell, units: make(map[string][]float64)}
			m.variant = declaration(set, c.Cell.Variant)
			g.index[name], g.cells = m, append(g.cells, m)
		}
		m.pool(c)
	}
}

// pool adds the samples of one run. A run that measured the cell outweighs one that skipped it.
func (m *measured) pool(c *results.CellResults) {
	if m.note.Status != results.Done || c.Note.Status == results.Done {
		m.note = c.Note
	}
	m.runs = append(m.runs, c)
	m.label = m.Label()
	if m.note.Label != "" {
		m.label += " (" + m.note.Label + ")"
	}
	for _, s := range c.Samples {
		for _, v := range s.Values {
			m.units[v.Unit] = append(m.units[v.Unit], v.Value)
		}
	}
}

// declaration returns what a file says about a variant. One that it does not declare stands for itself and is
// ranked with the rest.
func declaration(set *results.Set, name string) results.Variant {
	if v, ok := set.Variant(name); ok {
		return v
	}
	return results.Variant{Name: name, Title: name, Role: results.RoleApproximation}
}

// has reports whether the cell has figures of a unit that count: a failed cell's do not.
func (m *measured) has(unit string) bool {
	return len(m.units[unit]) > 0 && m.note.Status != results.Failed
}

func (m *measured) estimate(unit string) Estimate {
	return Summarize(m.units[unit])
}

// value is the median of a unit that does not scatter; ok is false where it is absent.
func (m *measured) value(unit string) (v float64, ok bool) {
	if !m.has(unit) {
		return 0, false
	}
	return median(slices.Clone(m.units[unit])), true
}

// maxCoverage is the share of pairs above which a cell is nearly exact by coverage.
const maxCoverage = 0.5

// covered reports whether an approximation scores so many pairs that it is nearly exact.
func (m *measured) covered() bool {
	pairs, ok := m.value(results.PairFrac)
	return ok && pairs > maxCoverage && standsIn(m.variant)
}

// marks are the reasons to read the cell's time with care.
func (m *measured) marks() []Mark {
	return append(m.noiseMarks(), coverageMark(m)...)
}

// noiseMarks are the reasons that lie in the measurement.
func (m *measured) noiseMarks() []Mark {
	return NoiseMarks(m.estimate(results.Time), m.note.Warnings)
}

// NoiseMarks are the reasons not to trust a time, from its estimate and the warnings about its cell; none: it
// may be compared.
func NoiseMarks(time Estimate, warnings []results.Warning) []Mark {
	switch {
	case time.Samples < MinSamples:
		return []Mark{MarkFew}
	case time.Spread() > MaxSpread || slices.ContainsFunc(warnings, results.Warning.Noisy):
		return []Mark{MarkUnstable}
	}
	return nil
}

// ranked reports whether the cell's time may be compared in words.
func (m *measured) ranked() bool {
	return m.has(results.Time) && competes(m.variant) && len(m.marks()) == 0
}

// A setting is what the cells of one table share; they differ in variant, options and length.
type setting struct {
	probe  results.Cell // without variant, length and options
	series []*series    // by family, then in the order of the declarations

	crowded bool    // see group.crowded
	floor   float64 // see group.noiseFloor; 0 where it is not known
}

// A series is one variant with one set of options over lengths.
type series struct {
	label   string
	variant results.Variant
	cells   []*measured // ascending length
}

// settings sorts the group's cells of whole inputs, or those of single heads, by what they share.
func (g *group) settings(set *results.Set, heads bool) []*setting {
	var list []*setting
	byName := make(map[string]*setting)
	var peers []*measured
	for _, c := range g.cells {
		if (c.Head != "") != heads {
			continue
		}
		if c.SIMD == results.External {
			peers = append(peers, c)
			continue
		}
		probe := probe(c.Cell)
		name := probe.Name()
		if byName[name] == nil {
			byName[name] = &setting{probe: probe}
			list = append(list, byName[name])
		}
		byName[name].add(c)
	}
	list = seat(list, peers)
	crowded := g.crowded()
	for _, s := range list {
		s.crowded, s.floor = crowded, g.floor
		s.sort(set)
	}
	return list
}

// probe is what a cell shares with those of its setting.
func probe(c results.Cell) results.Cell {
	c.Variant, c.Options = "", nil
	if c.S == c.N {
		c.S = 0
	}
	if c.Head == "" {
		c.N = 0
	}
	c.Head = ""
	return c
}

func (s *setting) add(c *measured) {
	i := slices.IndexFunc(s.series, func(x *series) bool { return x.label == c.label })
	if i < 0 {
		i = len(s.series)
		s.series = append(s.series, &series{label: c.label, variant: c.variant})
	}
	s.series[i].cells = append(s.series[i].cells, c)
}

func (s *setting) sort(set *results.Set) {
	place := func(x *series) int {
		return slices.IndexFunc(set.Variants, func(v results.Variant) bool { return v.Name == x.variant.Name })
	}
	slices.SortStableFunc(s.series, func(a, b *series) int {
		return cmp.Or(compareFamilies(a.variant, b.variant), cmp.Compare(place(a), place(b)))
	})
	for _, x := range s.series {
		slices.SortStableFunc(x.cells, func(a, b *measured) int { return cmp.Compare(a.N, b.N) })
	}
}

// lengths are those at which something was measured, ascending.
func (s *setting) lengths() []int {
	var all []int
	for _, x := range s.series {
		for _, c := range x.cells {
			if c.has(results.Time) && !slices.Contains(all, c.N) {
				all = append(all, c.N)
			}
		}
	}
	slices.Sort(all)
	return all
}

// at returns the cell of a length, nil where it was not measured.
func (x *series) at(n int) *measured {
	for _, c := range x.cells {
		if c.N == n && c.has(results.Time) {
			return c
		}
	}
	return nil
}

// baselines are the exact variants that others are compared with.
func (s *setting) baselines() []*series {
	var list []*series
	for _, x := range s.series {
		if x.variant.Baseline && x.measured() {
			list = append(list, x)
		}
	}
	return list
}

func (x *series) measured() bool { return x.has(results.Time) }

// has reports whether a cell of the series has figures of a unit.
func (x *series) has(unit string) bool {
	return slices.ContainsFunc(x.cells, func(c *measured) bool { return c.has(unit) })
}

// points are the medians of a unit over lengths.
func (x *series) points(unit string) []Point {
	var points []Point
	for _, c := range x.cells {
		if c.has(unit) {
			points = append(points, Samples{c.N, c.units[unit]}.Point())
		}
	}
	return points
}

// lengthSamples are the times of cells.
func lengthSamples(cells []*measured) []Samples {
	var list []Samples
	for _, c := range cells {
		if c.has(results.Time) {
			list = append(list, Samples{c.N, c.units[results.Time]})
		}
	}
	return list
}

// text describes a setting: "gaussian, bidirectional, forward, 1 head, d 64, f32, avx2, 1 thread".
func (s *setting) text() string { return describe(s.probe, "") }

// describe is the text of a setting, without a key in which its cells differ.
func describe(p results.Cell, without string) string {
	masked := "bidirectional"
	if p.Causal {
		masked = "causal"
	}
	parts := []results.Option{
		{Name: "input", Value: p.Input}, {Name: "causal", Value: masked},
		{Name: "pass", Value: passText(p.Pass)},
		{Name: "h", Value: plural(p.Heads, "head")}, {Name: "d", Value: "d " + itoa(p.D)},
	}
	if p.E != 0 && p.E != p.D {
		parts = append(parts, results.Option{Name: "e", Value: "e " + itoa(p.E)})
	}
	if p.S != 0 {
		parts = append(parts, results.Option{Name: "s", Value: plural(p.S, "key")})
	}
	if p.Batch > 1 {
		parts = append(parts, results.Option{Name: "b", Value: "batch " + itoa(p.Batch)})
	}
	parts = append(parts,
		results.Option{Name: "dtype", Value: p.DType}, results.Option{Name: "simd", Value: p.SIMD},
		results.Option{Name: "threads", Value: plural(p.Threads, "thread")})
	var texts []string
	for _, part := range parts {
		if part.Name != without {
			texts = append(texts, part.Value)
		}
	}
	return strings.Join(texts, ", ")
}
