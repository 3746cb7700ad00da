//go:build !noasm && (amd64 || arm64)

package kernel

// blockCols is the number of columns that a pass over a tile takes at a time, so that a second pass over a
// tile of usual height finds them in the first-level cache. It is a multiple of every set's lanes.
const blockCols = 64

// block is a part of a matrix that one assembly call takes.
type block struct{ row, rows, col, vecs int }

// eachBlock visits a matrix in blocks, columns by columns. It visits nothing when a side is zero.
func (r *routines) eachBlock(rows, cols int, visit func(b block)) {
	const step = elementLimit / blockCols
	for c := 0; c < cols; c += blockCols {
		n := min(blockCols, cols-c)
		for i := 0; i < rows; i += step {
			visit(block{row: i, rows: min(step, rows-i), col: c, vecs: n / r.lanes})
		}
	}
}

// check panics when x is too short or cols is not a multiple of the lanes.
func (r *routines) check(rows, cols int, x []float32, ld int) {
	needCols(r.lanes, cols)
	need("x", x, rows, cols, ld)
}

func (r *routines) Softmax(keys, cols int, s []float32, ld int, m, sum, alpha []float32) bool {
	r.check(keys, cols, s, ld)
	m, sum, alpha = m[:cols], sum[:cols], alpha[:cols]
	changed := false
	for c := 0; c < cols; c += blockCols {
		n := min(blockCols, cols-c)
		tile := s[min(c, len(s)):]
		changed = r.alphas(n/r.lanes, &m[c], &sum[c], &alpha[c]) || changed
		r.eachBlock(keys, n, func(b block) {
			r.expSum(b.rows, b.vecs, &tile[b.row*ld], ld, &m[c], &sum[c])
		})
	}
	return changed
}

func (r *routines) MaxCols(rows, cols int, x []float32, ld int, max []float32) {
	r.check(rows, cols, x, ld)
	max = max[:cols]
	r.eachBlock(rows, cols, func(b block) {
		r.maxCols(b.rows, b.vecs, &x[b.row*ld+b.col], ld, &max[b.col])
	})
}

func (r *routines) ExpCols(rows, cols int, x []float32, ld int, sub []float32, add float32) {
	r.check(rows, cols, x, ld)
	sub = sub[:cols]
	r.eachBlock(rows, cols, func(b block) {
		r.expCols(b.rows, b.vecs, &x[b.row*ld+b.col], ld, &sub[b.col], add)
	})
}

func (r *routines) GradCols(rows, cols int, x []float32, ld int, p []float32, ldp int, sub []float32) {
	r.check(rows, cols, x, ld)
	need("p", p, rows, cols, ldp)
	sub = sub[:cols]
	r.eachBlock(rows, cols, func(b block) {
		r.gradCols(b.rows, b.vecs, &x[b.row*ld+b.col], ld, &p[b.row*ldp+b.col], ldp, &sub[b.col])
	})
}

func (r *routines) ReLU(rows, cols int, x []float32, ld int, add float32) {
	r.check(rows, cols, x, ld)
	r.eachBlock(rows, cols, func(b block) {
		r.relu(b.rows, b.vecs, &x[b.row*ld+b.col], ld, add)
	})
}

func (r *routines) ELU(rows, cols int, x []float32, ld int) {
	r.check(rows, cols, x, ld)
	r.eachBlock(rows, cols, func(b block) {
		r.elu(b.rows, b.vecs, &x[b.row*ld+b.col], ld)
	})
}

func (r *routines) ScaleCols(rows, cols int, dst []float32, ldd int, src []float32, lds int, f []float32) {
	r.check(rows, cols, src, lds)
	need("dst", dst, rows, cols, ldd)
	f = f[:cols]
	r.eachBlock(rows, cols, func(b block) {
		r.scaleCols(b.rows, b.vecs, &src[b.row*lds+b.col], lds, &dst[b.row*ldd+b.col], ldd, &f[b.col])
	})
}

func (r *routines) Slope(rows, cols int, x []float32, ld int, y []float32, ldy int, steep float32) {
	r.check(rows, cols, x, ld)
	need("y", y, rows, cols, ldy)
	r.eachBlock(rows, cols, func(b block) {
		r.slope(b.rows, b.vecs, &x[b.row*ld+b.col], ld, &y[b.row*ldy+b.col], ldy, steep)
	})
}

func (r *routines) SinCos(rows, cols int, x []float32, ld int, sin []float32, lds int, scale []float32) {
	needCols(r.lanes, cols)
	sincosRows(rows, cols, x, ld, sin, lds, scale)
}

func (r *routines) DotCols(rows, cols int, x []float32, ld int, w, dot []float32) {
	r.check(rows, cols, x, ld)
	w, dot = w[:rows], dot[:cols]
	r.eachBlock(rows, cols, func(b block) {
		r.dotCols(b.rows, b.vecs, &x[b.row*ld+b.col], ld, &w[b.row], &dot[b.col])
	})
}

// ArgMaxCols takes all rows in one call: positions do not join across blocks. The number of columns is
// chosen for the time of a call instead.
func (r *routines) ArgMaxCols(rows, cols int, x []float32, ld int, index []int32) {
	r.check(rows, cols, x, ld)
	index = index[:cols]
	if rows == 0 {
		clear(index)
		return
	}
	step := r.colStep(rows)
	for c := 0; c < cols; c += step {
		r.argMaxCols(rows, min(step, cols-c)/r.lanes, &x[c], ld, &index[c])
	}
}

// MarginCols takes all rows in one call.
func (r *routines) MarginCols(rows, cols int, x []float32, ld int, margin []float32) {
	r.check(rows, cols, x, ld)
	margin = margin[:cols]
	if rows == 0 {
		clear(margin)
		return
	}
	step := r.colStep(rows)
	for c := 0; c < cols; c += step {
		r.marginCols(rows, min(step, cols-c)/r.lanes, &x[c], ld, &margin[c])
	}
}

// colStep is the number of columns that one call takes whole.
func (r *routines) colStep(rows int) int { return max(1, elementLimit/rows/r.lanes) * r.lanes }
