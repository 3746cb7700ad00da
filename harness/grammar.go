package harness

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"attnbench/variants"
)

// maxAxis is the largest number of values of one axis: a range past it is a typing error.
const maxAxis = 1000

// parseInts reads an axis of whole numbers: a list whose entries are numbers or ranges, "64,128",
// "256..65536*2" (each the double of the one before, up to 65536) or "100..500+100". Values keep their order;
// repeated ones count once.
func parseInts(axis, text string, low, high int) ([]int, error) {
	var values []int
	for field := range strings.SplitSeq(text, ",") {
		more, err := parseRange(strings.TrimSpace(field))
		if err != nil {
			return nil, fmt.Errorf("--%s %s: %w", axis, text, err)
		}
		for _, v := range more {
			if v < low || v > high {
				return nil, fmt.Errorf("--%s %s: %d is not between %d and %d", axis, text, v, low, high)
			}
			if !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
	}
	if len(values) > maxAxis {
		return nil, fmt.Errorf("--%s %s: more than %d values", axis, text, maxAxis)
	}
	return values, nil
}

// parseRange reads one entry of an axis: a number, FIRST..LAST*FACTOR or FIRST..LAST+STEP.
func parseRange(field string) ([]int, error) {
	first, rest, found := strings.Cut(field, "..")
	start, err := parseWhole(first)
	if err != nil || !found {
		return []int{start}, err
	}
	i := strings.IndexAny(rest, "*+")
	if i < 0 {
		return nil, fmt.Errorf("%q has no step: write %s*2 or %s+%s", field, field, field, first)
	}
	last, err := parseWhole(rest[:i])
	if err != nil {
		return nil, err
	}
	step, err := parseWhole(rest[i+1:])
	if err != nil {
		return nil, err
	}
	return expand(field, start, last, step, rest[i] == '*')
}

func expand(field string, first, last, step int, multiply bool) ([]int, error) {
	switch {
	case last < first:
		return nil, fmt.Errorf("%q runs backwards: write the smaller end first", field)
	case multiply && (step < 2 || first < 1):
		return nil, fmt.Errorf("%q: the factor must be at least 2 and the start at least 1", field)
	case step < 1:
		return nil, fmt.Errorf("%q: the step must be at least 1", field)
	}
	var values []int
	for v := first; v <= last && len(values) <= maxAxis; {
		values = append(values, v)
		if multiply {
			v *= step
		} else {
			v += step
		}
	}
	return values, nil
}

// parseWhole reads a whole number that is small enough for products of two of them.
func parseWhole(text string) (int, error) {
	v, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is not a whole number", text)
	}
	return int(v), nil
}

// parseWords reads an axis of names. Repeated ones count once; an unknown one is refused with the nearest.
func parseWords(axis, text string, known []string) ([]string, error) {
	var words []string
	for field := range strings.SplitSeq(text, ",") {
		word := strings.TrimSpace(field)
		if !slices.Contains(known, word) {
			return nil, fmt.Errorf("--%s: unknown %q%s (there are %s)", axis, word,
				variants.DidYouMean(word, known), strings.Join(known, ", "))
		}
		if !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return words, nil
}

// parseFlags reads an axis of 0 and 1.
func parseFlags(axis, text string) ([]bool, error) {
	values, err := parseInts(axis, text, 0, 1)
	if err != nil {
		return nil, err
	}
	flags := make([]bool, len(values))
	for i, v := range values {
		flags[i] = v == 1
	}
	return flags, nil
}

// optionAxis is an option of one variant and the values that the sweep gives it, in canonical form.
type optionAxis struct {
	variant, name string
	values        []string
}

// parseSet reads VARIANT.OPTION=VALUE[,VALUE] and checks it against the variant's declaration.
func parseSet(text string, mechanisms []*variants.Mechanism) (optionAxis, error) {
	target, list, found := strings.Cut(text, "=")
	variant, option, dotted := strings.Cut(strings.TrimSpace(target), ".")
	if !found || !dotted || list == "" {
		return optionAxis{}, fmt.Errorf("--set %s: write it as VARIANT.OPTION=VALUE[,VALUE]", text)
	}
	axis := optionAxis{variant: variant, name: option}
	names := make([]string, len(mechanisms))
	for i, m := range mechanisms {
		names[i] = m.Name
	}
	i := slices.Index(names, variant)
	if i < 0 {
		return axis, fmt.Errorf("--set %s: %q is not among the variants of this sweep%s (they are %s)", text,
			variant, variants.DidYouMean(variant, names), strings.Join(names, ", "))
	}
	declared, err := mechanisms[i].Option(option)
	if err != nil {
		return axis, fmt.Errorf("--set %s: %w", text, err)
	}
	for value := range strings.SplitSeq(list, ",") {
		canonical, err := declared.Canonical(strings.TrimSpace(value))
		if err != nil {
			return axis, fmt.Errorf("--set %s: %w", text, err)
		}
		if !slices.Contains(axis.values, canonical) {
			axis.values = append(axis.values, canonical)
		}
	}
	return axis, nil
}

// parseSets reads every --set. An option that is given twice is refused: one list says it all.
func parseSets(texts []string, mechanisms []*variants.Mechanism) ([]optionAxis, error) {
	var axes []optionAxis
	for _, text := range texts {
		axis, err := parseSet(text, mechanisms)
		if err != nil {
			return nil, err
		}
		for _, other := range axes {
			if other.variant == axis.variant && other.name == axis.name {
				return nil, fmt.Errorf("--set %s: the option is given twice: write its values as one list", text)
			}
		}
		axes = append(axes, axis)
	}
	return axes, nil
}
