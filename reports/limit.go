package reports

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"attnbench/results"
)

// A Limit is how much larger a figure may get before a comparison fails.
type Limit struct {
	Quantity string  // as written: one of Quantities, or a unit
	Percent  float64 // above the old figure
	units    []string
}

// ParseLimit reads QUANTITY>PERCENT%, such as time>5%.
func ParseLimit(text string) (Limit, error) {
	const usage = "write QUANTITY>PERCENT%, such as time>5%"
	name, number, found := strings.Cut(text, ">")
	if !found {
		if strings.Contains(text, "<") {
			return Limit{}, fmt.Errorf("%q: what gets smaller never fails: %s", text, usage)
		}
		return Limit{}, fmt.Errorf("%q has no >: %s", text, usage)
	}
	digits, isPercent := strings.CutSuffix(strings.TrimSpace(number), "%")
	if !isPercent {
		return Limit{}, fmt.Errorf("%q has no %% at its end: %s", text, usage)
	}
	percent, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	const most = 1e9 // leaves out infinity and NaN
	if err != nil || !(percent >= 0 && percent <= most) {
		return Limit{}, fmt.Errorf("%q: %q is not a percentage of at least 0: %s", text, digits, usage)
	}
	l := Limit{Quantity: strings.TrimSpace(name), Percent: percent}
	l.units, err = Quantity(l.Quantity)
	return l, err
}

// String is the limit as it is written.
func (l Limit) String() string {
	return l.Quantity + ">" + strconv.FormatFloat(l.Percent, 'f', -1, 64) + "%"
}

// quantity is what a person calls some units.
type quantity struct {
	name  string
	units []string
}

func quantities() []quantity {
	return []quantity{
		{"time", []string{results.Time}},
		{"memory", []string{results.WorkBytes, results.SavedBytes, results.StateBytes, results.ParamBytes}},
		{"error", []string{results.RelErr}},
		{"peak", []string{results.PeakBytes}},
		{"plan", []string{results.PlanTime}},
	}
}

// Quantities are the names of what can be compared, those first that are by default: see DefaultQuantities.
func Quantities() []string {
	var names []string
	for _, q := range quantities() {
		names = append(names, q.name)
	}
	return names
}

// DefaultQuantities are compared where nothing else is asked for.
func DefaultQuantities() []string { return Quantities()[:3] }

// Quantity returns the units that one of Quantities stands for. The name of a unit of which less is better
// stands for itself.
func Quantity(name string) ([]string, error) {
	for _, q := range quantities() {
		if q.name == name {
			return q.units, nil
		}
	}
	i := slices.IndexFunc(results.Units(), func(u results.Unit) bool { return u.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("no quantity %q: use %s, or a unit of which less is better, such as %s",
			name, list(Quantities()), results.WorkBytes)
	}
	if results.Units()[i].Better != "lower" {
		return nil, fmt.Errorf("%s is not a unit of which less is better: use %s", name, list(Quantities()))
	}
	return []string{name}, nil
}
