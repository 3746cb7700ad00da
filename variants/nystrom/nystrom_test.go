package nystrom

import (
	"testing"

	"attnbench/variants"
	"attnbench/variants/variantstest"
)

// tolerance is the golden files': the iteration amplifies what rounding leaves.
const tolerance = 1e-4

// mask hides a whole segment of most sizes and single keys.
func mask(length int) []uint8 {
	valid := make([]uint8, length)
	for i := range valid {
		if i%7 != 2 && i%40 < 25 {
			valid[i] = 1
		}
	}
	return valid
}

func TestConformance(t *testing.T) {
	var cases []variantstest.Case
	for _, c := range []struct {
		n       int
		options string
	}{
		{1, "landmarks=1"}, {1, "landmarks=1,conv=3"}, {2, "landmarks=2,conv=1"}, {7, "landmarks=7"},
		{63, "landmarks=9,iterations=1"}, {64, ""}, {65, "landmarks=5,conv=33"}, {100, "landmarks=20,conv=5"},
		{128, "conv=301"}, {129, "landmarks=3"}, {300, "landmarks=100,iterations=3"}, {192, "landmarks=32,conv=7"},
	} {
		cases = append(cases, variantstest.Case{
			Shape: variantstest.Self(2, c.n, 16, false), Options: c.options, Tolerance: tolerance,
		})
	}
	masked := variants.Shape{Batch: 2, Heads: 2, N: 80, S: 80, D: 12, E: 20}
	for _, d := range []int{1, 32, 80, 128} {
		cases = append(cases, variantstest.Case{Shape: variantstest.Self(1, 65, d, false), Options: "landmarks=13",
			Tolerance: tolerance})
	}
	cases = append(cases,
		variantstest.Case{Shape: variants.Shape{Batch: 2, Heads: 3, N: 30, S: 130, D: 12, E: 20},
			Options: "landmarks=10", Tolerance: tolerance},
		variantstest.Case{Shape: variants.Shape{Batch: 1, Heads: 5, N: 130, S: 30, D: 20, E: 12},
			Options: "landmarks=10", Tolerance: tolerance},
		variantstest.Case{Name: "mask", Shape: masked, Options: "landmarks=8,conv=9", Mask: mask(160),
			Tolerance: tolerance},
		variantstest.Case{Name: "no valid key", Shape: masked, Options: "landmarks=4,conv=3",
			Mask: make([]uint8, 80), Tolerance: tolerance},
		variantstest.Case{Name: "peaked", Shape: variantstest.Self(1, 128, 64, false), Options: "landmarks=16",
			Scale: 4, Tolerance: tolerance},
	)
	variantstest.Run(t, Mechanism(), cases)
}
