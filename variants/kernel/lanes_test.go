package kernel

import (
	"fmt"
	"math"
	"testing"
)

// TestGemmLanes compares every lane with a product of its own, in both orders of all three matrices.
func TestGemmLanes(t *testing.T) {
	onSets(t, func(t *testing.T, s *Set) {
		for _, side := range []struct{ m, n, k int }{
			{6, 4, 1}, {12, 4, 7}, {6, 12, 64}, {18, 8, 33}, {6, 8, 2500},
		} {
			for form := range 8 {
				name := fmt.Sprintf("m=%d,n=%d,k=%d,form=%d", side.m, side.n, side.k, form)
				t.Run(name, func(t *testing.T) {
					multiplyLanes(t, s, side.m, side.n, side.k, form)
				})
			}
		}
	})
}

// lanesGrid is a matrix of vectors in a sheet: along its rows, or across.
type lanesGrid struct {
	*sheet
	lanes  int
	across bool
}

func newLanesGrid(lanes, rows, cols int, across bool, fill func() float32) lanesGrid {
	if across {
		rows, cols = cols, rows
	}
	return lanesGrid{newSheet(rows, cols*lanes, 3, fill), lanes, across}
}

// strides are those from row to row and from column to column.
func (g lanesGrid) strides() (row, col int) {
	if g.across {
		return g.lanes, g.ld
	}
	return g.ld, g.lanes
}

func (g lanesGrid) element(i, j, lane int) float64 {
	if g.across {
		i, j = j, i
	}
	return float64(*g.sheet.at(i, j*g.lanes+lane))
}

func multiplyLanes(t *testing.T, s *Set, m, n, k, form int) {
	random := normals()
	a := newLanesGrid(s.Lanes, m, k, form&1 != 0, random)
	b := newLanesGrid(s.Lanes, k, n, form&2 != 0, random)
	c := newLanesGrid(s.Lanes, m, n, form&4 != 0, constantly(nan32))
	ai, ap := a.strides()
	bp, bj := b.strides()
	ci, cj := c.strides()
	s.GemmLanes(m, n, k, a.x(), ai, ap, b.x(), bj, bp, c.x(), ci, cj)
	c.checkEach(t, func(row, col int) (float64, float64) {
		i, j, lane := row, col/s.Lanes, col%s.Lanes
		if c.across {
			i, j = j, i
		}
		var sum, size float64
		for p := range k {
			term := a.element(i, p, lane) * b.element(p, j, lane)
			sum, size = sum+term, size+math.Abs(term)
		}
		return sum, size * 0x1p-24 * (2 + math.Sqrt(float64(k)))
	})
}

func TestGemmLanesEmpty(t *testing.T) {
	onSets(t, func(t *testing.T, s *Set) {
		c := newLanesGrid(s.Lanes, 6, 8, false, constantly(nan32))
		ci, cj := c.strides()
		s.GemmLanes(6, 8, 0, nil, 0, 0, nil, 0, 0, c.x(), ci, cj)
		c.checkEach(t, func(r, c int) (float64, float64) { return 0, 0 })
		s.GemmLanes(0, 4, 4, nil, 1, 1, make([]float32, 16*s.Lanes), 4*s.Lanes, s.Lanes, nil, 1, 1)
	})
}

// TestGemmTLanes compares the product of every lane, and that nothing is written beside them.
func TestGemmTLanes(t *testing.T) {
	onSets(t, func(t *testing.T, s *Set) {
		for _, side := range []struct{ count, m, n, k int }{
			{1, 1, 1, 1}, {s.Lanes, 6, 4, 33}, {3, 12, 2, 7}, {s.Lanes, 5, 5, 64}, {2, 13, 1, 1500},
		} {
			for _, add := range []bool{false, true} {
				name := fmt.Sprintf("%d:%dx%dx%d,add=%v", side.count, side.m, side.n, side.k, add)
				t.Run(name, func(t *testing.T) {
					multiplyTLanes(t, s, side.count, side.m, side.n*s.Lanes, side.k, add)
				})
			}
		}
	})
}

// multiplyTLanes has B and C of the lanes side by side.
func multiplyTLanes(t *testing.T, s *Set, count, m, n, k int, add bool) {
	random := normals()
	a, b := newSheet(k, m*s.Lanes, 5, random), newSheet(k, count*(n+1), 2, random)
	c := newSheet(m, count*n, 3, constantly(nan32))
	if add {
		c = newSheet(m, count*n, 3, random)
	}
	before := c.clone()
	s.GemmTLanes(count, m, n, k, a.x(), a.ld, b.x(), n+1, b.ld, c.x(), n, c.ld, add)
	c.checkEach(t, func(i, col int) (float64, float64) {
		lane, j := col/n, col%n
		var sum, size float64
		for p := range k {
			term := float64(*a.at(p, i*s.Lanes+lane)) * float64(*b.at(p, lane*(n+1)+j))
			sum, size = sum+term, size+math.Abs(term)
		}
		if add {
			sum += float64(*before.at(i, col))
			size += math.Abs(sum)
		}
		return sum, size * 0x1p-24 * (2 + math.Sqrt(float64(k)))
	})
}

// TestGemmLanesRefuses checks that no call writes or reads beyond a slice, nor leaves a ragged tile.
func TestGemmLanesRefuses(t *testing.T) {
	onSets(t, func(t *testing.T, s *Set) {
		call := func(m, n, short int) func() {
			l := s.Lanes
			size := [3]int{m * 4 * l, n * 4 * l, m * n * l}
			if short < 3 {
				size[short]--
			}
			return func() {
				s.GemmLanes(m, n, 4, make([]float32, size[0]), 4*l, l, make([]float32, size[1]), 4*l, l,
					make([]float32, size[2]), n*l, l)
			}
		}
		call(6, 8, 3)()
		for name, f := range map[string]func(){
			"a": call(6, 8, 0), "b": call(6, 8, 1), "c": call(6, 8, 2), "m": call(4, 8, 3), "n": call(6, 5, 3),
		} {
			if panics(f) == "" {
				t.Errorf("a wrong %s is taken", name)
			}
		}
	})
}

// TestPackBlocks checks every element, for columns that fill vectors and others.
func TestPackBlocks(t *testing.T) {
	onSets(t, func(t *testing.T, s *Set) {
		for _, cols := range []int{1, s.Lanes, 2*s.Lanes + 3, 64} {
			for _, blocks := range []int{1, 2, 33} {
				src := newSheet(blocks*(s.Lanes+2), cols, 3, normals())
				dst := newSheet(blocks*cols, s.Lanes, 5, constantly(nan32))
				s.PackBlocks(blocks, cols, dst.x(), dst.ld, cols*dst.ld, src.x(), src.ld, (s.Lanes+2)*src.ld, 1.5)
				dst.checkEach(t, func(i, r int) (float64, float64) {
					return float64(1.5 * *src.at(i/cols*(s.Lanes+2)+r, i%cols)), 0
				})
			}
		}
	})
}

// BenchmarkGemmTLanes multiplies weights of twelve queries in every lane with values.
func BenchmarkGemmTLanes(b *testing.B) {
	const queries, e = 12, 64
	for _, keys := range []int{16, 64} {
		b.Run(fmt.Sprintf("%dx%dx%d", queries, e, keys), func(b *testing.B) {
			benchSets(b, func(b *testing.B, s *Set) {
				l := s.Lanes
				weights, values, out := tile(keys, queries*l), tile(keys, 4*l*e), tile(queries, 4*l*e)
				benchShare(b, l*queries, e, keys, s.FMA, func() {
					s.GemmTLanes(l, queries, e, keys, weights, queries*l, values, e, 4*l*e, out, e, 4*l*e, true)
				})
			})
		})
	}
}

// BenchmarkGemmLanes multiplies keys with eight queries in every lane: scores, of head dimension 64.
func BenchmarkGemmLanes(b *testing.B) {
	const queries, d = 12, 64
	for _, keys := range []int{16, 64} {
		b.Run(fmt.Sprintf("%dx%dx%d", keys, queries, d), func(b *testing.B) {
			benchSets(b, func(b *testing.B, s *Set) {
				l, ld := s.Lanes, (d+1)*s.Lanes
				q, k, scores := tile(queries, ld), tile(keys, ld), tile(keys, queries*l)
				benchShare(b, keys, queries*l, d, s.FMA, func() {
					s.GemmLanes(queries, keys, d, q, ld, l, k, ld, l, scores, l, queries*l)
				})
			})
		})
	}
}
