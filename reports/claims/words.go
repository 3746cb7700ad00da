package claims

import (
	"fmt"
	"math"
	"strings"

	"attnbench/reports"
	"attnbench/results"
)

// what says what a test measures: "A / B at n = 1024".
func (f *Finding) what(c *Claim) string {
	t, text := f.Test, ""
	axis := c.Cells.Along
	switch t.Measure {
	case MeasureExponent:
		text = fmt.Sprintf("%s: exponent of %s", t.Of, axis)
	case MeasureCrossover:
		text = fmt.Sprintf("%s below %s from %s", t.Of, t.Against, axis)
	case MeasureRatio:
		text = fmt.Sprintf("%s / %s at %s = %d", t.Against, t.Of, axis, f.At)
		if t.AgainstAt != 0 {
			text = fmt.Sprintf("%s at %s = %d / %s at %d", t.Against, axis, t.AgainstAt, t.Of, f.At)
		}
	default:
		text = fmt.Sprintf("%s at %s = %d", t.Of, axis, f.At)
	}
	if f.Quantity != c.Cells.Quantity {
		text = f.Quantity + ": " + text
	}
	return text
}

// unit of a finding's figure: "n" or another axis, "exponent", "x", "ns", "B", or nothing.
func (f *Finding) unit(c *Claim) string {
	switch f.Test.Measure {
	case MeasureExponent:
		return "exponent"
	case MeasureCrossover:
		return c.Cells.Along
	case MeasureRatio:
		return "x"
	}
	switch f.Quantity {
	case QuantityTime:
		return "ns"
	case QuantityMemory, QuantityFootprint:
		return "B"
	}
	return ""
}

// number writes a figure of the finding.
func (f *Finding) number(c *Claim, v float64) string {
	switch {
	case math.IsNaN(v):
		return ""
	case f.Test.Measure == MeasureCrossover && v == 0:
		return fmt.Sprintf("below %d", c.at(f.Test)[0])
	case f.Test.Measure == MeasureCrossover && math.IsInf(v, 1):
		return "never in range"
	case f.Test.Measure == MeasureCrossover:
		return fmt.Sprintf("%.0f", v)
	case f.Test.Measure == MeasureExponent:
		return fmt.Sprintf("%.2f", v)
	}
	return reports.FormatNumber(v, f.unit(c))
}

// ours is the estimate with its interval where it has one.
func (f *Finding) ours(c *Claim) string {
	text := f.number(c, f.Ours.Median)
	if !f.Known || f.Ours.Lo == f.Ours.Hi {
		return text
	}
	lo, hi := f.number(c, f.Ours.Lo), f.number(c, f.Ours.Hi)
	if f.Test.Measure == MeasureCrossover {
		if f.Ours.Median == 0 {
			return fmt.Sprintf("%.0f or less", f.Ours.Hi)
		}
		if math.IsInf(f.Ours.Median, 1) {
			return fmt.Sprintf("not up to %.0f", f.Ours.Lo)
		}
		if math.IsInf(f.Ours.Hi, 1) {
			hi = "beyond"
		}
	}
	return fmt.Sprintf("%s [%s, %s]", text, lo, hi)
}

// within are the bounds that confirm.
func (f *Finding) within(c *Claim) string {
	switch lo, hi := f.number(c, f.Min), f.number(c, f.Max); {
	case math.IsInf(f.Min, -1) && math.IsInf(f.Max, 1):
		return ""
	case math.IsInf(f.Min, -1):
		return "≤ " + hi
	case math.IsInf(f.Max, 1):
		return "≥ " + lo
	default:
		return lo + " – " + hi
	}
}

// setting are the conditions of the claim, in words.
func (c *Claim) setting() string {
	x := &c.Cells
	parts := []string{x.Quantity, inputName(x.Input)}
	add := func(along string, text string) {
		if x.Along != along {
			parts = append(parts, text)
		}
	}
	if x.Causal {
		parts = append(parts, "causal")
	} else {
		parts = append(parts, "bidirectional")
	}
	parts = append(parts, map[string]string{
		results.PassForward: "forward", results.PassBackward: "backward alone",
		results.PassBoth: "forward and backward", results.PassDecode: "decoding",
	}[x.Pass])
	add("n", fmt.Sprintf("n %d", x.N))
	add("heads", fmt.Sprintf("heads %d", x.Heads))
	add("d", fmt.Sprintf("d %d", x.Dim))
	if x.Batch > 1 {
		add("batch", fmt.Sprintf("batch %d", x.Batch))
	}
	parts = append(parts, x.DType, fmt.Sprintf("threads %d", x.Threads))
	if x.Draws > 1 {
		parts = append(parts, fmt.Sprintf("%d seeds", x.Draws))
	}
	return strings.Join(parts, ", ")
}

// reason is why a finding is inconclusive and what would settle it, one sentence.
func (f *Finding) reason(c *Claim) string {
	text := f.what(c) + ": " + f.Why
	if f.Settle != "" {
		text += ". To settle it: " + f.Settle
	}
	return text + "."
}
