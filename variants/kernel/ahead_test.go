package kernel

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestAheadAsksForAll: what is planned is asked for once, in order, while the operations last.
func TestAheadAsksForAll(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		memory := make([]float32, 1+rng.IntN(5000))
		cut := rng.IntN(len(memory))
		var a Ahead
		calls := 1 + rng.IntN(60)
		total := 0
		for _, part := range [][]float32{memory[:cut], memory[cut:]} {
			total += linesOf(part)
		}
		tiles := 1 + rng.IntN(4)
		a.Plan(int64(1000*calls), nil, memory[:cut], nil, memory[cut:])
		asked := 0
		for range calls + 2 { // a part ends a call
			lines, at := a.take(tiles, 1000)
			if lines == 0 {
				continue
			}
			if asked == 0 && cut > 0 && at != &memory[0] {
				t.Fatal("the first request is not for the start of the first part")
			}
			asked += lines * tiles
		}
		least, most := total-(tiles-1)-total/calls, total+2*(tiles-1)
		if asked < least || asked > most {
			t.Fatalf("%d calls of %d tiles ask for %d lines of %d", calls, tiles, asked, total)
		}
	}
}

// TestAheadOfNothing: no plan, and one that is done, ask for nothing.
func TestAheadOfNothing(t *testing.T) {
	var a Ahead
	for range 2 {
		if lines, _ := a.take(1, 1e9); lines != 0 {
			t.Fatalf("%d lines", lines)
		}
		a.Plan(100, make([]float32, 10), nil)
		if lines, at := a.take(1, 100); lines != 1 || at == nil {
			t.Fatalf("%d lines of 10 numbers", lines)
		}
	}
}

// TestProductsAhead: requests change no product, at every height of its last tile.
func TestProductsAhead(t *testing.T) {
	onSets(t, func(t *testing.T, s *Set) {
		var a Ahead
		asking := s.Ahead(&a)
		const k = 7
		cols := s.Panel + s.Lanes
		rng := rand.New(rand.NewPCG(3, 4))
		random := func(n int) []float32 {
			x := make([]float32, n)
			for i := range x {
				x[i] = float32(rng.NormFloat64())
			}
			return x
		}
		for rows := 1; rows <= 3*s.Rows; rows++ {
			left, right := random(rows*k), random(k*cols)
			far := random(40 * line)
			for name, product := range map[string]func(s *Set, c, top []float32){
				"Gemm": func(s *Set, c, _ []float32) {
					s.Gemm(rows, cols, k, left, k, right, cols, c, cols, true)
				},
				"GemmT": func(s *Set, c, _ []float32) {
					s.GemmT(rows, cols, k, left, rows, right, cols, c, cols, false)
				},
				"GemmMax": func(s *Set, c, top []float32) {
					s.GemmMax(rows, cols, k, left, k, right, cols, c, cols, top)
				},
			} {
				want, got := make([]float32, rows*cols), make([]float32, rows*cols)
				wantTop, gotTop := make([]float32, cols), make([]float32, cols)
				product(s, want, wantTop)
				a.Plan(int64(2*rows*cols*k), far)
				product(asking, got, gotTop)
				if !slices.Equal(got, want) || !slices.Equal(gotTop, wantTop) {
					t.Errorf("%s of %d rows differs", name, rows)
				}
				if s.ahead != nil && linesOf(a.parts[0]) > linesOf(far)/2 {
					t.Errorf("%s of %d rows asked for little: %d lines are left", name, rows, linesOf(a.parts[0]))
				}
			}
		}
	})
}
