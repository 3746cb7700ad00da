//go:build !noasm && (amd64 || arm64)

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

// GemmMax takes inner sides of usual length in one pass.
func (r *routines) GemmMax(m, n, k int, a []float32, lda int, b []float32, ldb int,
	c []float32, ldc int, max []float32) {
	max = max[:n]
	if k == 0 || k > depthLimit {
		r.Gemm(m, n, k, a, lda, b, ldb, c, ldc, false)
		r.MaxCols(m, n, c, ldc, max)
		return
	}
	needProduct(r.lanes, matrix{a, m, k, lda}, matrix{b, k, n, ldb}, matrix{c, m, n, ldc})
	step := r.rowBlock(k)
	for i := 0; i < m; i += step {
		for j := 0; j < n; {
			vecs := r.width((n - j) / r.lanes)
			rows := min(step, m-i)
			lines, ahead := r.take(rows, vecs, k)
			r.gemmMax[vecs-1](rows, k, &a[i*lda], lda, &b[j], ldb, &c[i*ldc+j], ldc, &max[j], lines, ahead)
			j += vecs * r.lanes
		}
	}
}

func (r *routines) GemmT(m, n, k int, a []float32, lda int, b []float32, ldb int,
	c []float32, ldc int, add bool) {
	needProduct(r.lanes, matrix{a, k, m, lda}, matrix{b, k, n, ldb}, matrix{c, m, n, ldc})
	r.product(r.gemmT, operand{a, 1, lda}, lda, matrix{b, k, n, ldb}, matrix{c, m, n, ldc}, add)
}

// GemmLanes takes a register tile of rows of A in a call: they stay in the first-level cache while B passes.
func (r *routines) GemmLanes(m, n, k int, a []float32, ai, ap int, b []float32, bj, bp int,
	c []float32, ci, cj int) {
	needLanes(r.lanes, grid{a, m, ai, k, ap}, grid{b, n, bj, k, bp}, grid{c, m, ci, n, cj})
	if k == 0 {
		clearLanes(r.lanes, grid{c, m, ci, n, cj})
		return
	}
	step := max(1, flopLimit/(2*r.lanesRows*r.lanes*k)/lanesCols) * lanesCols
	for i := 0; i < m; i += r.lanesRows {
		for j := 0; j < n; j += step {
			r.gemmLanes(min(step, n-j), k, &a[i*ai], ai, ap, &b[j*bj], bj, bp, &c[i*ci+j*cj], ci, cj)
		}
	}
}

func (r *routines) GemmTLanes(count, m, n, k int, a []float32, lda int, b []float32, bl, ldb int,
	c []float32, cl, ldc int, add bool) {
	needTLanes(r.lanes, count, matrix{a, k, m, lda}, matrix{b, k, n, ldb}, bl, matrix{c, m, n, ldc}, cl)
	if m == 0 || n == 0 {
		return
	}
	for l := range count {
		left, right := operand{a[min(l, len(a)):], r.lanes, lda}, matrix{b[min(l*bl, len(b)):], k, n, ldb}
		r.product(r.gemmTLanes, left, lda, right, matrix{c[l*cl:], m, n, ldc}, add)
	}
}

// product goes through k, blocks of rows and panels of B. A block of A of usual depth stays in the
// first-level cache while the panels pass.
func (r *routines) product(tiles []product, a operand, lda int, b, c matrix, add bool) {
	if b.rows == 0 && !add {
		clearMatrix(c)
	}
	for p := 0; p < b.rows; p += depthLimit {
		k := min(depthLimit, b.rows-p)
		step := r.rowBlock(k)
		for i := 0; i < c.rows; i += step {
			for j := 0; j < c.cols; {
				vecs := r.width((c.cols - j) / r.lanes)
				rows := min(step, c.rows-i)
				lines, ahead := r.take(rows, vecs, k)
				tiles[vecs-1](rows, k, &a.x[i*a.row+p*a.col], lda,
					&b.x[p*b.ld+j], b.ld, &c.x[i*c.ld+j], c.ld, add || p > 0, lines, ahead)
				j += vecs * r.lanes
			}
		}
	}
}

// take is what a call asks for: cache lines for each tile, and where.
func (r *routines) take(rows, vecs, k int) (lines int, ahead *float32) {
	if r.ahead == nil {
		return 0, nil
	}
	return r.ahead.take((rows+r.rows-1)/r.rows, float64(2*rows*vecs*r.lanes*k))
}

// rowBlock is the number of rows that one call takes: eight tiles, or fewer where k is large.
func (r *routines) rowBlock(k int) int {
	tile := 2 * r.rows * r.panel * r.lanes * k // flops
	return r.rows * max(1, min(8, flopLimit/tile))
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
