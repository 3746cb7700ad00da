package kernel

import (
	"math"
	"testing"
)

// state is the running softmax of some columns.
type state struct{ m, sum, alpha *sheet }

func newState(cols int) state {
	return state{newSheet(1, cols, 0, constantly(Lowest)), newSheet(1, cols, 0, constantly(0)),
		newSheet(1, cols, 0, constantly(nan32))}
}

func (st state) take(s *Set, x *sheet) bool {
	copy(st.alpha.x(), st.m.x())
	s.MaxCols(x.rows, x.cols, x.x(), x.ld, st.m.x())
	return s.Softmax(x.rows, x.cols, x.x(), x.ld, st.m.x(), st.sum.x(), st.alpha.x())
}

// checkColumn compares one column of weights, and its state, with float64.
func checkColumn(t *testing.T, logits, weights *sheet, st state, c int) {
	t.Helper()
	high := float64(float32(Lowest))
	for r := range logits.rows {
		high = math.Max(high, float64(*logits.at(r, c)))
	}
	if got := float64(*st.m.at(0, c)); got != high {
		t.Fatalf("column %d: maximum %v, want %v", c, got, high)
	}
	var sum float64
	for r := range logits.rows {
		x := float64(*logits.at(r, c))
		want := math.Exp2(float64(float32(x - high)))
		sum += want
		tolerance := want * 2 * 0x1p-23
		if x-high < -126 { // a set may clear what is below the normal numbers
			tolerance = want + 0x1p-149
		}
		if got := float64(*weights.at(r, c)); !(math.Abs(got-want) <= tolerance) {
			t.Fatalf("weight (%d, %d) of logit %v is %v, want %v", r, c, x, got, want)
		}
	}
	tol := sum * 0x1p-23 * (2 + math.Sqrt(float64(logits.rows)))
	if got := float64(*st.sum.at(0, c)); !(math.Abs(got-sum) <= tol) {
		t.Fatalf("column %d: sum %v, want %v", c, got, sum)
	}
}

func TestSoftmaxTile(t *testing.T) {
	onShapes(t, false, func(t *testing.T, s *Set, rows, cols int) {
		random := normals()
		logits := newSheet(rows, cols, 3, func() float32 { return 5 * random() })
		for c := range cols {
			switch c % 5 {
			case 0: // masked out
				for r := range rows {
					*logits.at(r, c) = negInf
				}
			case 1: // masked in part
				for r := 0; r < rows; r += 2 {
					*logits.at(r, c) = negInf
				}
			case 2: // far apart
				for r := range rows {
					*logits.at(r, c) *= 2000
				}
				*logits.at(0, c), *logits.at(rows-1, c) = -1e4, 1e4
			}
		}
		weights, st := logits.clone(), newState(cols)
		if !st.take(s, weights) {
			t.Fatal("no alpha changed from an empty state")
		}
		for _, x := range []*sheet{weights, st.m, st.sum, st.alpha} {
			x.checkGuards(t)
		}
		for c := range cols {
			checkColumn(t, logits, weights, st, c)
		}
	})
}

// TestSoftmaxTiles takes the rows in several tiles: the state must be that of one tile, but for a maximum
// that is behind and the power of 2 by which sums are then larger, and alpha must turn the weights of the
// tiles before into those of the whole.
func TestSoftmaxTiles(t *testing.T) {
	onSets(t, func(t *testing.T, s *Set) {
		const tiles, rows = 5, 13
		cols := 3 * s.Lanes
		random := normals()
		logits := newSheet(tiles*rows, cols, 0, func() float32 {
			return float32(math.Round(float64(6*64*random()))) / 64 // differences are exact
		})
		whole, want := logits.clone(), newState(cols)
		want.take(s, whole)
		got, scale := newState(cols), make([]float64, tiles*cols)
		parts := logits.clone()
		for i := range tiles {
			part := sheet{rows: rows, cols: cols, ld: cols, all: parts.all[i*rows*cols:]}
			got.take(s, &part)
			for c := range cols {
				for j := range i {
					scale[j*cols+c] *= float64(*got.alpha.at(0, c))
				}
				scale[i*cols+c] = 1
			}
		}
		factor, behind := make([]float64, cols), 0
		for c := range cols {
			late := *want.m.at(0, c) - *got.m.at(0, c)
			if late < 0 || late > Stale {
				t.Fatalf("column %d: maximum %v by tiles, %v at once", c, *got.m.at(0, c), *want.m.at(0, c))
			}
			if late > 0 {
				behind++
			}
			factor[c] = math.Exp2(float64(late))
		}
		if behind == 0 || behind == cols {
			t.Errorf("%d of %d maxima are behind: both kinds should be tried", behind, cols)
		}
		got.sum.checkEach(t, func(_, c int) (float64, float64) {
			w := factor[c] * float64(*want.sum.at(0, c))
			return w, 1e-5 * w
		})
		for r := range tiles * rows {
			for c := range cols {
				w := factor[c] * float64(*whole.at(r, c))
				if v := float64(*parts.at(r, c)) * scale[r/rows*cols+c]; math.Abs(v-w) > 1e-6*w+1e-30 {
					t.Fatalf("weight (%d, %d) is %v by tiles, %v at once", r, c, v, w)
				}
			}
		}
	})
}

// TestSoftmaxUnchanged asks for the report that no accumulator needs rescaling.
func TestSoftmaxUnchanged(t *testing.T) {
	onSets(t, func(t *testing.T, s *Set) {
		cols := 5 * s.Lanes
		st := newState(cols)
		st.take(s, newSheet(2, cols, 0, constantly(3)))
		if st.take(s, newSheet(2, cols, 0, constantly(2))) {
			t.Error("smaller logits changed an alpha")
		}
		st.alpha.checkEach(t, func(_, _ int) (float64, float64) { return 1, 0 })
		for _, c := range []int{0, s.Lanes - 1, s.Lanes, cols - 1} {
			x := newSheet(2, cols, 0, constantly(2))
			before := *st.m.at(0, c)
			*x.at(1, c) = before + Stale
			if st.take(s, x.clone()) || *st.m.at(0, c) != before {
				t.Errorf("a maximum that is %d behind was raised in column %d", Stale, c)
			}
			*x.at(1, c) = before + Stale + 1
			if !st.take(s, x) || *st.m.at(0, c) != before+Stale+1 {
				t.Errorf("a larger logit in column %d went unreported", c)
			}
		}
	})
}

// TestSoftmaxLong has more rows than one assembly call takes.
func TestSoftmaxLong(t *testing.T) {
	onSets(t, func(t *testing.T, s *Set) {
		logits := newSheet(3000, 2*s.Lanes, 1, normals())
		weights, st := logits.clone(), newState(2*s.Lanes)
		st.take(s, weights)
		for c := range logits.cols {
			checkColumn(t, logits, weights, st, c)
		}
	})
}

func TestSoftmaxNaN(t *testing.T) {
	onSets(t, func(t *testing.T, s *Set) {
		x, st := newSheet(9, s.Lanes, 0, normals()), newState(s.Lanes)
		*x.at(4, 3) = nan32
		st.take(s, x)
		if w, sum := *x.at(4, 3), *st.sum.at(0, 3); w == w || sum == sum {
			t.Errorf("weight %v and sum %v of a NaN logit", w, sum)
		}
		if sum := *st.sum.at(0, 2); sum != sum {
			t.Error("the NaN reached another column")
		}
	})
}
