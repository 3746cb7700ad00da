package chart

import (
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg"
)

// tick is a labelled place on an axis.
type tick struct {
	value float64
	label string
}

// axis is a logarithmic axis and its place on the page.
type axis struct {
	span
	ticks    []tick
	from, to vg.Length
}

// at returns the place of a value. Values outside the axis are at its ends.
func (a axis) at(v float64) vg.Length {
	if v <= a.min {
		return a.from
	}
	share := math.Log(v/a.min) / math.Log(a.max/a.min)
	return a.from + vg.Length(min(share, 1))*(a.to-a.from)
}

// widen returns the span with a margin on both sides, as a share of its logarithm, and at least factor wide.
func (s span) widen(share, factor float64) span {
	ratio := math.Pow(s.max/s.min, share)
	if s.max/s.min < factor {
		ratio = math.Sqrt(factor / (s.max / s.min))
	}
	return span{s.min / ratio, s.max * ratio}
}

// inside reports whether a tick is on the axis, in spite of rounding.
func (s span) inside(v float64) bool { return v >= s.min*(1-1e-9) && v <= s.max*(1+1e-9) }

// lengthAxis has ticks at powers of two, of which there are always two or more. At most most of them are
// labelled: every second, third … power if they are too many.
func lengthAxis(s span, most int) axis {
	if math.Floor(math.Log2(s.max))-math.Ceil(math.Log2(s.min)) < 1 {
		s.min = math.Exp2(math.Ceil(math.Log2(s.min)) - 1)
		s.max = math.Exp2(math.Floor(math.Log2(s.max)) + 1)
	}
	a := axis{span: s.widen(0.02, 1)}
	for step := 1; ; step++ {
		a.ticks = powersOfTwo(a.span, step, lengthLabel)
		if len(a.ticks) <= max(most, 1) {
			return a
		}
	}
}

// powersOfTwo returns ticks at the powers of 2^step within a span.
func powersOfTwo(s span, step int, label func(float64) string) (ticks []tick) {
	first := math.Ceil(math.Log2(s.min)/float64(step) - 1e-9)
	for e := int(first) * step; s.inside(math.Exp2(float64(e))); e += step {
		ticks = append(ticks, tick{math.Exp2(float64(e)), label(math.Exp2(float64(e)))})
	}
	return ticks
}

// lengthLabel writes a length: 64, 512, 1000, 1k, 64k, 1M.
func lengthLabel(n float64) string {
	unit := ""
	for _, u := range []string{"k", "M"} {
		if n < 1<<10 || math.Mod(n, 1<<10) != 0 {
			break
		}
		n, unit = n/(1<<10), u
	}
	return strconv.FormatFloat(n, 'f', -1, 64) + unit
}

// mostValueTicks is how many ticks a value axis can have before it looks like a ruler.
const mostValueTicks = 7

// valueAxis has the densest round ticks that are at most so many, and covers at least a factor of 4: noise on
// equal values must not look like growth.
func valueAxis(s span, unit Unit, most int) axis {
	a := axis{span: s.widen(0.04, 4)}
	if unit == Bytes {
		a.ticks = byteTicks(a.span, most)
		return a
	}
	for _, digits := range [][]float64{{1, 1.5, 2, 3, 5, 7}, {1, 2, 5}, {1, 3}} {
		a.ticks = decimals(a.span, 1, digits, unit)
		if len(a.ticks) <= most {
			return a
		}
	}
	for step := 1; ; step++ {
		a.ticks = decimals(a.span, step, []float64{1}, unit)
		if len(a.ticks) <= most {
			return a
		}
	}
}

// byteTicks steps by 2, 4, 32 or powers of 1024, so that the units themselves are among the ticks.
func byteTicks(s span, most int) []tick {
	for _, step := range []int{1, 2, 5} {
		if ticks := powersOfTwo(s, step, byteLabel); len(ticks) <= most {
			return ticks
		}
	}
	for step := 10; ; step += 10 {
		if ticks := powersOfTwo(s, step, byteLabel); len(ticks) <= most {
			return ticks
		}
	}
}

// decimals returns ticks at digits times the powers of 10^step within a span.
func decimals(s span, step int, digits []float64, unit Unit) (ticks []tick) {
	first := int(math.Floor(math.Log10(s.min)/float64(step)-1e-9)) * step
	for e := first; math.Pow10(e) <= s.max*(1+1e-9); e += step {
		for _, d := range digits {
			if v := d * math.Pow10(e); s.inside(v) {
				ticks = append(ticks, tick{v, unit.label(v)})
			}
		}
	}
	return ticks
}

// label writes a value in the unit that suits it.
func (u Unit) label(v float64) string {
	switch u {
	case Length:
		return lengthLabel(v)
	case Seconds:
		return secondsLabel(v)
	case Bytes:
		return byteLabel(v)
	case Rate:
		return rateLabel(v)
	case Ratio:
		return number(v) + "×"
	}
	return number(v)
}

func secondsLabel(v float64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{1, " s"}, {1e-3, " ms"}, {1e-6, " µs"}} {
		if v >= u.size*(1-1e-9) {
			return number(v/u.size) + u.name
		}
	}
	return number(v/1e-9) + " ns"
}

func rateLabel(v float64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{1e12, " T"}, {1e9, " G"}, {1e6, " M"}} {
		if v >= u.size*(1-1e-9) {
			return number(v/u.size) + u.name
		}
	}
	return number(v)
}

func byteLabel(v float64) string {
	names := []string{" B", " KiB", " MiB", " GiB", " TiB"}
	i := 0
	for v >= 1<<10 && i < len(names)-1 {
		v /= 1 << 10
		i++
	}
	return number(v) + names[i]
}

// number writes three digits, without an exponent between 0.001 and a million: 0.1, 250, 1e-4.
func number(v float64) string {
	if v >= 0.000999 && v < 1e6 {
		rounded, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64)
		return strconv.FormatFloat(rounded, 'f', -1, 64)
	}
	digits, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', 2, 64), "e")
	e, _ := strconv.Atoi(exponent)
	return strings.TrimSuffix(strings.TrimRight(digits, "0"), ".") + "e" + strconv.Itoa(e)
}
