package variantstest

import (
	"math"
	"testing"

	"attnbench/variants"
)

// CheckWeights asserts that the weights of a row sum to one: with all values 1 every output is 1, on random
// queries that are the keys too.
func CheckWeights(t *testing.T, p *variants.Problem) {
	t.Helper()
	s := p.Shape
	q := make([]float32, s.Slices()*s.N*s.D)
	variants.Normal(variants.Stream(1, "q", 0), q, 1)
	v, out := make([]float32, len(q)), make([]float32, len(q))
	for i := range v {
		v[i] = 1
	}
	a, _ := p.Plan()
	a.Forward(variants.F32s(out), variants.F32s(q), variants.F32s(q), variants.F32s(v))
	for i, x := range out {
		if math.Abs(float64(x)-1) > 1e-5 {
			t.Fatalf("element %d is %v, not 1", i, x)
		}
	}
}
