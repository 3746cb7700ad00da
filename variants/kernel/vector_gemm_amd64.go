//go:build !noasm

package kernel

// Limits of one assembly call, which the garbage collector cannot interrupt: a call of this size ends
// within 100 µs on any CPU that reaches a fifth of the rates measured for these routines.
const (
	flopLimit    = 2 << 20
	depthLimit   = 1024 // of k: a panel of B stays in the second-level cache
	elementLimit = 16 << 10
)

func (r *routines) Gemm(m, n, k int, a []float32, lda int, b []float32, ldb int,
	c []float32, ldc int, add bool) {
	needProduct(r.lanes, matrix{a, m, k, lda}, matrix{b, k, n, ldb}, matrix{c, m, n, ldc})
	r.product(r.gemm, operand{a, lda, 1}, lda, matrix{b, k, n, ldb}, matrix{c, m, n, ldc}, add)
}

func (r *routines) GemmT(m, n, k int, a []float32, lda int, b []float32, ldb int,
	c []float32, ldc int, add bool) {
	needProduct(r.lanes, matrix{a, k, m, lda}, matrix{b, k, n, ldb}, matrix{c, m, n, ldc})
	r.product(r.gemmT, operand{a, 1, lda}, lda, matrix{b, k, n, ldb}, matrix{c, m, n, ldc}, add)
}

// product goes through k, the panels of B and the rows of A in steps that keep a call short.
func (r *routines) product(tiles []product, a operand, lda int, b, c matrix, add bool) {
	if c.rows == 0 || c.cols == 0 {
		return
	}
	if b.rows == 0 {
		if !add {
			clearMatrix(c)
		}
		return
	}
	for p := 0; p < b.rows; p += depthLimit {
		k := min(depthLimit, b.rows-p)
		for j := 0; j < c.cols; {
			vecs := r.width((c.cols - j) / r.lanes)
			n := vecs * r.lanes
			step := max(1, flopLimit/(2*n*k*r.rows)) * r.rows
			for i := 0; i < c.rows; i += step {
				tiles[vecs-1](min(step, c.rows-i), k, &a.x[i*a.row+p*a.col], lda,
					&b.x[p*b.ld+j], b.ld, &c.x[i*c.ld+j], c.ld, add || p > 0)
			}
			j += n
		}
	}
}

// width chooses the next panel, in vectors. What is more than one panel and less than two is halved: two
// tiles of middling width run faster than a full one and a narrow one.
func (r *routines) width(left int) int {
	if left > r.panel && left < 2*r.panel {
		return (left + 1) / 2
	}
	return min(left, r.panel)
}

func clearMatrix(c matrix) {
	for i := range c.rows {
		clear(c.x[i*c.ld:][:c.cols])
	}
}
