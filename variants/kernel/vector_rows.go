//go:build !noasm && (amd64 || arm64)

package kernel

func (r *routines) ScaleRows(rows, cols int, dst []float32, ldd int, src []float32, lds int, f []float32) {
	need("dst", dst, rows, cols, ldd)
	need("src", src, rows, cols, lds)
	f = f[:rows]
	if cols == 0 {
		return
	}
	step := rowStep(cols)
	for i := 0; i < rows; i += step {
		r.scaleRows(min(step, rows-i), cols, &dst[i*ldd], ldd, &src[i*lds], lds, &f[i])
	}
}

func (r *routines) MixRows(
	rows, cols int, dst []float32, ldd int, x []float32, ldx int, y []float32, ldy int, f, g []float32,
) {
	need("dst", dst, rows, cols, ldd)
	need("x", x, rows, cols, ldx)
	need("y", y, rows, cols, ldy)
	f, g = f[:rows], g[:rows]
	if cols == 0 {
		return
	}
	step := rowStep(cols)
	for i := 0; i < rows; i += step {
		r.mixRows(min(step, rows-i), cols, &dst[i*ldd], ldd, &x[i*ldx], ldx, &y[i*ldy], ldy, &f[i], &g[i])
	}
}

func (r *routines) PowerRows(
	rows, cols int, up []float32, ldu int, x []float32, ldx int, down []float32, ldd int, y []float32, ldy int,
	p []float32, ldp int, f float32,
) {
	needPowers(rows, cols, up, ldu, x, ldx, down, ldd, y, ldy, p, ldp)
	if cols == 0 {
		return
	}
	step := rowStep(cols)
	for i := 0; i < rows; i += step {
		r.powerRows(min(step, rows-i), cols, &up[i*ldu], ldu, &x[i*ldx], ldx, &down[i*ldd], ldd, &y[i*ldy], ldy,
			&p[i*ldp], ldp, f)
	}
}

func (r *routines) SumDown(rows, cols int, dst []float32, ldd int, x []float32, ldx int, f float32) {
	need("dst", dst, rows+1, cols, ldd)
	need("x", x, rows, cols, ldx)
	if cols == 0 {
		return
	}
	step := rowStep(cols)
	for i := 0; i < rows; i += step {
		r.sumDown(min(step, rows-i), cols, &dst[i*ldd], ldd, &x[i*ldx], ldx, f)
	}
}

func (r *routines) GatherRows(cols int, dst []float32, ldd int, src []float32, lds int, index []int32) {
	need("dst", dst, len(index), cols, ldd)
	needListed("src", src, cols, lds, index)
	if cols == 0 {
		return
	}
	for i := 0; i < len(index); i += moveStep(cols) {
		r.gatherRows(min(moveStep(cols), len(index)-i), cols, &dst[i*ldd], ldd, &src[0], lds, &index[i])
	}
}

func (r *routines) ScatterRows(cols int, dst []float32, ldd int, src []float32, lds int, index []int32) {
	needListed("dst", dst, cols, ldd, index)
	need("src", src, len(index), cols, lds)
	if cols == 0 {
		return
	}
	for i := 0; i < len(index); i += moveStep(cols) {
		r.scatterRows(min(moveStep(cols), len(index)-i), cols, &dst[0], ldd, &src[i*lds], lds, &index[i])
	}
}

// moveStep is the number of listed rows that one call takes: it asks for all of them before it moves the
// first, so they must fit in half of a small first-level cache.
func moveStep(cols int) int { return max(1, 4096/cols) }

func (r *routines) SumRows(rows, cols int, x []float32, ld int, sum []float32) {
	r.check(rows, cols, x, ld)
	r.eachRows(r.sumRows, rows, cols, x, ld, sum[:rows])
}

func (r *routines) SquareRows(rows, cols int, x []float32, ld int, sum []float32) {
	need("x", x, rows, cols, ld)
	if cols == 0 {
		clear(sum[:rows])
	}
	r.eachRows(r.squareRows, rows, cols, x, ld, sum[:rows])
}

// DotRows takes columns in parts, so that no row is longer than a call may be.
func (r *routines) DotRows(rows, cols int, x []float32, ld int, w, sum []float32) {
	need("x", x, rows, cols, ld)
	w, sum = w[:cols], sum[:rows]
	for c := 0; c < cols; c += elementLimit {
		n := min(elementLimit, cols-c)
		for i := 0; i < rows; i += rowStep(n) {
			r.dotRows(min(rowStep(n), rows-i), n, &x[i*ld+c], ld, &w[c], &sum[i])
		}
	}
}

// eachRows calls a routine that reduces rows, a few rows at a time.
func (r *routines) eachRows(reduce func(rows, cols int, x *float32, ld int, sum *float32),
	rows, cols int, x []float32, ld int, sum []float32) {
	if cols == 0 {
		return
	}
	step := rowStep(cols)
	for i := 0; i < rows; i += step {
		reduce(min(step, rows-i), cols, &x[i*ld], ld, &sum[i])
	}
}

// rowStep is the number of rows that one call takes.
func rowStep(cols int) int { return max(1, elementLimit/cols) }

// Widen leaves whole vectors to the assembly and converts the columns behind them itself.
func (r *routines) Widen(rows, cols int, dst []float32, ldd int, src []BF16, lds int) {
	need("dst", dst, rows, cols, ldd)
	need("src", src, rows, cols, lds)
	done := cols / r.lanes * r.lanes
	if step := rowStep(cols + 1); done > 0 {
		for i := 0; i < rows; i += step {
			r.widen(min(step, rows-i), done/r.lanes, &dst[i*ldd], ldd, &src[i*lds], lds)
		}
	}
	if done < cols && rows > 0 {
		genericWiden(rows, cols-done, dst[done:], ldd, src[done:], lds)
	}
}

// Narrow leaves whole vectors to the assembly and rounds the columns behind them itself.
func (r *routines) Narrow(rows, cols int, dst []BF16, ldd int, src []float32, lds int) {
	need("dst", dst, rows, cols, ldd)
	need("src", src, rows, cols, lds)
	done := cols / r.lanes * r.lanes
	if step := rowStep(cols + 1); done > 0 {
		for i := 0; i < rows; i += step {
			r.narrow(min(step, rows-i), done/r.lanes, &dst[i*ldd], ldd, &src[i*lds], lds)
		}
	}
	if done < cols && rows > 0 {
		genericNarrow(rows, cols-done, dst[done:], ldd, src[done:], lds)
	}
}
