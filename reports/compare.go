package reports

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"attnbench/results"
)

// A Comparison is what two sides say about each other: two sets of results, or two values of a key of one.
type Comparison struct {
	Report
	Past []string // a line for each limit that cells are past
}

// CompareOptions say what to compare.
type CompareOptions struct {
	Quantities []string // see Quantity; none: DefaultQuantities
	Limits     []Limit  // their quantities are compared too
}

// An Axis is a key by which the cells of one set are told apart, with two or more of its values. All others
// are compared with the first.
type Axis struct {
	Key    string // one of Keys
	Values []string
}

// units lists the units to compare, in their order, each once.
func (o CompareOptions) units() ([]results.Unit, error) {
	names := o.Quantities
	if len(names) == 0 {
		names = DefaultQuantities()
	}
	var wanted []string
	for _, name := range names {
		units, err := Quantity(name)
		if err != nil {
			return nil, err
		}
		wanted = append(wanted, units...)
	}
	for _, l := range o.Limits {
		wanted = append(wanted, l.units...)
	}
	return slices.DeleteFunc(results.Units(), func(u results.Unit) bool {
		return !slices.Contains(wanted, u.Name)
	}), nil
}

// Compare compares the cells that two sets have in common, machine by machine. Each side holds one build of a
// machine.
func Compare(old, new *results.Set, o CompareOptions) (*Comparison, error) {
	units, err := o.units()
	if err != nil {
		return nil, err
	}
	pairs, err := matchMachines(split(old), split(new))
	if err != nil {
		return nil, err
	}
	c := comparer{units: units, limits: o.Limits}
	for _, sides := range pairs {
		c.bouts = append(c.bouts, &bout{sides: sides, contests: []*contest{
			newContest([2]string{"old", "new"}, sides, "", sides[0].cellsNamed(old), sides[1].cellsNamed(new)),
		}})
	}
	return c.conclude(old.Warnings, new.Warnings)
}

// matchMachines pairs the groups of two sides: the only ones whatever they are, several by their machine.
func matchMachines(old, new []*group) ([][2]*group, error) {
	if len(old) == 1 && len(new) == 1 {
		return [][2]*group{{old[0], new[0]}}, nil
	}
	for i, side := range [][]*group{old, new} {
		for k, g := range side {
			if slices.ContainsFunc(side[:k], func(o *group) bool { return o.machine == g.machine }) {
				return nil, fmt.Errorf("%s holds several builds of machine %s (commits %s): "+
					"give the files of one", sideNames()[i], g.machine, commits(side))
			}
		}
	}
	var pairs [][2]*group
	for _, g := range old {
		i := slices.IndexFunc(new, func(o *group) bool { return o.machine == g.machine })
		if i >= 0 {
			pairs = append(pairs, [2]*group{g, new[i]})
		}
	}
	if len(pairs) < max(len(old), len(new)) {
		return nil, errors.New("the sides hold several machines, not the same ones: give files of one machine each")
	}
	return pairs, nil
}

// sideNames are what the arguments of Compare are called in messages.
func sideNames() [2]string { return [2]string{"OLD", "NEW"} }

func commits(groups []*group) string {
	var names []string
	for _, g := range groups {
		names = append(names, g.commit)
	}
	return strings.Join(names, ", ")
}

// CompareBy compares the cells of one set that differ in a key alone, for each machine and build.
func CompareBy(set *results.Set, by Axis, o CompareOptions) (*Comparison, error) {
	units, err := o.units()
	if err != nil {
		return nil, err
	}
	c := comparer{units: units, limits: o.Limits}
	for _, g := range split(set) {
		b := &bout{sides: [2]*group{g, g}}
		cells := g.cellsIn(set)
		for _, value := range by.Values[1:] {
			values := [2]string{by.Values[0], value}
			names := values
			if by.Key != keyVariant {
				names = [2]string{by.Key + "=" + values[0], by.Key + "=" + values[1]}
			}
			x := newContest(names, b.sides, by.Key, pick(cells, by.Key, values[0]), pick(cells, by.Key, values[1]))
			x.values = values
			b.contests = append(b.contests, x)
		}
		c.bouts = append(c.bouts, b)
	}
	return c.conclude(set.Warnings)
}

// Keys are the keys by which cells of the set can be told apart: the variant with its options, what else a
// name holds, and single options.
func Keys(set *results.Set) []string {
	keys := []string{keyVariant, "simd", "threads", "dtype", "pass", "causal", "input", "h", "d", "b"}
	for _, run := range set.Runs {
		for _, c := range run.Cells {
			for _, o := range c.Cell.Options {
				if !slices.Contains(keys, o.Name) {
					keys = append(keys, o.Name)
				}
			}
		}
	}
	return keys
}

// Values are those of one of Keys in a set, by first appearance: of the variant, labels such as
// NAME[features=64].
func Values(set *results.Set, key string) []string {
	var values []string
	for _, run := range set.Runs {
		for _, c := range run.Cells {
			if v := valueOf(c.Cell, key); v != "" && !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
	}
	return values
}

const keyVariant = "variant"

// valueOf is a cell's value of a key, empty where it has none.
func valueOf(c results.Cell, key string) string {
	if key == keyVariant {
		return c.Label()
	}
	return keysOf(c)[key]
}

// without is a cell less a key.
func without(c results.Cell, key string) results.Cell {
	c.Options = slices.DeleteFunc(slices.Clone(c.Options), func(o results.Option) bool { return o.Name == key })
	switch key {
	case keyVariant:
		c.Variant, c.Options = "", nil
	case "simd":
		c.SIMD = ""
	case "threads":
		c.Threads = 0
	case "dtype":
		c.DType = ""
	case "pass":
		c.Pass = ""
	case "causal":
		c.Causal = false
	case "input":
		c.Input = ""
	case "h":
		c.Heads = 0
	case "d":
		c.D = 0
	case "b":
		c.Batch = 0
	}
	return c
}
