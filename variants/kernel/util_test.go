package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// guard stands around every output: a routine that writes beyond its matrix changes one.
const guard = float32(-7777.25)

var nan32 = float32(math.NaN())

// sheet is a matrix inside a larger slice whose other elements are guards.
type sheet struct {
	rows, cols, ld int
	all            []float32
}

const margin = 24

// newSheet makes a rows×cols matrix with extra elements between rows, filled by fill.
func newSheet(rows, cols, extra int, fill func() float32) *sheet {
	s := &sheet{rows: rows, cols: cols, ld: cols + extra}
	s.all = make([]float32, 2*margin+rows*s.ld)
	for i := range s.all {
		s.all[i] = guard
	}
	for r := range rows {
		for c := range cols {
			*s.at(r, c) = fill()
		}
	}
	return s
}

// x is the matrix as a routine gets it: it ends with its last element.
func (s *sheet) x() []float32 {
	return s.all[margin : margin+span(s.rows, s.cols, s.ld) : margin+span(s.rows, s.cols, s.ld)]
}

func (s *sheet) at(r, c int) *float32 { return &s.all[margin+r*s.ld+c] }

func (s *sheet) clone() *sheet {
	t := *s
	t.all = append([]float32(nil), s.all...)
	return &t
}

// checkGuards fails when an element outside the matrix has changed.
func (s *sheet) checkGuards(t *testing.T) {
	t.Helper()
	for i, v := range s.all {
		p := i - margin
		inside := p >= 0 && p < s.rows*s.ld && p%max(s.ld, 1) < s.cols
		if !inside && v != guard {
			t.Fatalf("element %d outside the %d×%d matrix is %v", p, s.rows, s.cols, v)
		}
	}
}

// checkEach compares every element with want, up to tol(r, c).
func (s *sheet) checkEach(t *testing.T, want func(r, c int) (value, tol float64)) {
	t.Helper()
	s.checkGuards(t)
	for r := range s.rows {
		for c := range s.cols {
			w, tol := want(r, c)
			if d := math.Abs(float64(*s.at(r, c)) - w); !(d <= tol) {
				t.Fatalf("element (%d, %d) of %d×%d is %v, want %v ± %.2g",
					r, c, s.rows, s.cols, *s.at(r, c), w, tol)
			}
		}
	}
}

// normals returns a source of normal numbers: the same ones in every run.
func normals() func() float32 {
	rng := rand.New(rand.NewPCG(1, 2))
	return func() float32 { return float32(rng.NormFloat64()) }
}

func constantly(v float32) func() float32 { return func() float32 { return v } }

// onSets runs a test for every set of this CPU.
func onSets(t *testing.T, f func(t *testing.T, s *Set)) {
	for _, s := range Available() {
		t.Run(s.Name, func(t *testing.T) { f(t, s) })
	}
}

// onShapes runs a test for heights and numbers of columns: whole vectors only, or any.
func onShapes(t *testing.T, anyCols bool, f func(t *testing.T, s *Set, rows, cols int)) {
	onSets(t, func(t *testing.T, s *Set) {
		for _, rows := range []int{1, 2, 3, 5, 8, 17, 65} {
			cols := []int{s.Lanes, 2 * s.Lanes, 3 * s.Lanes, 5 * s.Lanes, 96, 208}
			if anyCols {
				cols = append(cols, 1, 2, 7, 15, 20, 33, 100, 129)
			}
			for _, c := range cols {
				t.Run(fmt.Sprintf("%dx%d", rows, c), func(t *testing.T) { f(t, s, rows, c) })
			}
		}
	})
}
