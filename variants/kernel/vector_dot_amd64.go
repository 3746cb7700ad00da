//go:build !noasm

package kernel

// dotRoutines are the assembly routines of Dot, on the tile of the float32 routines that they complete.
type dotRoutines struct {
	*routines
	gemm        []dotProduct
	gemmMax     []dotProductMax
	gemmT       []dotProductT
	pack        func(blocks, cols int, dst *Pair, ldd, dstStep int, src *BF16, lds, srcStep int)
	pairRows    func(pairs, vecs int, dst *Pair, ldd int, src *BF16, lds int)
	expSumPairs func(pairs, vecs int, x *float32, ld int, p *Pair, ldp int, m, sum *float32)
	fma         func(n int)
}

// dotProduct multiplies m rows with a panel of B of a fixed width; dotProductT takes a transposed A.
type (
	dotProduct    func(m, k int, a *BF16, lda int, b *Pair, ldb int, c *float32, ldc int, scale *float32)
	dotProductMax func(m, k int, a *BF16, lda int, b *Pair, ldb int, c *float32, ldc int, scale, max *float32)
	dotProductT   func(m, k int, a *Pair, lda int, b *Pair, ldb int, c *float32, ldc int, add bool)
)

// set is the float32 set with Dot.
func (r *dotRoutines) set(name string) *Set {
	s := r.routines.set()
	s.Name = name
	s.ahead = func(a *Ahead) *Set {
		c := *r
		c.routines = r.with(a)
		return c.set(name)
	}
	s.Dot = &Dot{
		Gemm: r.Gemm, GemmMax: r.GemmMax, GemmT: r.GemmT, Pack: r.Pack, PairRows: r.PairRows, Softmax: r.Softmax,
		FMA: func(n int) int64 {
			r.fma(n)
			return int64(n) * int64(r.rows*r.panel*r.lanes) * 4
		},
	}
	return s
}

func (r *dotRoutines) Gemm(m, n, pairs int, a []BF16, lda int, b []Pair, ldb int, c []float32, ldc int,
	scale []float32) {
	needDot(r.lanes, m, n, pairs, a, lda, b, ldb, c, ldc)
	scale = scale[:m]
	if pairs == 0 {
		clearMatrix(matrix{c, m, n, ldc})
		return
	}
	step := r.rowBlock(pairs)
	for i := 0; i < m; i += step {
		for j := 0; j < n; {
			vecs := r.width((n - j) / r.lanes)
			r.gemm[vecs-1](min(step, m-i), pairs, &a[i*lda], lda/2, &b[j], ldb, &c[i*ldc+j], ldc, &scale[i])
			j += vecs * r.lanes
		}
	}
}

func (r *dotRoutines) GemmMax(m, n, pairs int, a []BF16, lda int, b []Pair, ldb int, c []float32, ldc int,
	scale, max []float32) {
	needDot(r.lanes, m, n, pairs, a, lda, b, ldb, c, ldc)
	scale, max = scale[:m], max[:n]
	if pairs == 0 {
		clearMatrix(matrix{c, m, n, ldc})
		r.MaxCols(m, n, c, ldc, max)
		return
	}
	step := r.rowBlock(pairs)
	for i := 0; i < m; i += step {
		for j := 0; j < n; {
			vecs := r.width((n - j) / r.lanes)
			r.gemmMax[vecs-1](min(step, m-i), pairs, &a[i*lda], lda/2, &b[j], ldb, &c[i*ldc+j], ldc,
				&scale[i], &max[j])
			j += vecs * r.lanes
		}
	}
}

func (r *dotRoutines) GemmT(m, n, pairs int, a []Pair, lda int, b []Pair, ldb int, c []float32, ldc int,
	add bool) {
	needDotT(r.lanes, m, n, pairs, a, lda, b, ldb, c, ldc)
	if pairs == 0 && !add {
		clearMatrix(matrix{c, m, n, ldc})
	}
	for p := 0; p < pairs; p += depthLimit {
		k := min(depthLimit, pairs-p)
		step := r.rowBlock(k)
		for i := 0; i < m; i += step {
			for j := 0; j < n; {
				vecs := r.width((n - j) / r.lanes)
				r.gemmT[vecs-1](min(step, m-i), k, &a[p*lda+i], lda, &b[p*ldb+j], ldb, &c[i*ldc+j], ldc, add || p > 0)
				j += vecs * r.lanes
			}
		}
	}
}

// Pack leaves whole blocks to the assembly and moves the elements at the right and lower edges itself.
func (r *dotRoutines) Pack(rows, cols int, dst []Pair, ldd int, src []BF16, lds int) {
	padded := needDotPack(r.lanes, rows, cols, dst, ldd, src, lds)
	fullRows, fullCols := rows/r.lanes*r.lanes, cols/2/r.lanes*r.lanes
	if fullCols > 0 {
		step := max(r.lanes, elementLimit/fullCols/r.lanes*r.lanes)
		for i := 0; i < fullRows; i += step {
			blocks := min(step, fullRows-i) / r.lanes
			r.pack(blocks, fullCols, &dst[i], ldd, r.lanes, &src[i*lds], lds/2, r.lanes*lds/2)
		}
	}
	for c := range cols / 2 {
		out := dst[c*ldd:][:padded]
		first := fullRows
		if c >= fullCols {
			first = 0
		}
		for i := first; i < rows; i++ {
			out[i] = pairAt(src, i*lds+2*c)
		}
		clear(out[rows:])
	}
}

// PairRows leaves whole vectors of whole pairs to the assembly.
func (r *dotRoutines) PairRows(rows, cols int, dst []Pair, ldd int, src []BF16, lds int) {
	padded := needPairRows(r.lanes, rows, cols, dst, ldd, src, lds)
	vecs := cols / r.lanes
	if vecs > 0 {
		step := rowStep(cols)
		for i := 0; i < rows/2; i += step {
			r.pairRows(min(step, rows/2-i), vecs, &dst[i*ldd], ldd, &src[2*i*lds], lds)
		}
	}
	done := vecs * r.lanes
	for i := 0; i < rows; i += 2 {
		from := done
		if i+1 == rows {
			from = 0
		}
		if from < padded {
			pairRow(dst[i/2*ldd+from:][:padded-from], src[i*lds+min(from, cols):], rows-i, cols-from, lds)
		}
	}
}

// Softmax gives an odd last key a neighbour of weight 0.
func (r *dotRoutines) Softmax(keys, cols int, s []float32, ld int, p []Pair, ldp int,
	m, sum, alpha []float32) bool {
	pairs := (keys + 1) / 2
	r.check(2*pairs, cols, s, ld)
	need("p", p, pairs, cols, ldp)
	m, sum, alpha = m[:cols], sum[:cols], alpha[:cols]
	if keys%2 == 1 {
		row := s[keys*ld:][:cols]
		for c := range row {
			row[c] = negInf
		}
	}
	changed := false
	for c := 0; c < cols; c += blockCols {
		n := min(blockCols, cols-c)
		tile := s[min(c, len(s)):]
		changed = r.alphas(n/r.lanes, &m[c], &sum[c], &alpha[c]) || changed
		r.eachBlock(pairs, n, func(b block) {
			r.expSumPairs(b.rows, b.vecs, &tile[2*b.row*ld], ld, &p[b.row*ldp+c], ldp, &m[c], &sum[c])
		})
	}
	return changed
}
