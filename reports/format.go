package reports

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// scale is a unit for people and what it is worth in base units.
type scale struct {
	name   string
	factor float64
}

func timeScales() []scale {
	return []scale{{"ns", 1}, {"µs", 1e3}, {"ms", 1e6}, {"s", 1e9}}
}

func byteScales() []scale {
	return []scale{{"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}}
}

// common picks the largest scale in which the smallest value that counts is at least 0.1.
func common(scales []scale, smallest float64) scale {
	best := scales[0]
	for _, s := range scales[1:] {
		if smallest >= 0.1*s.factor {
			best = s
		}
	}
	return best
}

// digits writes a number with three significant digits, no exponent and at most four decimals.
func digits(v float64) string {
	abs := math.Abs(v)
	switch {
	case math.IsInf(v, 0):
		return "∞"
	case v == 0:
		return "0"
	case abs < 0.00005:
		return "<0.0001"
	case abs >= 99.95:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	decimals := 2 - int(math.Floor(math.Log10(abs*1.0005)))
	return strconv.FormatFloat(v, 'f', min(decimals, 4), 64)
}

// errorText writes a relative error: 0.064, and 1.2e-7 where it is below a thousandth.
func errorText(v float64) string {
	switch {
	case math.IsInf(v, 0):
		return "∞"
	case v == 0 || v >= 0.0005:
		return strconv.FormatFloat(v, 'f', 3, 64)
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', 1, 64), "e-")
	return mantissa + "e-" + strings.TrimLeft(exponent, "0")
}

// percent writes a share.
func percent(v float64) string {
	switch {
	case v != 0 && v < 0.001:
		return "<0.1 %"
	case v < 0.1:
		return fmt.Sprintf("%.1f %%", 100*v)
	}
	return fmt.Sprintf("%.0f %%", 100*v)
}

// spreadText writes a half width, empty where there is none.
func spreadText(e Estimate) string {
	if e.Samples < MinSamples || math.IsInf(e.Spread(), 0) || math.IsNaN(e.Spread()) {
		return ""
	}
	return fmt.Sprintf(" ±%.0f%%", 100*e.Spread())
}

// rough writes a length with three significant digits.
func rough(n float64) string {
	if n < 1000 {
		return strconv.FormatFloat(n, 'f', 0, 64)
	}
	unit := math.Pow(10, math.Floor(math.Log10(n))-2)
	return strconv.FormatFloat(math.Round(n/unit)*unit, 'f', 0, 64)
}

// FormatNumber writes a figure with its unit as tables do: ns and B in the unit for people that suits the
// value, anything else with three significant digits.
func FormatNumber(v float64, unit string) string {
	scales := []scale{{"", 1}}
	switch unit {
	case "ns":
		scales = timeScales()
	case "B":
		scales = byteScales()
	}
	s := common(scales, v)
	return strings.TrimSpace(digits(v/s.factor) + " " + s.name)
}

// list joins words with commas and an "and".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
