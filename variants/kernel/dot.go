package kernel

// Pair is two BF16 numbers that follow each other along the inner side of a product, the first one in the
// lower half.
type Pair uint32

// Dot holds the routines of a CPU that multiplies BF16 numbers in pairs and adds the products to float32.
// The pairs of an inner side of odd length end with a zero.
type Dot struct {
	// Gemm computes C = scale∘(A·B): c[i][j] = scale[i]·Σ_p a[i][2p]·b[p][j].low + a[i][2p+1]·b[p][j].high,
	// for i < m, j < n, p < pairs. n is a multiple of Lanes, lda is even.
	Gemm func(m, n, pairs int, a []BF16, lda int, b []Pair, ldb int, c []float32, ldc int, scale []float32)
	// GemmMax is Gemm that also raises max[j] to the largest of column j of C.
	GemmMax func(m, n, pairs int, a []BF16, lda int, b []Pair, ldb int, c []float32, ldc int,
		scale, max []float32)
	// GemmT computes C = Aᵀ·B, or C += Aᵀ·B, of pairs: A is stored pairs×m.
	GemmT func(m, n, pairs int, a []Pair, lda int, b []Pair, ldb int, c []float32, ldc int, add bool)
	// Pack transposes pairs of columns: dst[c][r] = {src[r][2c], src[r][2c+1]} for r < rows, c < cols/2. cols
	// and lds are even; columns rows…padded-1 of dst are set to zero, where padded is rows rounded up to Lanes.
	Pack func(rows, cols int, dst []Pair, ldd int, src []BF16, lds int)
	// PairRows joins neighbouring rows: dst[r][c] = {src[2r][c], src[2r+1][c]} for 2r < rows, c < cols. Any
	// rows and cols; columns cols…padded-1 of dst are set to zero.
	PairRows func(rows, cols int, dst []Pair, ldd int, src []BF16, lds int)
	// Softmax is Set.Softmax, but for its result: it stores the weights of keys 2r and 2r+1, rounded to BF16, in
	// p[r] and leaves nothing useful in s. s has room for an even number of keys.
	Softmax func(keys, cols int, s []float32, ld int, p []Pair, ldp int, m, sum, alpha []float32) bool
	// FMA is Set.FMA for products of pairs.
	FMA func(n int) (flops int64)
}

// dot is the sum of the products of two pairs.
func dot(x, y Pair) float32 {
	low := BF16(x).Float32() * BF16(y).Float32()
	high := BF16(x>>16).Float32() * BF16(y>>16).Float32()
	return low + high
}

// GenericDot returns the routines in plain Go for vectors of so many lanes: the specification of the others,
// for tests on any machine.
func GenericDot(lanes int) *Dot {
	return &Dot{
		Gemm: genericDotGemm, GemmMax: genericDotGemmMax, GemmT: genericDotGemmT,
		Softmax: genericDotSoftmax, FMA: genericFMA,
		Pack: func(rows, cols int, dst []Pair, ldd int, src []BF16, lds int) {
			genericDotPack(lanes, rows, cols, dst, ldd, src, lds)
		},
		PairRows: func(rows, cols int, dst []Pair, ldd int, src []BF16, lds int) {
			genericPairRows(lanes, rows, cols, dst, ldd, src, lds)
		},
	}
}

func genericDotGemm(m, n, pairs int, a []BF16, lda int, b []Pair, ldb int, c []float32, ldc int,
	scale []float32) {
	needDot(genericLanes, m, n, pairs, a, lda, b, ldb, c, ldc)
	for i, factor := range scale[:m] {
		out := c[i*ldc:][:n]
		clear(out)
		for p := range pairs {
			left := Pair(a[i*lda+2*p]) | Pair(a[i*lda+2*p+1])<<16
			for j, right := range b[p*ldb:][:n] {
				out[j] += dot(left, right)
			}
		}
		for j := range out {
			out[j] *= factor
		}
	}
}

func genericDotGemmMax(m, n, pairs int, a []BF16, lda int, b []Pair, ldb int, c []float32, ldc int,
	scale, max []float32) {
	genericDotGemm(m, n, pairs, a, lda, b, ldb, c, ldc, scale)
	genericMaxCols(m, n, c, ldc, max)
}

func genericDotGemmT(m, n, pairs int, a []Pair, lda int, b []Pair, ldb int, c []float32, ldc int, add bool) {
	needDotT(genericLanes, m, n, pairs, a, lda, b, ldb, c, ldc)
	for i := range m {
		out := c[i*ldc:][:n]
		if !add {
			clear(out)
		}
		for p := range pairs {
			left := a[p*lda+i]
			for j, right := range b[p*ldb:][:n] {
				out[j] += dot(left, right)
			}
		}
	}
}

func genericDotPack(lanes, rows, cols int, dst []Pair, ldd int, src []BF16, lds int) {
	padded := needDotPack(lanes, rows, cols, dst, ldd, src, lds)
	for c := range cols / 2 {
		out := dst[c*ldd:][:padded]
		for r := range rows {
			out[r] = pairAt(src, r*lds+2*c)
		}
		clear(out[rows:])
	}
}

func pairAt(src []BF16, at int) Pair { return Pair(src[at]) | Pair(src[at+1])<<16 }

func genericPairRows(lanes, rows, cols int, dst []Pair, ldd int, src []BF16, lds int) {
	padded := needPairRows(lanes, rows, cols, dst, ldd, src, lds)
	for r := 0; r < rows; r += 2 {
		pairRow(dst[r/2*ldd:][:padded], src[r*lds:], rows-r, cols, lds)
	}
}

// pairRow joins two rows, or the last one with zeros.
func pairRow(out []Pair, src []BF16, rows, cols, lds int) {
	for c := range cols {
		out[c] = Pair(src[c])
		if rows > 1 {
			out[c] |= Pair(src[lds+c]) << 16
		}
	}
	clear(out[cols:])
}

func genericDotSoftmax(keys, cols int, s []float32, ld int, p []Pair, ldp int, m, sum, alpha []float32) bool {
	need("p", p, (keys+1)/2, cols, ldp)
	changed := genericSoftmax(keys, cols, s, ld, m, sum, alpha)
	for k := 0; k < keys; k += 2 {
		out := p[k/2*ldp:][:cols]
		for c := range out {
			out[c] = Pair(ToBF16(s[k*ld+c]))
			if k+1 < keys {
				out[c] |= Pair(ToBF16(s[(k+1)*ld+c])) << 16
			}
		}
	}
	return changed
}

func needDot(lanes, m, n, pairs int, a []BF16, lda int, b []Pair, ldb int, c []float32, ldc int) {
	needCols(lanes, n)
	needEven("lda", lda)
	need("a", a, m, 2*pairs, lda)
	need("b", b, pairs, n, ldb)
	need("c", c, m, n, ldc)
}

func needDotT(lanes, m, n, pairs int, a []Pair, lda int, b []Pair, ldb int, c []float32, ldc int) {
	needCols(lanes, n)
	need("a", a, pairs, m, lda)
	need("b", b, pairs, n, ldb)
	need("c", c, m, n, ldc)
}

func needDotPack(lanes, rows, cols int, dst []Pair, ldd int, src []BF16, lds int) (padded int) {
	padded = (rows + lanes - 1) / lanes * lanes
	needEven("cols", cols)
	needEven("lds", lds)
	need("src", src, rows, cols, lds)
	need("dst", dst, cols/2, padded, ldd)
	return padded
}

func needPairRows(lanes, rows, cols int, dst []Pair, ldd int, src []BF16, lds int) (padded int) {
	padded = (cols + lanes - 1) / lanes * lanes
	need("src", src, rows, cols, lds)
	need("dst", dst, (rows+1)/2, padded, ldd)
	return padded
}
