package reports

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"attnbench/results"
)

// comparer makes a comparison of pairs of cells.
type comparer struct {
	units  []results.Unit
	limits []Limit
	bouts  []*bout
	tests  int // U tests of all tables, which are corrected together
}

// conclude judges all pairs and reports on them. It fails where there are none, or none that a limit is for.
func (c *comparer) conclude(fileWarnings ...[]string) (*Comparison, error) {
	c.fight()
	if err := c.enough(); err != nil {
		return nil, err
	}
	out := Comparison{Report: Report{Title: "Comparison"}}
	for _, b := range c.bouts {
		p := c.part(b)
		if len(c.bouts) > 1 {
			p.Name = strings.TrimSpace("machine " + b.sides[0].machine + " " + b.sides[0].commit)
		}
		out.Parts = append(out.Parts, p)
	}
	for _, texts := range fileWarnings {
		out.Parts[0].addFileWarnings(texts)
	}
	for _, l := range c.limits {
		if text := c.past(l); text != "" {
			out.Past = append(out.Past, text)
		}
	}
	return &out, nil
}

// fight compares all pairs in all units, corrects the tests together and settles the verdicts.
func (c *comparer) fight() {
	var tests []*duel
	var p []float64
	c.each(func(x *contest, s *section, pair pairing, unit results.Unit) {
		d := newDuel(pair, unit, x.key == keyVariant)
		if unit.Name == results.Time {
			d.floor = max(x.sides[0].floor, x.sides[1].floor)
		}
		s.duels[unit.Name] = append(s.duels[unit.Name], d)
		if d.tested {
			tests, p = append(tests, d), append(p, d.p)
		}
	})
	for i, corrected := range holm(p) {
		tests[i].corrected = corrected
	}
	c.tests = len(tests)
	for _, b := range c.bouts {
		sameSeed := b.sides[0].fact(results.KeySeed) == b.sides[1].fact(results.KeySeed)
		for _, x := range b.contests {
			for _, d := range x.all() {
				ranked := x.key != keyVariant || competes(d.cells[0].variant) && competes(d.cells[1].variant)
				d.judge(sameSeed, ranked)
			}
		}
	}
}

// both reports whether both cells have a unit to compare. Single heads are measured for their errors.
func (p pairing) both(unit results.Unit) bool {
	return p.cells[0].has(unit.Name) && p.cells[1].has(unit.Name) && (p.cells[0].Head == "" || seeded(unit.Name))
}

// each visits every pair of cells with every unit that both have.
func (c *comparer) each(visit func(x *contest, s *section, pair pairing, unit results.Unit)) {
	for _, b := range c.bouts {
		for _, x := range b.contests {
			for _, s := range x.sections {
				s.duels = make(map[string][]*duel)
				for _, unit := range c.units {
					for _, pair := range s.pairs {
						if pair.both(unit) {
							visit(x, s, pair, unit)
						}
					}
				}
			}
		}
	}
}

// all lists the duels of a contest.
func (x *contest) all() (list []*duel) {
	for _, s := range x.sections {
		for _, unit := range results.Units() {
			list = append(list, s.duels[unit.Name]...)
		}
	}
	return list
}

// in lists the duels of a contest in a unit.
func (x *contest) in(unit string) (list []*duel) {
	for _, s := range x.sections {
		list = append(list, s.duels[unit]...)
	}
	return list
}

// enough fails where there is nothing to compare, and where a limit could not be passed because nothing of
// its kind is compared: a gate that is always open would not be noticed.
func (c *comparer) enough() error {
	pairs := 0
	have := make(map[string]bool)
	for _, b := range c.bouts {
		for _, x := range b.contests {
			for _, s := range x.sections {
				pairs += len(s.pairs)
			}
			for _, d := range x.all() {
				have[d.unit.Name] = true
			}
		}
	}
	if pairs == 0 {
		return errors.New("no cell was measured on both sides" + c.hint())
	}
	for _, l := range c.limits {
		if !slices.ContainsFunc(l.units, func(unit string) bool { return have[unit] }) {
			return fmt.Errorf("--fail %s: no cell has %s on both sides", l, list(l.units))
		}
	}
	return nil
}

// hint names the first key in which cells of the sides differ everywhere, if there is one.
func (c *comparer) hint() string {
	var keys [2]map[string][]string
	for i := range keys {
		keys[i] = make(map[string][]string)
	}
	for _, b := range c.bouts {
		for _, x := range b.contests {
			for _, a := range x.alone {
				for _, k := range a.cell.Keys() {
					if k.Name != x.key && !slices.Contains(keys[a.side][k.Name], k.Value) {
						keys[a.side][k.Name] = append(keys[a.side][k.Name], k.Value)
					}
				}
			}
		}
	}
	for _, key := range append([]string{keyVariant, "n"}, fixedKeys()...) {
		old, new := keys[0][key], keys[1][key]
		apart := !slices.ContainsFunc(old, func(v string) bool { return slices.Contains(new, v) })
		if len(old) > 0 && len(new) > 0 && apart {
			return fmt.Sprintf(": one has %s %s, the other %s", key, list(old), list(new))
		}
	}
	return ": measure the same cells for both"
}

// past names the cells that are past a limit, some of many; empty where there are none.
func (c *comparer) past(l Limit) string {
	const most = 3
	var cells []string
	for _, b := range c.bouts {
		for _, x := range b.contests {
			for _, d := range x.all() {
				if d.past(l) {
					cells = append(cells, fmt.Sprintf("%s %s %s", x.fullName(d), d.unit.Name, d.sentence()))
				}
			}
		}
	}
	if len(cells) == 0 {
		return ""
	}
	text := l.String() + ": " + strings.Join(cells[:min(most, len(cells))], "; ")
	if more := len(cells) - most; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}
