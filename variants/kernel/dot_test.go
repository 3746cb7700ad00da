package kernel

import (
	"fmt"
	"math"
	"testing"
)

// onDots runs a test for every Dot of this CPU and for the plain one.
func onDots(t *testing.T, f func(t *testing.T, lanes int, d *Dot)) {
	t.Run("generic", func(t *testing.T) { f(t, 8, GenericDot(8)) })
	for _, s := range Available() {
		if s.Dot != nil {
			t.Run(s.Name, func(t *testing.T) { f(t, s.Lanes, s.Dot) })
		}
	}
}

// halves are bfloat16 numbers in a slice that ends with the last of them.
func halves(n int, source func() float32) []BF16 {
	x := make([]BF16, n)
	for i := range x {
		x[i] = ToBF16(source())
	}
	return x
}

func pairsOf(n int, source func() float32) []Pair {
	x, h := make([]Pair, n), halves(2*n, source)
	for i := range x {
		x[i] = pairAt(h, 2*i)
	}
	return x
}

// exactDot is the product of two pairs in float64, and its size.
func exactDot(x, y Pair) (value, size float64) {
	low := float64(BF16(x).Float32()) * float64(BF16(y).Float32())
	high := float64(BF16(x>>16).Float32()) * float64(BF16(y>>16).Float32())
	return low + high, math.Abs(low) + math.Abs(high)
}

func TestDotGemm(t *testing.T) {
	onDots(t, func(t *testing.T, lanes int, d *Dot) {
		for _, m := range []int{0, 1, 2, 5, 6, 7, 13, 64} {
			for _, pairs := range []int{0, 1, 3, 10, 32, 65} {
				for _, vecs := range []int{1, 2, 3, 4, 5, 7} {
					n, random := vecs*lanes, normals()
					lda := 2*pairs + 2
					a, b := halves(m*lda+2, random), pairsOf(pairs*(n+3)+1, random)
					scale := make([]float32, m)
					for i := range scale {
						scale[i] = random()
					}
					c := newSheet(m, n, 1, constantly(nan32))
					d.Gemm(m, n, pairs, a, lda, b, n+3, c.x(), c.ld, scale)
					c.checkEach(t, func(i, j int) (float64, float64) {
						var sum, size float64
						for p := range pairs {
							v, s := exactDot(pairAt(a, i*lda+2*p), b[p*(n+3)+j])
							sum, size = sum+v, size+s
						}
						f := float64(scale[i])
						return f * sum, math.Abs(f) * size * 0x1p-23 * (2 + math.Sqrt(float64(pairs)))
					})
				}
			}
		}
	})
}

func TestDotGemmT(t *testing.T) {
	onDots(t, func(t *testing.T, lanes int, d *Dot) {
		for _, m := range []int{0, 1, 4, 6, 11, 64} {
			for _, pairs := range []int{0, 1, 3, 32, 65, 1030} {
				for vecs := 1; vecs <= 5; vecs++ {
					for _, add := range []bool{false, true} {
						n, random := vecs*lanes, normals()
						a, b := pairsOf(pairs*(m+1)+1, random), pairsOf(pairs*(n+2)+1, random)
						c := newSheet(m, n, 1, constantly(nan32))
						if add {
							c = newSheet(m, n, 1, random)
						}
						before := c.clone()
						d.GemmT(m, n, pairs, a, m+1, b, n+2, c.x(), c.ld, add)
						c.checkEach(t, func(i, j int) (float64, float64) {
							var sum, size float64
							for p := range pairs {
								v, s := exactDot(a[p*(m+1)+i], b[p*(n+2)+j])
								sum, size = sum+v, size+s
							}
							if add {
								sum += float64(*before.at(i, j))
							}
							return sum, (size + math.Abs(sum)) * 0x1p-23 * (2 + math.Sqrt(float64(pairs)))
						})
					}
				}
			}
		}
	})
}

// TestDotMoves packs and joins rows: every bit is checked, padding too, and what lies behind it.
func TestDotMoves(t *testing.T) {
	const untouched = Pair(0xdeadbeef)
	onDots(t, func(t *testing.T, lanes int, d *Dot) {
		for _, rows := range []int{1, 2, 3, 15, 16, 17, 33, 64} {
			for _, cols := range []int{2, 4, 20, 30, 32, 34, 64, 96} {
				src := halves(rows*(cols+2), normals())
				want := func(r, c, row, col int) Pair {
					low, high := Pair(0), Pair(0)
					if r < rows && c < cols {
						low = Pair(src[r*(cols+2)+c])
					}
					if r+row < rows && c+col < cols {
						high = Pair(src[(r+row)*(cols+2)+c+col])
					}
					return low | high<<16
				}
				check := func(name string, height, width int, call func(dst []Pair, ldd int), at func(i, j int) Pair) {
					ldd := width + 3
					dst := make([]Pair, height*ldd)
					for i := range dst {
						dst[i] = untouched
					}
					call(dst, ldd)
					for i := range dst {
						expected := untouched
						if i%ldd < width {
							expected = at(i/ldd, i%ldd)
						}
						if dst[i] != expected {
							t.Fatalf("%s of %d×%d: element (%d, %d) is %#x, want %#x",
								name, rows, cols, i/ldd, i%ldd, dst[i], expected)
						}
					}
				}
				pad := func(n int) int { return (n + lanes - 1) / lanes * lanes }
				check("Pack", cols/2, pad(rows), func(dst []Pair, ldd int) { d.Pack(rows, cols, dst, ldd, src, cols+2) },
					func(i, j int) Pair { return want(j, 2*i, 0, 1) })
				check("PairRows", (rows+1)/2, pad(cols),
					func(dst []Pair, ldd int) { d.PairRows(rows, cols, dst, ldd, src, cols+2) },
					func(i, j int) Pair { return want(2*i, j, 1, 0) })
			}
		}
	})
}

// TestDotSoftmax takes two tiles into a running softmax, masked logits among them, and compares statistics
// with Softmax and weights with its, rounded.
func TestDotSoftmax(t *testing.T) {
	onDots(t, func(t *testing.T, lanes int, d *Dot) {
		for _, keys := range []int{1, 2, 3, 8, 31, 96} {
			for _, vecs := range []int{1, 3, 4, 5} {
				t.Run(fmt.Sprintf("%dx%d", keys, vecs*lanes), func(t *testing.T) { dotSoftmax(t, d, keys, vecs*lanes) })
			}
		}
	})
}

func dotSoftmax(t *testing.T, d *Dot, keys, cols int) {
	random := normals()
	state := func() (m, sum, alpha []float32) {
		m, sum, alpha = make([]float32, cols), make([]float32, cols), make([]float32, cols)
		for i := range m {
			m[i] = Lowest
		}
		return m, sum, alpha
	}
	m, sum, alpha := state()
	wantM, wantSum, wantAlpha := state()
	for round := range 2 {
		s := newSheet((keys+1)/2*2, cols, 2, random)
		for c := range cols {
			if c%3 == round {
				*s.at(c%keys, c) = negInf
			}
		}
		want := s.clone()
		p := make([]Pair, (keys+1)/2*cols)
		copy(alpha, m)
		copy(wantAlpha, wantM)
		genericMaxCols(keys, cols, s.x(), s.ld, m)
		copy(wantM, m)
		changed := d.Softmax(keys, cols, s.x(), s.ld, p, cols, m, sum, alpha)
		if wanted := genericSoftmax(keys, cols, want.x(), want.ld, wantM, wantSum, wantAlpha); changed != wanted {
			t.Errorf("changed is %v, want %v", changed, wanted)
		}
		s.checkGuards(t)
		for c := range cols {
			if m[c] != wantM[c] || math.Abs(float64(sum[c]-wantSum[c])) > 1e-5*float64(wantSum[c]) ||
				math.Abs(float64(alpha[c]-wantAlpha[c])) > 1e-6 {
				t.Fatalf("column %d: %v %v %v, want %v %v %v",
					c, m[c], sum[c], alpha[c], wantM[c], wantSum[c], wantAlpha[c])
			}
			for k := range (keys + 1) / 2 * 2 {
				got, w := BF16(p[k/2*cols+c]>>(16*(k%2))).Float32(), float32(0)
				if k < keys {
					w = *want.at(k, c)
				}
				if math.Abs(float64(got-w)) > 0x1p-8*1.01*float64(w) {
					t.Fatalf("weight (%d, %d) is %v, want %v", k, c, got, w)
				}
			}
		}
	}
}

// TestBF16 converts every bfloat16 to float32 and back, and rounds numbers next to and between neighbours.
func TestBF16(t *testing.T) {
	onSets(t, func(t *testing.T, s *Set) {
		all := make([]BF16, 1<<16)
		for i := range all {
			all[i] = BF16(i)
		}
		wide := make([]float32, len(all))
		s.Widen(1, len(all), wide, len(all), all, len(all))
		var odd []float32
		for i, x := range wide {
			if math.Float32bits(x) != uint32(i)<<16 {
				t.Fatalf("%#x widens to %#x", i, math.Float32bits(x))
			}
			for _, low := range []uint32{0, 1, 0x7fff, 0x8000, 0x8001, 0xffff} {
				odd = append(odd, math.Float32frombits(uint32(i)<<16|low))
			}
		}
		back := make([]BF16, len(odd))
		s.Narrow(1, len(odd), back, len(odd), odd, len(odd))
		for i, x := range odd {
			if want := ToBF16(x); back[i] != want {
				t.Fatalf("%v (%#x) rounds to %#x, want %#x", x, math.Float32bits(x), back[i], want)
			}
			if nan := x != x; nan != (back[i].Float32() != back[i].Float32()) {
				t.Fatalf("%v (%#x) rounds to %v", x, math.Float32bits(x), back[i].Float32())
			}
		}
	})
	// To the nearest, to the even one of two.
	for bits, want := range map[uint32]BF16{
		0x3f808000: 0x3f80, 0x3f808001: 0x3f81, 0x3f818000: 0x3f82, 0x3f807fff: 0x3f80, 0x7f7fffff: 0x7f80,
	} {
		if got := ToBF16(math.Float32frombits(bits)); got != want {
			t.Errorf("%#x rounds to %#x, want %#x", bits, got, want)
		}
	}
}

// TestBF16Shapes converts matrices of all widths and looks at what lies around them.
func TestBF16Shapes(t *testing.T) {
	onShapes(t, true, func(t *testing.T, s *Set, rows, cols int) {
		src := halves(rows*(cols+1), normals())
		wide := newSheet(rows, cols, 2, constantly(nan32))
		s.Widen(rows, cols, wide.x(), wide.ld, src, cols+1)
		wide.checkEach(t, func(r, c int) (float64, float64) { return float64(src[r*(cols+1)+c].Float32()), 0 })
		const untouched = 0x1234
		back := make([]BF16, rows*(cols+3))
		for i := range back {
			back[i] = untouched
		}
		s.Narrow(rows, cols, back, cols+3, wide.x(), wide.ld)
		for i, x := range back {
			want := BF16(untouched)
			if c := i % (cols + 3); c < cols {
				want = src[i/(cols+3)*(cols+1)+c]
			}
			if x != want {
				t.Fatalf("element %d is %#x, want %#x", i, x, want)
			}
		}
	})
}
