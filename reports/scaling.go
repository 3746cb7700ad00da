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

	work   Growth // of the operations that were executed, which are counted
	worked bool

	timeLaw, memoryLaw, workLaw          LawFit
	timeLawful, memoryLawful, workLawful bool // there are enough lengths

	claimedTime, claimedMemory results.Growth
}

func (s *setting) scalings() []scaling {
	var list []scaling
	for _, x := range s.series {
		if !x.measured() {
			continue
		}
		k := scaling{series: x}
		k.claimedTime, k.claimedMemory = s.claims(x.variant)
		k.time, k.timed = FitGrowth(x.points(results.Time))
		k.memory, k.sized = FitGrowth(x.sizes())
		k.memory.Lo, k.memory.Hi = k.memory.Exponent, k.memory.Exponent
		k.work, k.worked = FitGrowth(x.operations())
		k.marks = x.noiseMarks(k.time.From)
		k.timeLaw, k.timeLawful = ChooseLaw(lengthSamples(x.growing()), false)
		k.workLaw, k.workLawful = ChooseLaw(settledSamples(x.operations(), 0), true)
		k.memoryLaw, k.memoryLawful = ChooseLaw(settledSamples(x.sizes(), k.memory.From), true)
		list = append(list, k)
	}
	return list
}

// exact drops the intervals of counted figures, and what else their samples tell.
func exact(points []Point) []Point {
	for i := range points {
		v := points[i].Median
		points[i] = Point{N: points[i].N, Estimate: Estimate{v, v, v, points[i].Samples}}
	}
	return points
}

func (k scaling) timeVerdict() Verdict {
	if !k.timed {
		return TooFew
	}
	return Judge(k.time, k.claimedTime.Exponent, strings.Contains(k.claimedTime.Text, "log"))
}

// memoryVerdict judges counted bytes: they have no noise, and fixed parts make them grow slower at first.
func (k scaling) memoryVerdict() Verdict {
	switch claim := k.claimedMemory; {
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

// memoryVerdictColumn is where the table of growth judges memory.
const memoryVerdictColumn = 7

// scalingTable puts claimed and measured growth side by side.
func (s *setting) scalingTable(fits []scaling) *Table {
	t := Table{
		ID: "scaling", Title: "Growth with the " + s.lengthText() + " n", Setting: s.text(),
		Columns: []Column{
			{Name: "variant", Left: true}, {Name: "time claimed", Left: true}, {Name: "time measured"},
			{Name: "fitted n", Left: true}, {Name: "verdict", Left: true},
			{Name: "memory claimed", Left: true}, {Name: "memory counted"}, {Name: "verdict", Left: true},
			{Name: "law of time", Left: true}, {Name: "law of memory", Left: true}, {Name: "law of work", Left: true},
		},
	}
	for _, k := range fits {
		if k.series.variant.Role == results.RoleReference || !k.timed && !k.sized {
			continue
		}
		row := k.series.row(
			words(k.series.label),
			words(bigO(k.claimedTime)), growthCell(k.time, k.timed, k.marks), words(k.fitted()),
			words(string(k.timeVerdict())),
			words(bigO(k.claimedMemory)), growthCell(k.memory, k.sized, nil), words(string(k.memoryVerdict())),
			lawCell(k.timeLaw, k.timeLawful), lawCell(k.memoryLaw, k.memoryLawful),
			lawCell(k.workLaw, k.workLawful),
		)
		if row.Peer { // nobody counts its workspace
			row.Cells[memoryVerdictColumn] = words(absent)
		}
		t.Rows = append(t.Rows, row)
	}
	if len(t.Rows) == 0 {
		return nil
	}
	t.Notes = []string{
		"Time: slope of log time over log n with its 95 % interval, over the longest lengths whose local slopes " +
			"agree. " + s.memoryNote(),
		lawNote,
	}
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

// growthText is "n^1.02 ±0.03", without interval where the figures were exact, and with ±? where there are
// too few samples for one.
func growthText(g Growth) string {
	const cents = 100
	text := fmt.Sprintf("n^%.2f", math.Round(cents*g.Exponent)/cents+0) // + 0 for that of -0.00
	switch half := (g.Hi - g.Lo) / 2; {
	case math.IsInf(half, 0):
		text += " ±?"
	case half > 0:
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
	t := Table{ID: "slopes", Title: "Local exponents of time", Setting: s.text()}
	t.Columns = []Column{{Name: "up to n", Left: true}}
	var ends []int
	for _, k := range fits {
		for _, l := range k.time.Slopes {
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
	row := k.series.row(words(k.series.label))
	for _, n := range ends {
		cell := words(absent)
		i := slices.IndexFunc(k.time.Slopes, func(l Slope) bool { return l.To == n })
		if i >= 0 {
			e := k.time.Slopes[i].Exponent
			cell = Cell{Text: fmt.Sprintf("%.2f", e), Figure: &Figure{Estimate{e, e, e, 1}, "exponent"}}
		}
		row.Cells = append(row.Cells, cell)
	}
	return row
}
