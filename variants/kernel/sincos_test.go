package kernel

import (
	"math"
	"testing"
)

func TestSinCos(t *testing.T) {
	onShapes(t, false, func(t *testing.T, s *Set, rows, cols int) {
		random := normals()
		x, sin := newSheet(rows, cols, 3, random), newSheet(rows, cols, 5, random)
		scale := newSheet(1, cols, 0, random)
		*x.at(0, 0), *x.at(rows-1, cols-1) = 1e6, -40000.75
		before := x.clone()
		s.SinCos(rows, cols, x.x(), x.ld, sin.x(), sin.ld, scale.x())
		expect := func(f func(float64) float64) func(r, c int) (float64, float64) {
			return func(r, c int) (float64, float64) {
				factor := float64(*scale.at(0, c))
				return factor * f(float64(*before.at(r, c))), math.Abs(factor) * 0x1p-23
			}
		}
		x.checkEach(t, expect(math.Cos))
		sin.checkEach(t, expect(math.Sin))
	})
}
