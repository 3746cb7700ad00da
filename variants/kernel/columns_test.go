package kernel

import (
	"math"
	"slices"
	"testing"
)

func TestMaxCols(t *testing.T) {
	onShapes(t, false, func(t *testing.T, s *Set, rows, cols int) {
		random := normals()
		x, high := newSheet(rows, cols, 3, random), newSheet(1, cols, 0, random)
		before := high.clone()
		s.MaxCols(rows, cols, x.x(), x.ld, high.x())
		high.checkEach(t, func(_, c int) (float64, float64) {
			want := *before.at(0, c)
			for r := range rows {
				want = max(want, *x.at(r, c))
			}
			return float64(want), 0
		})
	})
}

func TestExpCols(t *testing.T) {
	onShapes(t, false, func(t *testing.T, s *Set, rows, cols int) {
		random := normals()
		x, sub := newSheet(rows, cols, 3, random), newSheet(1, cols, 0, random)
		*x.at(0, 0), *x.at(rows-1, cols-1) = float32(math.Inf(-1)), -200
		before := x.clone()
		s.ExpCols(rows, cols, x.x(), x.ld, sub.x(), 0.25)
		x.checkEach(t, func(r, c int) (float64, float64) {
			want := math.Exp2(float64(*before.at(r, c)-*sub.at(0, c))) + 0.25
			return want, want * 3 * 0x1p-24
		})
	})
}

func TestGradCols(t *testing.T) {
	onShapes(t, false, func(t *testing.T, s *Set, rows, cols int) {
		random := normals()
		x, p, sub := newSheet(rows, cols, 3, random), newSheet(rows, cols, 5, random), newSheet(1, cols, 0, random)
		before := x.clone()
		s.GradCols(rows, cols, x.x(), x.ld, p.x(), p.ld, sub.x())
		x.checkEach(t, func(r, c int) (float64, float64) {
			return float64(*p.at(r, c) * (*before.at(r, c) - *sub.at(0, c))), 0
		})
		p.checkGuards(t)
	})
}

func TestReLU(t *testing.T) {
	onShapes(t, false, func(t *testing.T, s *Set, rows, cols int) {
		x := newSheet(rows, cols, 3, normals())
		before := x.clone()
		s.ReLU(rows, cols, x.x(), x.ld, 0.5)
		x.checkEach(t, func(r, c int) (float64, float64) {
			return float64(max(*before.at(r, c), 0) + 0.5), 0
		})
	})
}

func TestELU(t *testing.T) {
	onShapes(t, false, func(t *testing.T, s *Set, rows, cols int) {
		x := newSheet(rows, cols, 3, normals())
		*x.at(0, 0), *x.at(rows-1, cols-1) = float32(math.Inf(-1)), -30
		before := x.clone()
		s.ELU(rows, cols, x.x(), x.ld)
		x.checkEach(t, func(r, c int) (float64, float64) {
			v := float64(*before.at(r, c))
			if v > 0 {
				return float64(float32(v) + 1), 0
			}
			return math.Exp(v), math.Exp(v) * (2 - max(v, -100)) * 0x1p-24
		})
	})
}

func TestSlope(t *testing.T) {
	onShapes(t, false, func(t *testing.T, s *Set, rows, cols int) {
		random := normals()
		x, y := newSheet(rows, cols, 3, random), newSheet(rows, cols, 7, func() float32 { return max(0, random()) })
		*y.at(0, 0), *y.at(rows-1, cols-1) = 0x1p-126, math.MaxFloat32
		for _, steep := range []float32{1, Steepest} {
			got := x.clone()
			s.Slope(rows, cols, got.x(), got.ld, y.x(), y.ld, steep)
			got.checkEach(t, func(r, c int) (float64, float64) {
				return float64(*x.at(r, c) * min(steep**y.at(r, c), 1)), 0
			})
		}
	})
}

func TestScaleCols(t *testing.T) {
	onShapes(t, false, func(t *testing.T, s *Set, rows, cols int) {
		random := normals()
		src, f := newSheet(rows, cols, 3, random), newSheet(1, cols, 0, random)
		dst := newSheet(rows, cols, 7, constantly(nan32))
		want := func(r, c int) (float64, float64) { return float64(*f.at(0, c) * *src.at(r, c)), 0 }
		s.ScaleCols(rows, cols, dst.x(), dst.ld, src.x(), src.ld, f.x())
		dst.checkEach(t, want)
		same := src.clone()
		s.ScaleCols(rows, cols, same.x(), same.ld, same.x(), same.ld, f.x())
		same.checkEach(t, want)
	})
}

func TestDotCols(t *testing.T) {
	onShapes(t, false, func(t *testing.T, s *Set, rows, cols int) {
		random := normals()
		x, w, dot := newSheet(rows, cols, 3, random), newSheet(1, rows, 0, random), newSheet(1, cols, 0, random)
		before := dot.clone()
		s.DotCols(rows, cols, x.x(), x.ld, w.x(), dot.x())
		dot.checkEach(t, func(_, c int) (float64, float64) {
			return sum64(float64(*before.at(0, c)), rows, func(r int) float64 {
				return float64(*w.at(0, r)) * float64(*x.at(r, c))
			})
		})
	})
}

func TestDotRows(t *testing.T) {
	onShapes(t, true, func(t *testing.T, s *Set, rows, cols int) {
		random := normals()
		x, w, sum := newSheet(rows, cols, 3, random), newSheet(1, cols, 0, random), newSheet(1, rows, 0, random)
		before := sum.clone()
		s.DotRows(rows, cols, x.x(), x.ld, w.x(), sum.x())
		sum.checkEach(t, func(_, r int) (float64, float64) {
			return sum64(float64(*before.at(0, r)), cols, func(c int) float64 {
				return float64(*w.at(0, c)) * float64(*x.at(r, c))
			})
		})
	})
}

// sum64 adds n terms to start and allows for the rounding of a float32 sum.
func sum64(start float64, n int, term func(i int) float64) (sum, tol float64) {
	sum, size := start, math.Abs(start)
	for i := range n {
		v := term(i)
		sum, size = sum+v, size+math.Abs(v)
	}
	return sum, size * 0x1p-24 * (2 + math.Sqrt(float64(n)))
}

func TestRowSums(t *testing.T) {
	onShapes(t, true, func(t *testing.T, s *Set, rows, cols int) {
		random := normals()
		x, square := newSheet(rows, cols, 3, random), newSheet(1, rows, 0, constantly(nan32))
		s.SquareRows(rows, cols, x.x(), x.ld, square.x())
		square.checkEach(t, func(_, r int) (float64, float64) {
			return sum64(0, cols, func(c int) float64 { return float64(*x.at(r, c)) * float64(*x.at(r, c)) })
		})
		if cols%s.Lanes != 0 {
			return
		}
		sum := newSheet(1, rows, 0, random)
		before := sum.clone()
		s.SumRows(rows, cols, x.x(), x.ld, sum.x())
		sum.checkEach(t, func(_, r int) (float64, float64) {
			return sum64(float64(*before.at(0, r)), cols, func(c int) float64 { return float64(*x.at(r, c)) })
		})
	})
}

func TestScaleRows(t *testing.T) {
	onShapes(t, true, func(t *testing.T, s *Set, rows, cols int) {
		random := normals()
		src, f := newSheet(rows, cols, 3, random), newSheet(1, rows, 0, random)
		dst := newSheet(rows, cols, 7, constantly(nan32))
		want := func(r, c int) (float64, float64) { return float64(*f.at(0, r) * *src.at(r, c)), 0 }
		s.ScaleRows(rows, cols, dst.x(), dst.ld, src.x(), src.ld, f.x())
		dst.checkEach(t, want)
		same := src.clone()
		s.ScaleRows(rows, cols, same.x(), same.ld, same.x(), same.ld, f.x())
		same.checkEach(t, want)
	})
}

func TestMixRows(t *testing.T) {
	onShapes(t, true, func(t *testing.T, s *Set, rows, cols int) {
		random := normals()
		x, y := newSheet(rows, cols, 3, random), newSheet(rows, cols, 5, random)
		f, g := newSheet(1, rows, 0, random), newSheet(1, rows, 0, random)
		dst := newSheet(rows, cols, 7, constantly(nan32))
		xBefore := x.clone()
		want := func(r, c int) (float64, float64) {
			return float64(float32(*f.at(0, r)**xBefore.at(r, c)) + float32(*g.at(0, r)**y.at(r, c))), 0
		}
		s.MixRows(rows, cols, dst.x(), dst.ld, x.x(), x.ld, y.x(), y.ld, f.x(), g.x())
		dst.checkEach(t, want)
		s.MixRows(rows, cols, x.x(), x.ld, x.x(), x.ld, y.x(), y.ld, f.x(), g.x())
		x.checkEach(t, want)
	})
}

func TestPowerRows(t *testing.T) {
	const f = -0.3
	onShapes(t, true, func(t *testing.T, s *Set, rows, cols int) {
		random := normals()
		x, y, p := newSheet(rows, cols, 3, random), newSheet(rows, cols, 2, random), newSheet(rows, cols, 5, random)
		for i, extreme := range []float32{126, -126, 0, 0.5, -0.5, -125.5} {
			if i < rows {
				*p.at(rows-1-i, cols-1) = extreme
			}
		}
		up, down := newSheet(rows, cols, 7, constantly(nan32)), newSheet(rows, cols, 4, constantly(nan32))
		power := func(x *sheet, f, sign, roundings float64) func(r, c int) (float64, float64) {
			before := x.clone()
			return func(r, c int) (float64, float64) {
				want := f * float64(*before.at(r, c)) * math.Exp2(sign*float64(*p.at(r, c)))
				return want, math.Abs(want)*roundings*0x1p-24 + 0x1p-149 // or the last digit of tiny ones
			}
		}
		wantUp, wantDown := power(x, float64(float32(f)), 1, 4), power(y, 1, -1, 3)
		s.PowerRows(rows, cols, up.x(), up.ld, x.x(), x.ld, down.x(), down.ld, y.x(), y.ld, p.x(), p.ld, f)
		up.checkEach(t, wantUp)
		down.checkEach(t, wantDown)
		s.PowerRows(rows, cols, x.x(), x.ld, x.x(), x.ld, y.x(), y.ld, y.x(), y.ld, p.x(), p.ld, f)
		x.checkEach(t, wantUp)
		y.checkEach(t, wantDown)
	})
}

// A NaN is not lost.
func TestPowerRowsOfNaN(t *testing.T) {
	onSets(t, func(t *testing.T, s *Set) {
		x, p := slices.Repeat([]float32{1}, 3*s.Lanes+1), slices.Repeat([]float32{nan32}, 3*s.Lanes+1)
		n := len(x)
		up, down := make([]float32, n), make([]float32, n)
		s.PowerRows(1, n, up, n, x, n, down, n, x, n, p, n, 1)
		for i := range n {
			if up[i] == up[i] || down[i] == down[i] {
				t.Fatalf("%d: %v and %v", i, up[i], down[i])
			}
		}
	})
}

func TestSumDown(t *testing.T) {
	onShapes(t, true, func(t *testing.T, s *Set, rows, cols int) {
		random := normals()
		x, dst := newSheet(rows, cols, 3, random), newSheet(rows+1, cols, 5, random)
		before := dst.clone()
		s.SumDown(rows, cols, dst.x(), dst.ld, x.x(), x.ld, -0.5)
		dst.checkEach(t, func(r, c int) (float64, float64) {
			return sum64(float64(*before.at(0, c)), r, func(i int) float64 { return -0.5 * float64(*x.at(i, c)) })
		})
	})
}

func TestMoveRows(t *testing.T) {
	onShapes(t, true, func(t *testing.T, s *Set, rows, cols int) {
		const large = 150
		random := normals()
		index := make([]int32, rows) // no row twice, neither ascending nor descending
		for i := range index {
			index[i] = int32((i*67 + 149) % large)
		}
		src, dst := newSheet(large, cols, 3, random), newSheet(rows, cols, 7, constantly(nan32))
		s.GatherRows(cols, dst.x(), dst.ld, src.x(), src.ld, index)
		dst.checkEach(t, func(r, c int) (float64, float64) { return float64(*src.at(int(index[r]), c)), 0 })

		back := newSheet(large, cols, 5, constantly(2))
		s.ScatterRows(cols, back.x(), back.ld, dst.x(), dst.ld, index)
		back.checkEach(t, func(r, c int) (float64, float64) {
			if i := slices.Index(index, int32(r)); i >= 0 {
				return float64(*dst.at(i, c)), 0
			}
			return 2, 0
		})
		negative := func() { s.GatherRows(cols, dst.x(), dst.ld, src.x(), src.ld, []int32{-1}) }
		if panics(negative) == "" {
			t.Error("a negative row is taken")
		}
	})
}

func TestArgMaxCols(t *testing.T) {
	onShapes(t, false, func(t *testing.T, s *Set, rows, cols int) {
		random := normals()
		// Few values, so that ties are common; some columns of zeros.
		x := newSheet(rows, cols, 3, func() float32 { return float32(math.Round(float64(random()))) })
		index := make([]int32, cols+2)
		index[0], index[cols+1] = -5, -5
		s.ArgMaxCols(rows, cols, x.x(), x.ld, index[1:1+cols:1+cols])
		if index[0] != -5 || index[cols+1] != -5 {
			t.Fatal("wrote outside index")
		}
		for c := range cols {
			if want := firstLargest(x, c); index[c+1] != want {
				t.Fatalf("column %d: %d, want %d", c, index[c+1], want)
			}
		}
	})
}

// firstLargest is the position that ArgMaxCols should find, by its definition.
func firstLargest(x *sheet, c int) int32 {
	best, at := float32(math.Inf(-1)), int32(0)
	for i := range int32(2 * x.rows) {
		v := *x.at(int(i)%x.rows, c)
		if int(i) >= x.rows {
			v = -v
		}
		if v > best {
			best, at = v, i
		}
	}
	return at
}

func TestMarginCols(t *testing.T) {
	onShapes(t, false, func(t *testing.T, s *Set, rows, cols int) {
		x, margin := newSheet(rows, cols, 3, normals()), newSheet(1, cols, 0, constantly(nan32))
		for c := range cols {
			if c%5 == 0 { // the largest twice, with opposite signs
				*x.at(rows/2, c), *x.at(rows-1, c) = 9, -9
			}
		}
		s.MarginCols(rows, cols, x.x(), x.ld, margin.x())
		margin.checkEach(t, func(_, c int) (float64, float64) {
			sizes := []float32{0, 0}
			for r := range rows {
				sizes = append(sizes, float32(math.Abs(float64(*x.at(r, c)))))
			}
			slices.Sort(sizes)
			return float64(sizes[len(sizes)-1] - sizes[len(sizes)-2]), 0
		})
	})
}

// TestNaN puts one NaN into every place of a row in turn: maxima pass over it, elementwise routines keep it.
func TestNaN(t *testing.T) {
	onSets(t, func(t *testing.T, s *Set) {
		cols := 5 * s.Lanes
		for c := range cols {
			x := newSheet(3, cols, 1, constantly(-2))
			*x.at(1, c) = nan32
			high, index := newSheet(1, cols, 0, constantly(-9)), make([]int32, cols)
			s.MaxCols(3, cols, x.x(), x.ld, high.x())
			high.checkEach(t, func(_, _ int) (float64, float64) { return -2, 0 })
			*high.at(0, c) = nan32
			if s.MaxCols(3, cols, x.x(), x.ld, high.x()); *high.at(0, c) == *high.at(0, c) {
				t.Fatalf("column %d: a maximum that is NaN became %v", c, *high.at(0, c))
			}
			if s.ArgMaxCols(3, cols, x.x(), x.ld, index); index[c] != 3 {
				t.Fatalf("column %d: the largest of -2, NaN, -2 and their negatives is at %d", c, index[c])
			}
			positive, power, linear := x.clone(), x.clone(), x.clone()
			s.ELU(3, cols, linear.x(), linear.ld)
			s.ReLU(3, cols, positive.x(), positive.ld, 1)
			s.ExpCols(3, cols, power.x(), power.ld, make([]float32, cols), 1)
			for _, y := range []*sheet{positive, power, linear} {
				if v := *y.at(1, c); v == v {
					t.Fatalf("column %d: a NaN became %v", c, v)
				}
				*y.at(1, c) = *y.at(0, c)
			}
			positive.checkEach(t, func(_, _ int) (float64, float64) { return 1, 0 })
			power.checkEach(t, func(_, _ int) (float64, float64) { return 1.25, 1e-6 })
		}
	})
}
