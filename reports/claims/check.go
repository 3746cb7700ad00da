package claims

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"

	"attnbench/reports"
	"attnbench/results"
)

// check refuses a claim that cannot be decided as it stands.
func (c *Claim) check() error {
	for _, field := range []struct{ key, text string }{
		{"title", c.Title}, {"source", c.Source}, {"url", c.URL}, {"statement", c.Statement},
		{"conditions", c.Conditions},
	} {
		if strings.TrimSpace(field.text) == "" {
			return c.errorAt(field.key, "%s is missing", field.key)
		}
	}
	if len(c.Tests) == 0 && c.Needs == "" {
		return c.errorAt("test", "there is no [[test]], nor does needs say what is missing for one")
	}
	if err := c.checkCells(); err != nil {
		return err
	}
	for i := range c.Series {
		if err := c.checkSeries(i); err != nil {
			return err
		}
	}
	for i := range c.Tests {
		if err := c.checkTest(i); err != nil {
			return err
		}
	}
	return nil
}

func quantities() []string {
	return []string{QuantityTime, QuantityMemory, QuantityFootprint, QuantityError}
}

func (c *Claim) checkCells() error {
	x := &c.Cells
	passes := []string{results.PassForward, results.PassBackward, results.PassBoth, results.PassDecode}
	if err := cmp.Or(
		c.oneOf("cells.quantity", x.Quantity, quantities()...),
		c.oneOf("cells.pass", x.Pass, passes...),
		c.oneOf("cells.dtype", x.DType, "f32", "bf16"),
	); err != nil {
		return err
	}
	for _, field := range []struct {
		key   string
		value int
	}{{"heads", x.Heads}, {"d", x.Dim}, {"batch", x.Batch}, {"threads", x.Threads}} {
		if field.value < 1 {
			return c.errorAt("cells."+field.key, "%s = %d: it must be at least 1", field.key, field.value)
		}
	}
	if x.Draws != 1 && x.Draws < reports.MinSamples {
		return c.errorAt("cells.draws", "draws = %d: an interval over draws needs %d; 1 is for what is not drawn",
			x.Draws, reports.MinSamples)
	}
	if len(c.Series) > 0 && len(x.Values) == 0 {
		return c.errorAt("cells.values", "values, the places on the axis %s, is missing", x.Along)
	}
	if !slices.IsSorted(x.Values) || len(slices.Compact(slices.Clone(x.Values))) != len(x.Values) ||
		len(x.Values) > 0 && x.Values[0] < 1 {
		return c.errorAt("cells.values", "values must be at least 1 and ascend")
	}
	if (x.Along == "n") != (x.N == 0) && len(x.Values) > 0 {
		return c.errorAt("cells.n", "n is given where the axis is another, and only there")
	}
	return nil
}

func (c *Claim) checkSeries(i int) error {
	s, key := &c.Series[i], fmt.Sprintf("series.%d", i)
	switch {
	case s.Name == "":
		return c.errorAt(key+".name", "a series has no name")
	case c.series(s.Name) != s:
		return c.errorAt(key+".name", "two series are called %q", s.Name)
	case s.Variant == "" && len(s.Options) > 0:
		return c.errorAt(key+".options", "series %q has options but no variant", s.Name)
	case len(s.Published) > 0 && len(s.Published) != len(c.Cells.Values):
		return c.errorAt(key+".published", "series %q has %d published numbers for %d values", s.Name,
			len(s.Published), len(c.Cells.Values))
	}
	for name, value := range s.Options {
		list, isList := value.([]any)
		if isList && len(list) != len(c.Cells.Values) {
			return c.errorAt(key+".options", "option %s has %d values for %d of the axis", name, len(list),
				len(c.Cells.Values))
		}
		if !isList {
			list = []any{value}
		}
		for _, v := range list {
			if _, ok := optionText(v); !ok {
				return c.errorAt(key+".options", "option %s: %v is no number, word or boolean", name, v)
			}
		}
		if name == c.Cells.Along {
			return c.errorAt(key+".options", "option %s is the axis: its values are those of [cells]", name)
		}
	}
	return nil
}

// optionText writes an option's value as results do.
func optionText(v any) (text string, ok bool) {
	switch v := v.(type) {
	case string:
		return v, v != ""
	case bool:
		return strconv.FormatBool(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), !math.IsNaN(v) && !math.IsInf(v, 0)
	}
	return "", false
}

func (c *Claim) checkTest(i int) error {
	t, key := &c.Tests[i], fmt.Sprintf("test.%d", i)
	if err := c.oneOf(key+".measure", t.Measure, MeasureExponent, MeasureCrossover, MeasureRatio,
		MeasureValue); err != nil {
		return err
	}
	if t.Quantity != "" {
		if err := c.oneOf(key+".quantity", t.Quantity, quantities()...); err != nil {
			return err
		}
	}
	if err := cmp.Or(c.checkSides(t, key), c.checkPlaces(t, key)); err != nil {
		return err
	}
	return c.checkBounds(t, key)
}

// checkSides checks the series of a test.
func (c *Claim) checkSides(t *Test, key string) error {
	two := t.Measure == MeasureCrossover || t.Measure == MeasureRatio
	for _, side := range []struct {
		key, name string
		wanted    bool
	}{{"of", t.Of, true}, {"against", t.Against, two}} {
		switch {
		case !side.wanted && side.name != "":
			return c.errorAt(key+"."+side.key, "measure %s has no %s", t.Measure, side.key)
		case !side.wanted:
		case side.name == "":
			return c.errorAt(key+"."+side.key, "measure %s needs %s, the name of a series", t.Measure, side.key)
		case c.series(side.name) == nil:
			return c.errorAt(key+"."+side.key, "no series is called %q", side.name)
		case c.series(side.name).Variant == "" && c.Needs == "":
			return c.errorAt(key+"."+side.key, "series %q has no variant: needs must say what the suite lacks",
				side.name)
		}
	}
	return nil
}

// checkPlaces checks where on the axis a test looks.
func (c *Claim) checkPlaces(t *Test, key string) error {
	for _, n := range t.At {
		if !slices.Contains(c.Cells.Values, n) {
			return c.errorAt(key+".at", "at: %d is not among the values of the axis", n)
		}
	}
	if !sort.IntsAreSorted(t.At) {
		return c.errorAt(key+".at", "at must ascend")
	}
	if t.AgainstAt != 0 && (t.Measure != MeasureRatio || len(t.At) != 1) {
		return c.errorAt(key+".against_at", "against_at is for a ratio at one place")
	}
	if t.AgainstAt != 0 && !slices.Contains(c.Cells.Values, t.AgainstAt) {
		return c.errorAt(key+".against_at", "against_at: %d is not among the values of the axis", t.AgainstAt)
	}
	const fewest = 3
	if n := len(c.at(t)); t.Measure == MeasureExponent && n < fewest {
		return c.errorAt(key+".at", "an exponent needs %d places on the axis, there are %d", fewest, n)
	}
	return nil
}

func (c *Claim) checkBounds(t *Test, key string) error {
	bounded := t.Min != nil || t.Max != nil
	switch {
	case bounded == (t.Factor != 0):
		return c.errorAt(key, "a test has min or max or both, or else factor")
	case t.Factor != 0 && !(t.Factor > 1 && !math.IsInf(t.Factor, 0)):
		return c.errorAt(key+".factor", "factor = %v: it must be above 1", t.Factor)
	case t.Min != nil && t.Max != nil && !(*t.Min <= *t.Max):
		return c.errorAt(key+".min", "min = %v is above max = %v", *t.Min, *t.Max)
	case t.Min != nil && math.IsNaN(*t.Min) || t.Max != nil && math.IsNaN(*t.Max):
		return c.errorAt(key, "a bound is not a number")
	case t.Original != nil && t.Measure != MeasureExponent && t.Measure != MeasureCrossover && len(c.at(t)) != 1:
		return c.errorAt(key+".original", "original is one number, but the test looks at %d places", len(c.at(t)))
	}
	if t.Factor == 0 {
		return nil
	}
	for _, n := range c.places(t) {
		if o := c.original(t, n); !(o > 0) || math.IsInf(o, 0) {
			return c.errorAt(key+".factor", "factor: there is no published number to take it from")
		}
	}
	return nil
}
