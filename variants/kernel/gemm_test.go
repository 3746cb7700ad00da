package kernel

import (
	"fmt"
	"math"
	"testing"
)

// multiply is one product to try: both forms of A, storing or adding.
type multiply struct {
	m, n, k         int
	transposed, add bool
}

func (p multiply) String() string {
	return fmt.Sprintf("m=%d,n=%d,k=%d,transposed=%v,add=%v", p.m, p.n, p.k, p.transposed, p.add)
}

// run multiplies random matrices and compares with float64.
func (p multiply) run(t *testing.T, s *Set) {
	random := normals()
	a, call := newSheet(p.m, p.k, 3, random), s.Gemm
	if p.transposed {
		a, call = newSheet(p.k, p.m, 3, random), s.GemmT
	}
	b := newSheet(p.k, p.n, 5, random)
	c := newSheet(p.m, p.n, 1, constantly(nan32))
	if p.add {
		c = newSheet(p.m, p.n, 1, random)
	}
	before := c.clone()
	call(p.m, p.n, p.k, a.x(), a.ld, b.x(), b.ld, c.x(), c.ld, p.add)
	c.checkEach(t, func(i, j int) (float64, float64) {
		var sum, size float64
		for k := range p.k {
			left := a.at
			if p.transposed {
				left = func(i, k int) *float32 { return a.at(k, i) }
			}
			term := float64(*left(i, k)) * float64(*b.at(k, j))
			sum, size = sum+term, size+math.Abs(term)
		}
		if p.add {
			sum += float64(*before.at(i, j))
			size += math.Abs(sum)
		}
		return sum, size * 0x1p-24 * (2 + math.Sqrt(float64(p.k)))
	})
}

func TestGemm(t *testing.T) {
	sizes := []int{1, 2, 3, 5, 6, 7, 20, 63, 64, 65, 100}
	onSets(t, func(t *testing.T, s *Set) {
		for i, m := range sizes {
			for j, k := range sizes {
				for v := 1; v <= 9; v++ {
					if v > 1 && (i+j+v)%4 != 0 {
						continue // every width meets every m and every k, not every pair
					}
					for form := range 4 {
						p := multiply{m, v * s.Lanes, k, form&1 != 0, form&2 != 0}
						t.Run(p.String(), func(t *testing.T) { p.run(t, s) })
					}
				}
			}
		}
	})
}

// TestGemmSplit covers products that take several assembly calls along m, n and k.
func TestGemmSplit(t *testing.T) {
	onSets(t, func(t *testing.T, s *Set) {
		for _, p := range []multiply{
			{45, s.Panel + s.Lanes, 2500, false, false}, {45, s.Panel, 2500, true, true},
			{700, s.Panel, 300, false, true}, {700, 2 * s.Panel, 300, true, false},
		} {
			t.Run(p.String(), func(t *testing.T) { p.run(t, s) })
		}
	})
}

func TestGemmEmpty(t *testing.T) {
	onSets(t, func(t *testing.T, s *Set) {
		c := newSheet(3, s.Lanes, 2, constantly(nan32))
		s.Gemm(3, s.Lanes, 0, nil, 0, nil, s.Lanes, c.x(), c.ld, false)
		c.checkEach(t, func(r, c int) (float64, float64) { return 0, 0 })
		s.Gemm(0, s.Lanes, 4, nil, 4, make([]float32, 4*s.Lanes), s.Lanes, nil, s.Lanes, false)
		s.GemmT(3, 0, 4, make([]float32, 12), 3, nil, 0, nil, 0, true)
	})
}

func TestPack(t *testing.T) {
	onShapes(t, true, func(t *testing.T, s *Set, rows, cols int) {
		src := newSheet(rows, cols, 3, normals())
		dst := newSheet(cols, s.Pad(rows), 2, constantly(nan32))
		s.Pack(rows, cols, dst.x(), dst.ld, src.x(), src.ld, 1.5)
		dst.checkEach(t, func(c, r int) (float64, float64) {
			if r >= rows {
				return 0, 0
			}
			return float64(1.5 * *src.at(r, c)), 0
		})
	})
}
