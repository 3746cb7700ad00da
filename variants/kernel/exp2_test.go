package kernel

import (
	"math"
	"testing"
)

// ulps is the distance of got from want in units of the last place of want.
func ulps(got float32, want float64) float64 {
	_, exp := math.Frexp(want)
	return math.Abs(float64(got)-want) / math.Ldexp(1, exp-24)
}

func TestExp2Error(t *testing.T) {
	// Steps through the bit patterns: every exponent, and a length prime to the lanes.
	step := uint32(997)
	if testing.Short() {
		step = 99991
	}
	var src []float32
	for b := uint32(0); b < math.Float32bits(128); b += step {
		x := math.Float32frombits(b)
		src = append(src, x)
		if x <= 126 {
			src = append(src, -x)
		}
	}
	onSets(t, func(t *testing.T, s *Set) {
		dst := make([]float32, len(src))
		s.Exp2(dst, src)
		worst, at := 0.0, float32(0)
		for i, x := range src {
			if e := ulps(dst[i], math.Exp2(float64(x))); !(e <= worst) {
				worst, at = e, x
			}
		}
		t.Logf("%.3f ulp at %v", worst, at)
		if !(worst <= 1.5) {
			t.Errorf("2^%v is wrong by %.3f ulp", at, worst)
		}
	})
}

// same compares bits; any NaN is the same as any other.
func same(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}

func TestExp2Special(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	tests := []struct{ x, want float32 }{
		{0, 1}, {float32(math.Copysign(0, -1)), 1}, {1, 2}, {-1, 0.5}, {-126, 0x1p-126}, {127, 0x1p127},
		{-151, 0}, {-1e4, 0}, {-math.MaxFloat32, 0}, {-inf, 0},
		{128, inf}, {1e4, inf}, {math.MaxFloat32, inf}, {inf, inf}, {nan, nan}, {1e-40, 1},
	}
	onSets(t, func(t *testing.T, s *Set) {
		for _, tt := range tests {
			for n := 1; n <= 4*s.Lanes+1; n++ { // every lane, vector bodies and tails
				src, dst := make([]float32, n), make([]float32, n)
				for i := range src {
					src[i] = tt.x
				}
				s.Exp2(dst, src)
				for i, got := range dst {
					if !same(got, tt.want) {
						t.Fatalf("element %d of %d: 2^%v = %v, want %v", i, n, tt.x, got, tt.want)
					}
				}
			}
		}
	})
}
