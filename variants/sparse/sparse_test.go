package sparse

import (
	"testing"

	"attnbench/variants"
	"attnbench/variants/variantstest"
)

// mask hides keys whose number leaves remainder 0 or 3 modulo 5, the first ones among them.
func mask(length int) []uint8 {
	valid := make([]uint8, length)
	for i := range valid {
		if i%5 != 0 && i%5 != 3 {
			valid[i] = 1
		}
	}
	return valid
}

func TestConformance(t *testing.T) {
	var cases []variantstest.Case
	for _, n := range []int{1, 2, 7, 63, 64, 65, 130, 257} {
		for _, options := range []string{
			"stride=1", "stride=3", "stride=16", "", "stride=100",
			"pattern=fixed,stride=1", "pattern=fixed,stride=5,summary=2", "pattern=fixed,stride=8,summary=8",
			"pattern=fixed", "pattern=fixed,stride=100,summary=3",
		} {
			cases = append(cases, variantstest.Case{Shape: variantstest.Self(2, n, 16, true), Options: options})
		}
	}
	batch := variants.Shape{Batch: 2, Heads: 2, N: 75, S: 75, D: 12, E: 20, Causal: true}
	for _, options := range []string{"stride=8", "stride=80", "pattern=fixed,stride=8,summary=3",
		"pattern=fixed,stride=70,summary=5"} {
		cases = append(cases,
			variantstest.Case{Name: "mask," + options, Shape: batch, Options: options, Mask: mask(150)},
			variantstest.Case{Name: "no valid key," + options, Shape: batch, Options: options, Mask: make([]uint8, 75)},
			variantstest.Case{Name: "peaked," + options, Shape: variantstest.Self(1, 150, 64, true), Options: options,
				Scale: 10, Tolerance: 2e-5})
	}
	cases = append(cases,
		variantstest.Case{Shape: variantstest.Self(1, 600, 64, true), Options: "stride=4"},
		variantstest.Case{Shape: variantstest.Self(1, 600, 64, true), Options: "stride=250"},
		variantstest.Case{Shape: variantstest.Self(1, 600, 64, true), Options: "pattern=fixed,stride=250,summary=20"},
	)
	variantstest.Run(t, Mechanism(), cases)
}
