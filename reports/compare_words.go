package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"attnbench/results"
)

// part reports on one machine, or on two that stand against each other.
func (c *comparer) part(b *bout) Part {
	var p Part
	p.Headlines = b.differences()
	for _, x := range b.contests {
		p.Headlines = append(p.Headlines, c.lines(x)...)
		if n := len(x.alone); n > 0 {
			p.Headlines = append(p.Headlines, fmt.Sprintf("%s on one side only, in no mean: listed below.",
				plural(n, "cell")))
		}
		for _, unit := range c.units {
			for _, s := range x.sections {
				p.addTable(c.table(b, x, s, unit))
			}
		}
		p.addTable(x.aloneTable())
	}
	p.Warnings, p.Facts = c.warnings(b), b.facts()
	return p
}

// lines say in words what came of a contest.
func (c *comparer) lines(x *contest) (lines []string) {
	who := x.names[1] + " against " + x.names[0]
	var equal []string
	for _, unit := range c.units {
		duels := x.in(unit.Name)
		switch counts := countVerdicts(duels); {
		case len(duels) == 0:
		case chanceless(unit) && counts[same] == len(duels):
			equal = append(equal, fmt.Sprintf("%s (%s)", unit.Name, plural(len(duels), "cell")))
		default:
			lines = append(lines, unitLine(who, unit, duels, counts))
			if unit.Name == results.Time {
				lines = append(lines, x.extremes(duels, higher, "slow-downs"),
					x.extremes(duels, lower, "speed-ups"))
			}
		}
	}
	if equal != nil {
		lines = append(lines, "Equal throughout, "+who+": "+list(equal)+".")
	}
	return slices.DeleteFunc(lines, func(l string) bool { return l == "" })
}

// unitLine counts what came of a unit.
func unitLine(who string, unit results.Unit, duels []*duel, counts map[verdict]int) string {
	name, less, more, even := unit.Name, "lower", "higher", "within the noise"
	switch {
	case unit.Name == results.Time:
		name, less, more = "time", "faster", "slower"
	case chanceless(unit):
		even = "equal"
	}
	line := fmt.Sprintf("%s, %s: of %s %d %s, %d %s, %d %s", name, who, plural(len(duels), "cell"),
		counts[lower], less, counts[higher], more, counts[same], even)
	if n := counts[unjudged]; n > 0 {
		line += fmt.Sprintf(", %d not judged", n)
	}
	if m := geomean(duels); m.rows > 1 {
		line += fmt.Sprintf("; geomean over the %d matched %s", m.rows, change(m.ratio()))
	}
	return line + "."
}

// extremes name the cells that changed most; empty where none did.
func (x *contest) extremes(duels []*duel, v verdict, word string) string {
	const most = 3
	picked := slices.DeleteFunc(slices.Clone(duels), func(d *duel) bool { return d.verdict != v })
	if len(picked) == 0 {
		return ""
	}
	slices.SortStableFunc(picked, func(a, b *duel) int {
		return cmp.Compare(math.Abs(math.Log(b.ratio.Median)), math.Abs(math.Log(a.ratio.Median)))
	})
	var texts []string
	for _, d := range picked[:min(most, len(picked))] {
		texts = append(texts, x.place(d)+" "+d.sentence())
	}
	return "Largest " + word + ": " + strings.Join(texts, "; ") + "."
}

// fullName names a pair within a whole report.
func (x *contest) fullName(d *duel) string {
	if x.key != "" {
		return x.names[1] + " against " + x.names[0] + ", " + x.place(d)
	}
	return x.place(d)
}

// place names a pair within a contest.
func (x *contest) place(d *duel) string {
	name := d.name
	if len(x.sections) > 1 {
		own := d.cells[0].Cell
		if x.key != "" {
			own = without(own, x.key)
		}
		name += " (" + describe(probe(own), x.key) + ")"
	}
	return name
}

// sentence is a change with what it rests on.
func (d *duel) sentence() string {
	if !d.tested {
		return change(d.ratio.Median)
	}
	return d.deltaText() + ", p Holm " + pText(d.corrected)
}

// sideKeys are what a reader must know to differ between the sides, by header key.
func sideKeys() []string {
	return []string{
		results.KeyMachine, "cpu", "cores", "caches", "memory", "os", "platform", "simd", "go", "goflags",
		results.KeyCommit, results.KeySeed,
	}
}

// fact is what the headers of a group say of a key, different values behind each other.
func (g *group) fact(key string) string {
	var values []string
	for _, h := range g.headers {
		if v := h.Get(key); v != "" && !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	return strings.Join(values, "; ")
}

// otherMachine reports whether the sides are two machines.
func (b *bout) otherMachine() bool {
	return b.sides[0].machine != b.sides[1].machine || b.sides[0].fact("cpu") != b.sides[1].fact("cpu")
}

// differences say on top what differs between the sides beside what is compared.
func (b *bout) differences() (lines []string) {
	if b.otherMachine() {
		lines = append(lines, "The sides were measured on different machines: "+
			"differences are theirs, not only the code's.")
	}
	var texts []string
	for _, key := range sideKeys() {
		if old, new := b.sides[0].fact(key), b.sides[1].fact(key); old != new {
			texts = append(texts, fmt.Sprintf("%s %s → %s", key, brief(old), brief(new)))
		}
	}
	if texts != nil {
		lines = append(lines, "Old and new differ in "+strings.Join(texts, ", ")+".")
	}
	return lines
}

// brief shortens what is long, such as a commit.
func brief(value string) string {
	const enough = 40
	switch {
	case value == "":
		return "(unknown)"
	case len(value) >= enough && !strings.Contains(value, " "):
		return value[:12]
	}
	return value
}

// facts are the header keys of both sides, said apart where they differ.
func (b *bout) facts() []results.Field {
	if b.sides[0] == b.sides[1] {
		return b.sides[0].facts()
	}
	var keys []string
	for _, g := range b.sides {
		for _, f := range g.facts() {
			if !slices.Contains(keys, f.Key) {
				keys = append(keys, f.Key)
			}
		}
	}
	var facts []results.Field
	for _, key := range keys {
		old, new := b.sides[0].fact(key), b.sides[1].fact(key)
		if old == new {
			facts = append(facts, results.Field{Key: key, Value: old})
			continue
		}
		for i, value := range []string{old, new} {
			if value != "" {
				facts = append(facts, results.Field{Key: []string{"old ", "new "}[i] + key, Value: value})
			}
		}
	}
	return facts
}

// warnings are those of the comparison, then those of the runs.
func (c *comparer) warnings(b *bout) []results.Warning {
	var list []results.Warning
	if b.otherMachine() {
		list = append(list, results.Warning{
			Code: "machines", Text: "the machines differ: a difference may be theirs, whatever its p",
			Remedy: "measure both sides on one machine",
		})
	}
	if b.sides[0] != b.sides[1] {
		list = append(list, b.runWarnings()...)
	}
	list = append(list, c.weak(b)...)
	list = append(list, c.open(b)...)
	for _, g := range b.sides {
		for _, w := range g.warnings() {
			if !slices.Contains(list, w) {
				list = append(list, w)
			}
		}
	}
	return list
}

// runWarnings are about runs as samples.
func (b *bout) runWarnings() (list []results.Warning) {
	for _, r := range b.sides[0].runs {
		if slices.ContainsFunc(b.sides[1].runs, func(o results.Run) bool { return o.ID == r.ID }) {
			list = append(list, results.Warning{
				Code: "same-run", Text: "run " + r.ID + " is on both sides: it is compared with itself",
				Remedy: "name another file",
			})
		}
	}
	if min(len(b.sides[0].runs), len(b.sides[1].runs)) == 1 {
		list = append(list, results.Warning{
			Code: "one-run",
			Text: "a side is a single run: what differs from run to run (memory layout, neighbours, temperature) " +
				"counts as a difference of the sides",
			Remedy: "measure old and new in turns, several runs each: " +
				"bench compare old1.txt,old2.txt new1.txt,new2.txt",
		})
	}
	return list
}

// weak tells of tests that cannot find anything: even samples that do not overlap would be within the noise.
func (c *comparer) weak(b *bout) []results.Warning {
	count := 0
	for _, x := range b.contests {
		for _, d := range x.all() {
			if d.tested && float64(c.tests)*smallestP(d.old.Samples, d.new.Samples) > alpha {
				count++
			}
		}
	}
	if count == 0 {
		return nil
	}
	return []results.Warning{{
		Code: "few-samples",
		Text: fmt.Sprintf("%s of %d have so few samples that no difference could be found, however large",
			plural(count, "test"), c.tests),
		Remedy: "take more samples of each cell, or compare less (--unit time)",
	}}
}

// open tells of cells that are past a limit and were not judged: the gate is open for them.
func (c *comparer) open(b *bout) (list []results.Warning) {
	for _, l := range c.limits {
		count := 0
		for _, x := range b.contests {
			for _, d := range x.all() {
				if d.verdict == unjudged && d.exceeds(l) {
					count++
				}
			}
		}
		if count > 0 {
			list = append(list, results.Warning{
				Code: "not-judged",
				Text: fmt.Sprintf("%s past --fail %s, but not judged: too noisy, too few samples, "+
					"or of another seed", plural(count, "cell"), l),
				Remedy: "measure longer, on a quieter machine (bench doctor), with one seed",
			})
		}
	}
	return list
}

// smallestP is the p of samples of these numbers that do not overlap.
func smallestP(n1, n2 int) float64 {
	p := 2.0
	for i := 1; i <= n1; i++ {
		p *= float64(i) / float64(n2+i)
	}
	return p
}
