package kernel

// Generic returns the set written in plain Go: it runs everywhere and is the specification of the others.
func Generic() *Set { return GenericLanes(genericLanes, 8, 1) }

// GenericLanes is Generic with the tile of another set, for tests on any machine: vectors of so many lanes, a
// multiple of 8, in register tiles of panel columns and so many rows.
func GenericLanes(lanes, panel, rows int) *Set {
	s := generic()
	s.Lanes, s.Panel, s.Rows = lanes, panel, rows
	s.Pack = func(rows, cols int, dst []float32, ldd int, src []float32, lds int, scale float32) {
		genericPack(lanes, rows, cols, dst, ldd, src, lds, scale)
	}
	s.GemmLanes = func(m, n, k int, a []float32, ai, ap int, b []float32, bj, bp int, c []float32, ci, cj int) {
		genericGemmLanes(lanes, m, n, k, a, ai, ap, b, bj, bp, c, ci, cj)
	}
	s.GemmTLanes = func(count, m, n, k int, a []float32, lda int, b []float32, bl, ldb int,
		c []float32, cl, ldc int, add bool) {
		needTLanes(lanes, count, matrix{a, k, m, lda}, matrix{b, k, n, ldb}, bl, matrix{c, m, n, ldc}, cl)
		for l := range count {
			genericProduct(m, n, k, operand{a[min(l, len(a)):], lanes, lda}, b[min(l*bl, len(b)):], ldb,
				c[min(l*cl, len(c)):], ldc, add)
		}
	}
	s.PackBlocks = func(blocks, cols int, dst []float32, ldd, dstStep int, src []float32, lds, srcStep int,
		scale float32) {
		needBlocks(lanes, blocks, cols, dst, ldd, dstStep, src, lds, srcStep)
		packBlocks(lanes, blocks, cols, dst, ldd, dstStep, src, lds, srcStep, scale)
	}
	return s
}

// generic are the routines for which the number of lanes is but a limit.
func generic() *Set {
	return &Set{
		Name: "generic",
		Gemm: genericGemm, GemmMax: genericGemmMax, GemmT: genericGemmT,
		Softmax: genericSoftmax, ScaleRows: genericScaleRows, MixRows: genericMixRows,
		PowerRows: genericPowerRows, SumDown: genericSumDown,
		Widen: genericWiden, Narrow: genericNarrow,
		GatherRows: genericGatherRows, ScatterRows: genericScatterRows,
		MaxCols: genericMaxCols, ExpCols: genericExpCols, GradCols: genericGradCols, ReLU: genericReLU,
		ELU: genericELU, SinCos: genericSinCos, ScaleCols: genericScaleCols, Slope: genericSlope,
		DotCols: genericDotCols, SumRows: genericSumRows, DotRows: genericDotRows, SquareRows: genericSquareRows,
		ArgMaxCols: genericArgMaxCols, MarginCols: genericMarginCols, Exp2: genericExp2, FMA: genericFMA,
	}
}

const genericLanes = 8

func genericGemm(m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int, add bool) {
	needProduct(genericLanes, matrix{a, m, k, lda}, matrix{b, k, n, ldb}, matrix{c, m, n, ldc})
	genericProduct(m, n, k, operand{a, lda, 1}, b, ldb, c, ldc, add)
}

func genericGemmMax(m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int,
	max []float32) {
	genericGemm(m, n, k, a, lda, b, ldb, c, ldc, false)
	genericMaxCols(m, n, c, ldc, max)
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

// genericProduct computes C = A·B in tiles of 1×8 registers.
func genericProduct(m, n, k int, a operand, b []float32, ldb int, c []float32, ldc int, add bool) {
	for j := 0; j < n; j += genericLanes {
		for i := range m {
			sum := genericTile(k, a, i, b, j, ldb)
			out := c[i*ldc+j:][:genericLanes]
			for l := range out {
				if add {
					out[l] += sum[l]
				} else {
					out[l] = sum[l]
				}
			}
		}
	}
}

// genericTile returns row i of A times columns j to j+7 of b.
func genericTile(k int, a operand, i int, b []float32, j, ldb int) [genericLanes]float32 {
	var c0, c1, c2, c3, c4, c5, c6, c7 float32
	x, step, at := a.x, a.col, i*a.row
	for range k {
		left := x[at]
		row := (*[genericLanes]float32)(b[j:])
		c0 += left * row[0]
		c1 += left * row[1]
		c2 += left * row[2]
		c3 += left * row[3]
		c4 += left * row[4]
		c5 += left * row[5]
		c6 += left * row[6]
		c7 += left * row[7]
		at, j = at+step, j+ldb
	}
	return [genericLanes]float32{c0, c1, c2, c3, c4, c5, c6, c7}
}

func genericGemmLanes(lanes, m, n, k int, a []float32, ai, ap int, b []float32, bj, bp int,
	c []float32, ci, cj int) {
	needLanes(lanes, grid{a, m, ai, k, ap}, grid{b, n, bj, k, bp}, grid{c, m, ci, n, cj})
	clearLanes(lanes, grid{c, m, ci, n, cj})
	for i := range m {
		for j := range n {
			out := c[i*ci+j*cj:][:lanes]
			for p := range k {
				x, y := a[i*ai+p*ap:][:lanes], b[j*bj+p*bp:][:lanes]
				for l := range out {
					out[l] += x[l] * y[l]
				}
			}
		}
	}
}

func clearLanes(lanes int, c grid) {
	for i := range c.rows {
		for j := range c.cols {
			clear(c.x[i*c.row+j*c.col:][:lanes])
		}
	}
}

func packBlocks(lanes, blocks, cols int, dst []float32, ldd, dstStep int, src []float32, lds, srcStep int,
	scale float32) {
	for b := range blocks {
		for c := range cols {
			out := dst[b*dstStep+c*ldd:][:lanes]
			for r := range out {
				out[r] = scale * src[b*srcStep+r*lds+c]
			}
		}
	}
}

func genericPack(lanes, rows, cols int, dst []float32, ldd int, src []float32, lds int, scale float32) {
	padded := needPack(lanes, rows, cols, dst, ldd, src, lds)
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
