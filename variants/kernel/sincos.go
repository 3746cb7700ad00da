package kernel

import "math"

func genericSinCos(rows, cols int, x []float32, ld int, sin []float32, lds int, scale []float32) {
	needCols(genericLanes, cols)
	sincosRows(rows, cols, x, ld, sin, lds, scale)
}

// sincosRows serves every set.
func sincosRows(rows, cols int, x []float32, ld int, sin []float32, lds int, scale []float32) {
	need("x", x, rows, cols, ld)
	need("sin", sin, rows, cols, lds)
	scale = scale[:cols]
	for r := range rows {
		cosines, sines := x[r*ld:][:cols], sin[r*lds:][:cols]
		for c, f := range scale {
			s, k := sincos(cosines[c])
			cosines[c], sines[c] = f*k, f*s
		}
	}
}

// sincos computes sine and cosine to 2 ulp of 1. The nearest multiple of π/2 is subtracted in float64, so
// that the error does not grow with x before x²·2⁻⁵³ does; polynomials on [-π/4, π/4] follow (Taylor:
// below float32's rounding there).
func sincos(x float32) (sin, cos float32) {
	n := math.Floor(float64(x)*(2/math.Pi) + 0.5)
	y := float64(x) - n*(math.Pi/2)
	z := y * y
	s := y * (1 + z*(-1./6+z*(1./120+z*(-1./5040+z*(1./362880)))))
	c := 1 + z*(-1./2+z*(1./24+z*(-1./720+z*(1./40320-z*(1./3628800)))))
	switch int64(n) & 3 {
	case 1:
		s, c = c, -s
	case 2:
		s, c = -s, -c
	case 3:
		s, c = -c, s
	}
	return float32(s), float32(c)
}
