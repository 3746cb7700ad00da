package variants

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Kind is the type of an option's value.
type Kind uint8

// The kinds of options. Ints is one integer, or one per head written 1|2|3.
const (
	Int Kind = iota
	Float
	Bool
	Choice
	Ints
)

// Option declares one option of a mechanism.
type Option struct {
	Name string
	Kind Kind
	// Default is the value's text. Empty: Mechanism.Derive derives it from the problem, and Derived says how in
	// words.
	Default, Derived string
	Min, Max         float64  // range of numbers, inclusive
	Even             bool     // integers must be even
	Choices          []string // values of a Choice, default first
	Doc              string   // one line
	// FromInput reads a size off a side input that is given while the option is not; SizeOf names that input.
	SizeOf    string
	FromInput func(t Tensor) string
}

// Setting is one option=value of a request.
type Setting struct{ Name, Value string }

// ParseSettings reads "a=1,b=2" (lists are written 1|2). It refuses an option given twice.
func ParseSettings(text string) ([]Setting, error) {
	var settings []Setting
	for field := range strings.SplitSeq(text, ",") {
		field = strings.TrimSpace(field)
		if field == "" {
			continue
		}
		name, value, found := strings.Cut(field, "=")
		if !found || name == "" || value == "" {
			return nil, fmt.Errorf("option %q: write it as name=value", field)
		}
		if slices.ContainsFunc(settings, func(s Setting) bool { return s.Name == name }) {
			return nil, fmt.Errorf("option %s is given twice", name)
		}
		settings = append(settings, Setting{name, value})
	}
	return settings, nil
}

// Option returns the declaration of an option; an unknown name is refused with the nearest one.
func (m *Mechanism) Option(name string) (*Option, error) {
	names := make([]string, len(m.Options))
	for i := range m.Options {
		if m.Options[i].Name == name {
			return &m.Options[i], nil
		}
		names[i] = m.Options[i].Name
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no option %q: it has none", name)
	}
	return nil, fmt.Errorf("no option %q%s (there are %s)",
		name, DidYouMean(name, names), strings.Join(names, ", "))
}

// Canonical checks a value and returns it as results write it: numbers without exponent, lists as 1|2|3.
func (o *Option) Canonical(value string) (string, error) {
	switch o.Kind {
	case Int:
		return o.canonicalInt(value)
	case Float:
		return o.canonicalFloat(value)
	case Ints:
		parts := strings.Split(value, "|")
		for i, part := range parts {
			c, err := o.canonicalInt(part)
			if err != nil {
				return "", err
			}
			parts[i] = c
		}
		return strings.Join(parts, "|"), nil
	case Bool:
		return o.choice(value, []string{"true", "false"})
	default:
		return o.choice(value, o.Choices)
	}
}

func (o *Option) choice(value string, choices []string) (string, error) {
	if slices.Contains(choices, value) {
		return value, nil
	}
	return "", fmt.Errorf("%s=%s: it must be %s%s",
		o.Name, value, strings.Join(choices, " or "), DidYouMean(value, choices))
}

func (o *Option) canonicalInt(value string) (string, error) {
	i, err := strconv.Atoi(value)
	switch {
	case err != nil:
		return "", fmt.Errorf("%s=%s: it must be a whole number", o.Name, value)
	case float64(i) < o.Min || float64(i) > o.Max:
		return "", fmt.Errorf("%s=%d: it must be between %.0f and %.0f", o.Name, i, o.Min, o.Max)
	case o.Even && i%2 != 0:
		return "", fmt.Errorf("%s=%d: it must be even", o.Name, i)
	}
	return strconv.Itoa(i), nil
}

func (o *Option) canonicalFloat(value string) (string, error) {
	f, err := strconv.ParseFloat(value, 64)
	switch {
	case err != nil || math.IsNaN(f):
		return "", fmt.Errorf("%s=%s: it must be a number", o.Name, value)
	case f < o.Min || f > o.Max:
		return "", fmt.Errorf("%s=%s: it must be between %s and %s",
			o.Name, value, formatFloat(o.Min), formatFloat(o.Max))
	}
	return formatFloat(f), nil
}

func formatFloat(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// DidYouMean returns `: did you mean "x"?` for the nearest of names, or nothing where none is near.
func DidYouMean(name string, names []string) string {
	best, distance := "", max(2, len(name)/3)+1
	for _, candidate := range names {
		if d := editDistance(strings.ToLower(name), candidate); d < distance {
			best, distance = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(": did you mean %q?", best)
}

// editDistance is Levenshtein's distance.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
