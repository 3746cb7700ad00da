package kernel

import "math"

// exp2 computes 2^x to 1.2 ulp: n is x rounded to an integer, a polynomial of degree 6 gives 2^(x-n)
// on [-½, ½], and n is added to the exponent.
func exp2(x float32) float32 {
	switch {
	case x != x:
		return x
	case x < -126:
		return 0
	case x >= 128:
		return float32(math.Inf(1))
	}
	// Adding 1.5·2²³ leaves no bits for a fraction, so that the sum is rounded to an integer.
	const round = 3 << 22
	n := (x + round) - round
	f := x - n
	p := float32(exp2C6)
	p = p*f + exp2C5
	p = p*f + exp2C4
	p = p*f + exp2C3
	p = p*f + exp2C2
	p = p*f + exp2C1
	p = p*f + 1
	return math.Float32frombits(math.Float32bits(p) + uint32(int32(n))<<23)
}

// Minimax coefficients of 2^f - 1 on [-½, ½]: 0.05 ulp in exact arithmetic.
const (
	exp2C1 = 0.693147231597
	exp2C2 = 0.240226624774
	exp2C3 = 0.0555028506235
	exp2C4 = 0.00961638706416
	exp2C5 = 0.00134143758244
	exp2C6 = 0.00015972914591
)

func genericExp2(dst, src []float32) {
	need("dst", dst, 1, len(src), len(src))
	for i, x := range src {
		dst[i] = exp2(x)
	}
}

func genericSoftmax(keys, cols int, s []float32, ld int, m, sum, alpha []float32) bool {
	needCols(genericLanes, cols)
	need("s", s, keys, cols, ld)
	m, sum, alpha = m[:cols], sum[:cols], alpha[:cols]
	changed := false
	for c, old := range alpha {
		if m[c]-Stale <= old {
			m[c] = old
		}
		alpha[c] = exp2(old - m[c])
		changed = changed || alpha[c] != 1
		sum[c] *= alpha[c]
	}
	for c, high := range m {
		tile := float32(0)
		for k := range keys {
			w := exp2(s[k*ld+c] - high)
			s[k*ld+c] = w
			tile += w
		}
		sum[c] += tile
	}
	return changed
}

func genericScaleRows(rows, cols int, dst []float32, ldd int, src []float32, lds int, f []float32) {
	need("dst", dst, rows, cols, ldd)
	need("src", src, rows, cols, lds)
	f = f[:rows]
	for r, factor := range f {
		out := dst[r*ldd:][:cols]
		for c, x := range src[r*lds:][:cols] {
			out[c] = factor * x
		}
	}
}

func genericMixRows(
	rows, cols int, dst []float32, ldd int, x []float32, ldx int, y []float32, ldy int, f, g []float32,
) {
	need("dst", dst, rows, cols, ldd)
	need("x", x, rows, cols, ldx)
	need("y", y, rows, cols, ldy)
	g = g[:rows]
	for r, factor := range f[:rows] {
		out, other, second := dst[r*ldd:][:cols], y[r*ldy:][:cols], g[r]
		for c, v := range x[r*ldx:][:cols] {
			out[c] = float32(factor*v) + float32(second*other[c])
		}
	}
}

func genericPowerRows(
	rows, cols int, up []float32, ldu int, x []float32, ldx int, down []float32, ldd int, y []float32, ldy int,
	p []float32, ldp int, f float32,
) {
	needPowers(rows, cols, up, ldu, x, ldx, down, ldd, y, ldy, p, ldp)
	for r := range rows {
		for c, power := range p[r*ldp:][:cols] {
			up[r*ldu+c] = f * x[r*ldx+c] * exp2(power)
			down[r*ldd+c] = y[r*ldy+c] * exp2(-power)
		}
	}
}

func genericSumDown(rows, cols int, dst []float32, ldd int, x []float32, ldx int, f float32) {
	need("dst", dst, rows+1, cols, ldd)
	need("x", x, rows, cols, ldx)
	for r := range rows {
		above, below := dst[r*ldd:][:cols], dst[(r+1)*ldd:][:cols]
		for c, v := range x[r*ldx:][:cols] {
			below[c] = above[c] + f*v
		}
	}
}

func genericGatherRows(cols int, dst []float32, ldd int, src []float32, lds int, index []int32) {
	need("dst", dst, len(index), cols, ldd)
	needListed("src", src, cols, lds, index)
	for i, r := range index {
		copy(dst[i*ldd:][:cols], src[int(r)*lds:])
	}
}

func genericScatterRows(cols int, dst []float32, ldd int, src []float32, lds int, index []int32) {
	needListed("dst", dst, cols, ldd, index)
	need("src", src, len(index), cols, lds)
	for i, r := range index {
		copy(dst[int(r)*ldd:][:cols], src[i*lds:])
	}
}

func genericMaxCols(rows, cols int, x []float32, ld int, max []float32) {
	needCols(genericLanes, cols)
	need("x", x, rows, cols, ld)
	max = max[:cols]
	for r := range rows {
		for c, v := range x[r*ld:][:cols] {
			if v > max[c] {
				max[c] = v
			}
		}
	}
}

func genericExpCols(rows, cols int, x []float32, ld int, sub []float32, add float32) {
	needCols(genericLanes, cols)
	need("x", x, rows, cols, ld)
	sub = sub[:cols]
	for r := range rows {
		row := x[r*ld:][:cols]
		for c, v := range row {
			row[c] = exp2(v-sub[c]) + add
		}
	}
}

func genericGradCols(rows, cols int, x []float32, ld int, p []float32, ldp int, sub []float32) {
	needCols(genericLanes, cols)
	need("x", x, rows, cols, ld)
	need("p", p, rows, cols, ldp)
	sub = sub[:cols]
	for r := range rows {
		row, weights := x[r*ld:][:cols], p[r*ldp:][:cols]
		for c, v := range row {
			row[c] = weights[c] * (v - sub[c])
		}
	}
}

func genericReLU(rows, cols int, x []float32, ld int, add float32) {
	needCols(genericLanes, cols)
	need("x", x, rows, cols, ld)
	for r := range rows {
		row := x[r*ld:][:cols]
		for c, v := range row {
			row[c] = max(v, 0) + add
		}
	}
}

func genericELU(rows, cols int, x []float32, ld int) {
	needCols(genericLanes, cols)
	need("x", x, rows, cols, ld)
	for r := range rows {
		row := x[r*ld:][:cols]
		for c, v := range row {
			row[c] = max(v, 0) + exp2(min(v, 0)*math.Log2E)
		}
	}
}

func genericScaleCols(rows, cols int, dst []float32, ldd int, src []float32, lds int, f []float32) {
	needCols(genericLanes, cols)
	need("dst", dst, rows, cols, ldd)
	need("src", src, rows, cols, lds)
	for r := range rows {
		out := dst[r*ldd:][:cols]
		for c, x := range src[r*lds:][:cols] {
			out[c] = f[c] * x
		}
	}
}

func genericSlope(rows, cols int, x []float32, ld int, y []float32, ldy int, steep float32) {
	needCols(genericLanes, cols)
	need("x", x, rows, cols, ld)
	need("y", y, rows, cols, ldy)
	for r := range rows {
		row := x[r*ld:][:cols]
		for c, v := range y[r*ldy:][:cols] {
			row[c] *= min(steep*v, 1)
		}
	}
}

func genericDotCols(rows, cols int, x []float32, ld int, w, dot []float32) {
	needCols(genericLanes, cols)
	need("x", x, rows, cols, ld)
	w, dot = w[:rows], dot[:cols]
	for r, weight := range w {
		for c, v := range x[r*ld:][:cols] {
			dot[c] += weight * v
		}
	}
}

func genericSumRows(rows, cols int, x []float32, ld int, sum []float32) {
	needCols(genericLanes, cols)
	need("x", x, rows, cols, ld)
	sum = sum[:rows]
	for r := range sum {
		var lane [genericLanes]float32
		row := x[r*ld:][:cols]
		for ; len(row) >= genericLanes; row = row[genericLanes:] {
			for i := range lane {
				lane[i] += row[i]
			}
		}
		sum[r] += fold(&lane)
	}
}

func genericDotRows(rows, cols int, x []float32, ld int, w, sum []float32) {
	need("x", x, rows, cols, ld)
	w, sum = w[:cols], sum[:rows]
	for r := range sum {
		var lane [genericLanes]float32
		for c, v := range x[r*ld:][:cols] {
			lane[c%genericLanes] += w[c] * v
		}
		sum[r] += fold(&lane)
	}
}

func genericSquareRows(rows, cols int, x []float32, ld int, sum []float32) {
	need("x", x, rows, cols, ld)
	sum = sum[:rows]
	for r := range sum {
		var lane [genericLanes]float32
		for c, v := range x[r*ld:][:cols] {
			lane[c%genericLanes] += v * v
		}
		sum[r] = fold(&lane)
	}
}

// fold adds the lanes in pairs, as the vector sets do.
func fold(v *[genericLanes]float32) float32 {
	return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]))
}

func genericArgMaxCols(rows, cols int, x []float32, ld int, index []int32) {
	needCols(genericLanes, cols)
	need("x", x, rows, cols, ld)
	index = index[:cols]
	for c := range index {
		high, low := float32(math.Inf(-1)), float32(math.Inf(1))
		var atHigh, atLow int32
		for r := range int32(rows) {
			v := x[int(r)*ld+c]
			if v > high {
				high, atHigh = v, r
			}
			if v < low {
				low, atLow = v, r
			}
		}
		index[c] = atHigh
		if -low > high {
			index[c] = int32(rows) + atLow
		}
	}
}

func genericMarginCols(rows, cols int, x []float32, ld int, margin []float32) {
	needCols(genericLanes, cols)
	need("x", x, rows, cols, ld)
	for c := range margin[:cols] {
		var high, second float32
		for r := range rows {
			v := float32(math.Abs(float64(x[r*ld+c])))
			second = max(second, min(v, high))
			high = max(high, v)
		}
		margin[c] = high - second
	}
}
