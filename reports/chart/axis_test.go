package chart

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func labels(a axis) string {
	var list []string
	for _, t := range a.ticks {
		list = append(list, t.label)
	}
	return strings.Join(list, ", ")
}

func TestLengthTicks(t *testing.T) {
	for _, test := range []struct {
		min, max float64
		most     int
		want     string
	}{
		{64, 1 << 16, 12, "64, 128, 256, 512, 1k, 2k, 4k, 8k, 16k, 32k, 64k"},
		{64, 1 << 16, 6, "64, 256, 1k, 4k, 16k, 64k"},
		{1, 1 << 21, 6, "1, 16, 256, 4k, 64k, 1M"},
		{100, 5000, 9, "128, 256, 512, 1k, 2k, 4k"},
		{1024, 1024, 9, "512, 1k, 2k"},
		{1000, 1000, 9, "512, 1k"},
		{600, 1500, 9, "512, 1k, 2k"},
		{1, 1, 9, "0.5, 1, 2"},
	} {
		a := lengthAxis(span{test.min, test.max}, test.most)
		if got := labels(a); got != test.want {
			t.Errorf("%v to %v, at most %d: %s, want %s", test.min, test.max, test.most, got, test.want)
		}
		if !a.inside(test.min) || !a.inside(test.max) {
			t.Errorf("%v to %v: the axis from %v to %v leaves them out", test.min, test.max, a.min, a.max)
		}
	}
}

func TestValueTicks(t *testing.T) {
	for _, test := range []struct {
		min, max float64
		unit     Unit
		want     string
	}{
		{5e-6, 2, Seconds, "10 µs, 100 µs, 1 ms, 10 ms, 100 ms, 1 s"},
		{2e-9, 5e3, Seconds, "10 ns, 1 µs, 100 µs, 10 ms, 1 s, 100 s, 10000 s"},
		{0.9e-3, 90e-3, Seconds, "1 ms, 2 ms, 5 ms, 10 ms, 20 ms, 50 ms, 100 ms"},
		{1e-3, 1e-3, Seconds, "500 µs, 700 µs, 1 ms, 1.5 ms, 2 ms"},
		{300, 5e8, Bytes, "1 KiB, 32 KiB, 1 MiB, 32 MiB"},
		{4096, 4096, Bytes, "2 KiB, 4 KiB, 8 KiB"},
		{0.02, 12, Ratio, "0.03×, 0.1×, 0.3×, 1×, 3×, 10×"},
		{1e-7, 1, Fraction, "1e-6, 1e-4, 0.01, 1"},
		{3e8, 2e12, Rate, "1 G, 10 G, 100 G, 1 T"},
		{80, 1100, Intensity, "100, 150, 200, 300, 500, 700, 1000"},
	} {
		if got := labels(valueAxis(span{test.min, test.max}, test.unit, mostValueTicks)); got != test.want {
			t.Errorf("%v to %v: %s, want %s", test.min, test.max, got, test.want)
		}
	}
}

func TestNumber(t *testing.T) {
	for _, test := range []struct {
		value float64
		want  string
	}{
		{1, "1"}, {0.001, "0.001"}, {1e-4, "1e-4"}, {1.25e-5, "1.25e-5"}, {999.96, "1000"}, {2e6, "2e6"},
		{0.1 + 0.2, "0.3"}, {123456, "123000"},
	} {
		if got := number(test.value); got != test.want {
			t.Errorf("%v reads %s, want %s", test.value, got, test.want)
		}
	}
}

func TestValueAxisCoversItsValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lowest := math.Pow(10, rapid.Float64Range(-59, 59).Draw(t, "log10 of the lowest"))
		highest := min(1e60, lowest*math.Pow(10, rapid.Float64Range(0, 119).Draw(t, "decades")))
		unit := Unit(rapid.IntRange(int(Seconds), int(Intensity)).Draw(t, "unit"))
		a := valueAxis(span{lowest, highest}, unit, mostValueTicks)
		if a.min > lowest || a.max < highest || len(a.ticks) < 1 || len(a.ticks) > mostValueTicks {
			t.Fatalf("axis from %g to %g with ticks %s", a.min, a.max, labels(a))
		}
		for i, tick := range a.ticks {
			if !a.inside(tick.value) || i > 0 && tick.value <= a.ticks[i-1].value {
				t.Fatalf("axis from %g to %g with ticks %s", a.min, a.max, labels(a))
			}
		}
	})
}
