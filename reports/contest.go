package reports

import (
	"fmt"
	"slices"

	"attnbench/results"
)

// A bout is the part of a comparison that is about one machine, or about two that stand against each other.
type bout struct {
	sides    [2]*group // the same where values of a key are compared
	both     *group    // the cells of both, for benchstat commands: made when first asked for
	contests []*contest
}

// A contest compares cells of two sides one by one.
type contest struct {
	names    [2]string // of the sides, for people
	values   [2]string // of the key
	key      string    // in which the cells of a pair differ; empty where they have the same name
	sides    [2]*group
	sections []*section
	alone    []alone
}

// A section holds the cells of one setting that both sides have.
type section struct {
	probe results.Cell // see probe; without the key of the contest
	pairs []pairing
	duels map[string][]*duel // by unit
}

// A pairing is a cell on both sides.
type pairing struct {
	name  string // of the row
	cells [2]*measured
}

// alone is a cell that was measured on one side only.
type alone struct {
	cell   *measured
	side   int
	reason string // why the other side has none
}

// seated is a cell with its place among those of its side: two cells of the same place are compared.
type seated struct {
	*measured
	place string
	own   results.Cell // without the key that is compared
}

// cellsIn lists the cells of a group in the order of reports.
func (g *group) cellsIn(set *results.Set) []seated {
	var list []seated
	for _, heads := range []bool{false, true} {
		for i, s := range g.settings(set, heads) {
			for _, x := range s.series {
				for _, c := range x.cells {
					// Peers sit in the setting that they were measured beside, whatever their SIMD path is called.
					place := fmt.Sprint(heads, i, c.N, c.Head)
					list = append(list, seated{c, place, c.Cell})
				}
			}
		}
	}
	return list
}

// cellsNamed is cellsIn where cells of the same name are to be compared.
func (g *group) cellsNamed(set *results.Set) []seated {
	list := g.cellsIn(set)
	for i, c := range list {
		list[i].place = c.Name()
	}
	return list
}

// pick leaves the cells with a value of a key; cells that differ in it alone have the same place.
func pick(cells []seated, key, value string) []seated {
	var picked []seated
	for _, c := range cells {
		if valueOf(c.Cell, key) != value {
			continue
		}
		c.own = without(c.Cell, key)
		if key != keyVariant {
			c.place = c.own.Name()
		}
		picked = append(picked, c)
	}
	return picked
}

// rowName names a cell among those of its setting.
func (c seated) rowName() string {
	name := fmt.Sprintf("n=%d", c.N)
	if c.own.Variant != "" {
		name = c.own.Label() + " " + name
	}
	if c.Head != "" {
		name += " " + c.Head
	}
	return name
}

// newContest pairs the cells of two sides that were measured on both and lists the others.
func newContest(names [2]string, sides [2]*group, key string, old, new []seated) *contest {
	c := &contest{names: names, sides: sides, key: key}
	there := make(map[string]seated)
	for _, x := range new {
		there[x.place] = x
	}
	paired := make(map[string]bool)
	for _, x := range old {
		y, found := there[x.place]
		switch {
		case !x.has(results.Time):
		case found && y.has(results.Time):
			paired[x.place] = true
			c.pair(x, y)
		default:
			c.alone = append(c.alone, alone{x.measured, 0, y.absence()})
		}
	}
	here := make(map[string]seated)
	for _, x := range old {
		here[x.place] = x
	}
	for _, y := range new {
		if y.has(results.Time) && !paired[y.place] {
			c.alone = append(c.alone, alone{y.measured, 1, here[y.place].absence()})
		}
	}
	return c
}

// absence says why a cell, if it is there at all, has no figures.
func (c seated) absence() string {
	if c.measured == nil {
		return "not in the results"
	}
	return c.note.Status + ": " + c.note.Reason
}

func (c *contest) pair(x, y seated) {
	at := probe(x.own)
	i := slices.IndexFunc(c.sections, func(s *section) bool { return s.probe.Name() == at.Name() })
	if i < 0 {
		i = len(c.sections)
		c.sections = append(c.sections, &section{probe: at})
	}
	c.sections[i].pairs = append(c.sections[i].pairs, pairing{x.rowName(), [2]*measured{x.measured, y.measured}})
}
