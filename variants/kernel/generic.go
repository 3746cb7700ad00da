package kernel

// Generic returns the set written in plain Go: it runs everywhere and is the specification of the others.
func Generic() *Set {
	return &Set{
		Name: "generic", Lanes: 8, Panel: 8, Rows: 2,
		Gemm: genericGemm, GemmT: genericGemmT, Pack: genericPack,
		Softmax: genericSoftmax, ScaleRows: genericScaleRows,
		GatherRows: genericGatherRows, ScatterRows: genericScatterRows,
		MaxCols: genericMaxCols, ExpCols: genericExpCols, ReLU: genericReLU,
		DotCols: genericDotCols, SumRows: genericSumRows, SquareRows: genericSquareRows,
		ArgMaxCols: genericArgMaxCols, Exp2: genericExp2, FMA: genericFMA,
	}
}

const genericLanes = 8

func genericGemm(m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int, add bool) {
	needProduct(genericLanes, matrix{a, m, k, lda}, matrix{b, k, n, ldb}, matrix{c, m, n, ldc})
	genericProduct(m, n, k, operand{a, lda, 1}, b, ldb, c, ldc, add)
}

func genericGemmT(m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int, add bool) {
	needProduct(genericLanes, matrix{a, k, m, lda}, matrix{b, k, n, ldb}, matrix{c, m, n, ldc})
	genericProduct(m, n, k, operand{a, 1, lda}, b, ldb, c, ldc, add)
}

// operand is the left matrix of a product: element (i, p) is x[i*row+p*col].
type operand struct {
	x        []float32
	row, col int
}

// genericProduct computes C = A·B in tiles of 2×4 and, when m is odd, 1×4 registers.
func genericProduct(m, n, k int, a operand, b []float32, ldb int, c []float32, ldc int, add bool) {
	for j := 0; j < n; j += 4 {
		i := 0
		for ; i+2 <= m; i += 2 {
			r0, r1 := genericTile2(k, a, i, b, j, ldb)
			store4(c[i*ldc+j:], r0, add)
			store4(c[(i+1)*ldc+j:], r1, add)
		}
		if i < m {
			store4(c[i*ldc+j:], genericTile1(k, a, i, b, j, ldb), add)
		}
	}
}

// genericTile2 returns rows i and i+1 of A times columns j to j+3 of b.
func genericTile2(k int, a operand, i int, b []float32, j, ldb int) (r0, r1 [4]float32) {
	var c00, c01, c02, c03, c10, c11, c12, c13 float32
	at, bt := i*a.row, j
	for range k {
		a0, a1 := a.x[at], a.x[at+a.row]
		row := (*[4]float32)(b[bt:])
		c00 += a0 * row[0]
		c01 += a0 * row[1]
		c02 += a0 * row[2]
		c03 += a0 * row[3]
		c10 += a1 * row[0]
		c11 += a1 * row[1]
		c12 += a1 * row[2]
		c13 += a1 * row[3]
		at, bt = at+a.col, bt+ldb
	}
	return [4]float32{c00, c01, c02, c03}, [4]float32{c10, c11, c12, c13}
}

// genericTile1 returns row i of A times columns j to j+3 of b.
func genericTile1(k int, a operand, i int, b []float32, j, ldb int) [4]float32 {
	var c0, c1, c2, c3 float32
	at, bt := i*a.row, j
	for range k {
		a0 := a.x[at]
		row := (*[4]float32)(b[bt:])
		c0 += a0 * row[0]
		c1 += a0 * row[1]
		c2 += a0 * row[2]
		c3 += a0 * row[3]
		at, bt = at+a.col, bt+ldb
	}
	return [4]float32{c0, c1, c2, c3}
}

// store4 stores four results, or adds them when add is set.
func store4(c []float32, r [4]float32, add bool) {
	c = c[:4]
	for j := range r {
		if add {
			c[j] += r[j]
		} else {
			c[j] = r[j]
		}
	}
}

func genericPack(rows, cols int, dst []float32, ldd int, src []float32, lds int, scale float32) {
	padded := needPack(genericLanes, rows, cols, dst, ldd, src, lds)
	for c := range cols {
		out := dst[c*ldd:][:padded]
		for r := range rows {
			out[r] = scale * src[r*lds+c]
		}
		clear(out[rows:])
	}
}

// genericFMA runs ten chains of multiply and add: not every machine has a fused float32 instruction.
func genericFMA(n int) int64 {
	const x, y = 0.5, 1
	var s0, s1, s2, s3, s4, s5, s6, s7, s8, s9 float32
	for range n {
		s0 = s0*x + y
		s1 = s1*x + y
		s2 = s2*x + y
		s3 = s3*x + y
		s4 = s4*x + y
		s5 = s5*x + y
		s6 = s6*x + y
		s7 = s7*x + y
		s8 = s8*x + y
		s9 = s9*x + y
	}
	// Every chain tends to 2. Looking at the sum keeps the compiler from dropping them.
	if s0+s1+s2+s3+s4+s5+s6+s7+s8+s9 > 20.5 {
		return 0
	}
	return int64(n) * 10 * 2
}
