package reports

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"attnbench/results"
)

// scaling is how one series grows.
type scaling struct {
	series *series
	time   Growth
	timed  bool   // time could be fitted
	memory Growth // without interval: bytes are counted
	sized  bool
	marks  []Mark // of cells that the fit of time rests on
}

func (s *setting) scalings() []scaling {
	var list []scaling
	for _, x := range s.series {
		if !x.measured() {
			continue
		}
		k := scaling{series: x}
		k.time, k.timed = FitGrowth(x.points(results.Time))
		k.memory, k.sized = FitGrowth(exact(x.points(results.WorkBytes)))
		k.memory.Lo, k.memory.Hi = k.memory.Exponent, k.memory.Exponent
		k.marks = x.noiseMarks(k.time.From)
		list = append(list, k)
	}
	return list
}

// exact drops the intervals of counted figures.
func exact(points []Point) []Point {
	for i := range points {
		points[i].Lo, points[i].Hi = points[i].Median, points[i].Median
	}
	return points
}

func (k scaling) timeVerdict() Verdict {
	if !k.timed {
		return TooFew
	}
	return Judge(k.time, k.series.variant.Time.Exponent, strings.Contains(k.series.variant.Time.Text, "log"))
}

// memoryVerdict judges counted bytes: they have no noise, and fixed parts make them grow slower at first.
func (k scaling) memoryVerdict() Verdict {
	switch claim := k.series.variant.Memory; {
	case !k.sized:
		return TooFew
	case k.memory.Exponent > claim.Exponent+claimSlack:
		return FasterGrowth
	case k.memory.Exponent < claim.Exponent-claimSlack:
		return WithinClaim
	}
	return AsClaimed
}

// noiseMarks are those of cells from a length upward whose time is uncertain.
func (x *series) noiseMarks(from int) []Mark {
	var marks []Mark
	for _, c := range x.cells {
		if c.N >= from && c.has(results.Time) {
			marks = mergeMarks(marks, c.noiseMarks())
		}
	}
	return marks
}

// scalingTable puts claimed and measured growth side by side.
func (s *setting) scalingTable(fits []scaling) *Table {
	t := Table{
		ID: "scaling", Title: "Growth with the length n", Setting: s.text(),
		Columns: []Column{
			{Name: "variant", Left: true}, {Name: "time claimed", Left: true}, {Name: "time measured"}, {Name: "fitted n", Left: true},
			{Name: "verdict", Left: true}, {Name: "memory claimed", Left: true}, {Name: "memory counted"}, {Name: "verdict", Left: true},
		},
	}
	for _, k := range fits {
		if k.series.variant.Role == results.RoleReference || !k.timed && !k.sized {
			continue
		}
		v := k.series.variant
		row := Row{Cells: []Cell{
			words(k.series.label), words(bigO(v.Time)), growthCell(k.time, k.timed, k.marks), words(k.fitted()), words(string(k.timeVerdict())),
			words(bigO(v.Memory)), growthCell(k.memory, k.sized, nil), words(string(k.memoryVerdict())),
		}}
		t.Rows = append(t.Rows, row)
	}
	if len(t.Rows) == 0 {
		return nil
	}
	t.Notes = []string{"Time: slope of log time over log n with its 95 % interval, over the longest lengths whose local slopes agree. " +
		"Memory: the same for the counted bytes of the workspace, which have no noise."}
	return &t
}

func bigO(g results.Growth) string {
	if g.Text == "" {
		return absent
	}
	return "O(" + g.Text + ")"
}

func growthCell(g Growth, ok bool, marks []Mark) Cell {
	if !ok {
		return words(absent)
	}
	return Cell{
		Text:   growthText(g),
		Figure: &Figure{Estimate{g.Exponent, g.Lo, g.Hi, g.Lengths}, "exponent"}, Marks: marks,
	}
}

// growthText is "n^1.02 ±0.03", without interval where the figures were exact.
func growthText(g Growth) string {
	text := fmt.Sprintf("n^%.2f", g.Exponent)
	if half := (g.Hi - g.Lo) / 2; half > 0 {
		text += fmt.Sprintf(" ±%.2f", math.Max(half, 0.01))
	}
	return text
}

func (k scaling) fitted() string {
	if !k.timed {
		return absent
	}
	return fmt.Sprintf("%d–%d", k.time.From, k.time.To)
}

// slopeTable shows the exponent between neighbouring lengths.
func (s *setting) slopeTable(fits []scaling) *Table {
	t := Table{ID: "slopes", Title: "Local exponents of time", Setting: s.text(), Columns: []Column{{Name: "up to n", Left: true}}}
	var ends []int
	for _, k := range fits {
		for _, l := range k.time.Local {
			if !slices.Contains(ends, l.To) {
				ends = append(ends, l.To)
			}
		}
	}
	slices.Sort(ends)
	for _, n := range ends {
		t.Columns = append(t.Columns, Column{Name: itoa(n)})
	}
	for _, k := range fits {
		if k.timed && k.series.variant.Role != results.RoleReference {
			t.Rows = append(t.Rows, k.slopeRow(ends))
		}
	}
	if len(t.Rows) == 0 {
		return nil
	}
	t.Notes = []string{"Exponent between a length and the next shorter one that is at least a factor 1.5 away."}
	return &t
}

func (k scaling) slopeRow(ends []int) Row {
	row := Row{Cells: []Cell{words(k.series.label)}}
	for _, n := range ends {
		cell := words(absent)
		i := slices.IndexFunc(k.time.Local, func(l Slope) bool { return l.To == n })
		if i >= 0 {
			e := k.time.Local[i].Exponent
			cell = Cell{Text: fmt.Sprintf("%.2f", e), Figure: &Figure{Estimate{e, e, e, 1}, "exponent"}}
		}
		row.Cells = append(row.Cells, cell)
	}
	return row
}

// crossing is where a series falls below a baseline.
type crossing struct {
	series, base *series
	Crossover
	longest int // length at which the series was measured
	marks   []Mark
}

func (s *setting) crossings() []crossing {
	var list []crossing
	for _, base := range s.baselines() {
		for _, x := range s.series {
			if x.label == base.label || !x.measured() || x.variant.Role == results.RoleReference {
				continue
			}
			c := crossing{series: x, base: base, Crossover: Cross(x.samples(), base.samples())}
			c.longest = x.longest()
			c.marks = marksAround(x, base, c.place())
			list = append(list, c)
		}
	}
	return list
}

// place is the length whose neighbours decide the outcome.
func (c Crossover) place() float64 {
	switch c.Outcome {
	case Always:
		return 0
	case NotInRange:
		return math.Inf(1)
	}
	return c.N
}

func (x *series) longest() int {
	n := 0
	for _, c := range x.cells {
		if c.has(results.Time) {
			n = max(n, c.N)
		}
	}
	return n
}

// marksAround are the marks of the four cells between which a crossing was interpolated.
func marksAround(x, base *series, n float64) []Mark {
	var below, above *measured
	for _, c := range x.cells {
		switch {
		case !c.has(results.Time) || base.at(c.N) == nil:
		case float64(c.N) <= n:
			below = c
		case above == nil:
			above = c
		}
	}
	var marks []Mark
	for _, c := range []*measured{below, above} {
		if c != nil {
			marks = mergeMarks(marks, mergeMarks(c.marks(), base.at(c.N).marks()))
		}
	}
	return marks
}

// text spells the outcome, with what is not known.
func (c crossing) text() string {
	switch c.Outcome {
	case Always:
		return fmt.Sprintf("always (from n = %d)", c.From) + c.beyond()
	case NotInRange:
		return fmt.Sprintf("not within the range (to n = %d)", c.To) + c.beyond()
	case NotComputed:
		return string(NotComputed)
	}
	text := "n ≈ " + rough(c.N) + " " + c.bounds()
	if c.Several {
		text += ", the last of several"
	}
	return text + c.beyond()
}

// bounds is the 95 % interval.
func (c crossing) bounds() string {
	lo, hi := rough(c.Lo), rough(c.Hi)
	if c.Lo < float64(c.From) {
		lo = "below " + itoa(c.From)
	}
	if math.IsInf(c.Hi, 1) {
		hi = "beyond " + itoa(c.To)
	}
	return "[" + lo + ", " + hi + "]"
}

// beyond says that the baseline stopped before the variant.
func (c crossing) beyond() string {
	if c.longest > c.To && c.base.longest() == c.To {
		return fmt.Sprintf("; %s not measured past n = %d", c.base.label, c.To)
	}
	return ""
}

// crossingTable shows from which length each variant is faster than each baseline.
func (s *setting) crossingTable(list []crossing) *Table {
	if len(list) == 0 {
		return nil
	}
	t := Table{
		ID: "crossover", Title: "Length from which a variant is faster than a baseline", Setting: s.text(),
		Columns: []Column{{Name: "variant", Left: true}, {Name: "baseline", Left: true}, {Name: "faster from", Left: true}},
		Notes: []string{"Interpolated between lengths at which both were measured; in brackets the 95 % interval of a seeded bootstrap " +
			"over the samples. Nothing is extrapolated."},
	}
	for _, c := range list {
		t.Rows = append(t.Rows, Row{Cells: []Cell{words(c.series.label), words(c.base.label), c.Cell()}})
	}
	return &t
}

// Cell shows the outcome with the marks of the cells that it rests on.
func (c crossing) Cell() Cell {
	cell := Cell{Text: c.text(), Marks: c.marks}
	if c.Outcome == Crosses {
		cell.Figure = &Figure{Estimate{c.N, c.Lo, c.Hi, 1}, "n"}
	}
	return cell
}
