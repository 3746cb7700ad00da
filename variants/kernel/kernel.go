// Package kernel holds the arithmetic that every mechanism shares: tile products, the softmax of a score
// tile, feature maps.
//
// A Set is one implementation of all routines on one instruction set. Sets are values: a caller picks one
// and passes it on, so that one process can sweep instruction sets and a test can force any of them.
// Routines are coarse (tiles and panels, never single dot products), so that the indirect call costs
// nothing that can be measured.
//
// Scores are kept transposed: row = key, column = query. Softmax statistics then live in vector lanes
// (one query a lane) and no routine needs a horizontal reduction. Logits are in base 2: a caller folds
// scale·log2(e) into the queries once.
//
// Matrices are row-major float32 slices with a leading dimension (ld: elements from one row to the next).
// Unless a routine says otherwise its number of columns must be a multiple of Set.Lanes: callers pad,
// routines have no tails to get wrong. Every routine panics when a slice is too short for the shape; none
// allocates; none runs longer than about 100 µs in one assembly call.
package kernel

import "math"

//go:generate go run -C gen . ..

// Set is one implementation of the routines. All fields are set.
type Set struct {
	// Name is the path's name on the command line: "generic", "avx2", "avx512", "avx512bf16", "neon".
	Name string
	// Lanes is the number of float32 in a vector: column counts are multiples of it.
	Lanes int
	// Panel is the number of columns of the widest register tile, a multiple of Lanes; Rows is its number
	// of rows. Tiles whose sides are multiples of both run fastest.
	Panel, Rows int

	// Gemm computes C = A·B, or C += A·B when add is set: c[i][j] = Σ_p a[i][p]·b[p][j], for i < m,
	// j < n, p < k, p ascending. n is a multiple of Lanes.
	Gemm func(m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int, add bool)
	// GemmMax computes C = A·B and raises max[j] to the largest of its column j, as MaxCols does.
	GemmMax func(m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int, max []float32)
	// GemmT computes C = Aᵀ·B, or C += Aᵀ·B: c[i][j] = Σ_p a[p][i]·b[p][j]. A is stored k×m: a
	// transposed score tile is used as it is.
	GemmT func(m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int, add bool)
	// GemmLanes computes as many products C = A·B as there are lanes, one in each: c[i][j] =
	// Σ_p a[i][p]·b[p][j], for i < m, j < n, p < k, p ascending, where an element is a vector: that of A at
	// a[i·ai+p·ap], of B at b[j·bj+p·bp], of C at c[i·ci+j·cj]. m is a multiple of 6, n of 4.
	GemmLanes func(m, n, k int, a []float32, ai, ap int, b []float32, bj, bp int, c []float32, ci, cj int)
	// GemmTLanes computes C = Aᵀ·B, or C += Aᵀ·B, of the first lanes of A, whose B and C lie apart:
	// c[l·cl+i·ldc+j] = Σ_p a[p·lda+i·Lanes+l]·b[l·bl+p·ldb+j] for l < count, i < m, j < n. n is a multiple of
	// Lanes.
	GemmTLanes func(count, m, n, k int, a []float32, lda int, b []float32, bl, ldb int, c []float32, cl, ldc int,
		add bool)
	// Pack transposes and scales: dst[c][r] = scale·src[r][c] for r < rows, c < cols. Any rows and cols;
	// columns rows…padded-1 of dst are set to zero, where padded is rows rounded up to Lanes.
	Pack func(rows, cols int, dst []float32, ldd int, src []float32, lds int, scale float32)
	// PackBlocks transposes and scales blocks of as many rows as there are lanes: dst[b·dstStep+c·ldd+r] =
	// scale·src[b·srcStep+r·lds+c] for b < blocks, c < cols, r < Lanes. Any cols.
	PackBlocks func(blocks, cols int, dst []float32, ldd, dstStep int, src []float32, lds, srcStep int,
		scale float32)

	// Softmax takes one transposed tile of base-2 logits s[keys][cols] into the running softmax of each
	// column (spec §1, "tiled exact"). alpha[c] holds the maximum before the tile, Lowest at the start, and
	// m[c] that with the tile in it (GemmMax, MaxCols); where that is higher by at most Stale, m[c] is set back,
	// so that there is less to rescale. It stores alpha[c] = 2^(alpha[c]-m[c]); s[k][c] = 2^(s[k][c]-m[c]);
	// sum[c] = sum[c]·alpha[c] + Σ_k s[k][c]. A logit of -Inf gets weight exactly 0, also in a column that has
	// no finite one. It reports whether any alpha differs from 1, so that the caller can skip the rescaling of
	// its accumulator.
	Softmax func(keys, cols int, s []float32, ld int, m, sum, alpha []float32) bool
	// ScaleRows computes dst[r][c] = f[r]·src[r][c]; dst and src may be the same. Any cols.
	ScaleRows func(rows, cols int, dst []float32, ldd int, src []float32, lds int, f []float32)
	// MixRows computes dst[r][c] = f[r]·x[r][c] + g[r]·y[r][c], rounded twice; dst may be x or y. Any cols.
	MixRows func(rows, cols int, dst []float32, ldd int, x []float32, ldx int, y []float32, ldy int,
		f, g []float32)
	// PowerRows computes up[r][c] = f·x[r][c]·2^p[r][c] and down[r][c] = y[r][c]·2^-p[r][c], where -126 ≤
	// p[r][c] ≤ 126; up may be x, and down y. Any cols.
	PowerRows func(rows, cols int, up []float32, ldu int, x []float32, ldx int, down []float32, ldd int,
		y []float32, ldy int, p []float32, ldp int, f float32)
	// SumDown computes running sums down the columns: dst[r+1][c] = dst[r][c] + f·x[r][c] for r < rows, row 0
	// of dst given. Any cols.
	SumDown func(rows, cols int, dst []float32, ldd int, x []float32, ldx int, f float32)
	// GatherRows copies listed rows: dst[i][c] = src[index[i]][c] for i < len(index). Any cols.
	GatherRows func(cols int, dst []float32, ldd int, src []float32, lds int, index []int32)
	// ScatterRows copies to listed rows: dst[index[i]][c] = src[i][c] for i < len(index). Any cols.
	ScatterRows func(cols int, dst []float32, ldd int, src []float32, lds int, index []int32)

	// Widen converts to float32, exactly: dst[r][c] = src[r][c]. Any cols.
	Widen func(rows, cols int, dst []float32, ldd int, src []BF16, lds int)
	// Narrow rounds to the nearest BF16, ties to even: dst[r][c] = src[r][c]. Any cols.
	Narrow func(rows, cols int, dst []BF16, ldd int, src []float32, lds int)

	// MaxCols raises max[c] to the largest x[r][c] of its column.
	MaxCols func(rows, cols int, x []float32, ld int, max []float32)
	// ExpCols replaces x[r][c] by 2^(x[r][c] - sub[c]) + add.
	ExpCols func(rows, cols int, x []float32, ld int, sub []float32, add float32)
	// GradCols replaces x[r][c] by p[r][c]·(x[r][c] - sub[c]): the gradient of logits whose softmax is p,
	// where x is that of the weights.
	GradCols func(rows, cols int, x []float32, ld int, p []float32, ldp int, sub []float32)
	// ReLU replaces x[r][c] by max(x[r][c], 0) + add.
	ReLU func(rows, cols int, x []float32, ld int, add float32)
	// ELU replaces x[r][c] by elu(x)+1: x+1 where x is positive, e^x elsewhere, to (2 + |x|) ulp; 0 where e^x is
	// below the smallest normal number.
	ELU func(rows, cols int, x []float32, ld int)
	// ScaleCols computes dst[r][c] = f[c]·src[r][c]; dst and src may be the same.
	ScaleCols func(rows, cols int, dst []float32, ldd int, src []float32, lds int, f []float32)
	// Slope multiplies x[r][c] by min(steep·y[r][c], 1), y ≥ 0. It takes gradients x back through features y:
	// with steep 1 through elu+1, whose slope is itself up to 1; with Steepest through max(·, 0), times a
	// positive factor or not: a y of at least 2^-126 counts as 1.
	Slope func(rows, cols int, x []float32, ld int, y []float32, ldy int, steep float32)
	// SinCos stores scale[c]·sin x[r][c] in sin[r][c] and replaces x[r][c] by scale[c]·cos x[r][c]: at most
	// 2 ulp of scale[c].
	SinCos func(rows, cols int, x []float32, ld int, sin []float32, lds int, scale []float32)
	// DotCols adds Σ_r w[r]·x[r][c] to dot[c].
	DotCols func(rows, cols int, x []float32, ld int, w, dot []float32)
	// SumRows adds Σ_c x[r][c] to sum[r].
	SumRows func(rows, cols int, x []float32, ld int, sum []float32)
	// DotRows adds Σ_c w[c]·x[r][c] to sum[r]. Any cols.
	DotRows func(rows, cols int, x []float32, ld int, w, sum []float32)
	// SquareRows stores Σ_c x[r][c]² in sum[r]. Any cols.
	SquareRows func(rows, cols int, x []float32, ld int, sum []float32)
	// ArgMaxCols stores in index[c] the position of the largest of the 2·rows values x[0][c] …
	// x[rows-1][c], -x[0][c] … -x[rows-1][c]; the first one on ties.
	ArgMaxCols func(rows, cols int, x []float32, ld int, index []int32)
	// MarginCols stores in margin[c] how far the largest of |x[0][c]| … |x[rows-1][c]|, 0 is above the second
	// largest: what an error in x must exceed before another position is the largest.
	MarginCols func(rows, cols int, x []float32, ld int, margin []float32)

	// Exp2 computes dst[i] = 2^src[i]: at most 1.5 ulp where the result is normal; below the smallest
	// normal number it is 0 or, on some sets, the subnormal number, and exactly 0 below 2^-150 (-Inf
	// included). NaN stays NaN. Any length; dst and src may be the same.
	Exp2 func(dst, src []float32)

	// FMA runs n rounds of independent fused multiply-adds on registers and returns the number of
	// floating-point operations done: the yardstick of peak-frac. n is chosen by the caller so that one
	// call stays below 100 µs.
	FMA func(n int) (flops int64)

	// Dot multiplies BF16 numbers. Nil where no instruction does that.
	Dot *Dot

	ahead func(a *Ahead) *Set // nil: the routines ask for nothing
}

// Steepest turns every normal number that is positive into at least 1: see Set.Slope.
const Steepest = 0x1p126

// Stale is how far the maximum of a running softmax may be behind its logits: weights go up to 2^Stale.
const Stale = 8

// Lowest is the running maximum of a softmax that has seen no logit: finite, so that no difference of it
// is NaN.
const Lowest = -3.4e38

var negInf = float32(math.Inf(-1))

// Pad rounds n up to a multiple of the set's lanes.
func (s *Set) Pad(n int) int { return (n + s.Lanes - 1) / s.Lanes * s.Lanes }

// Side is the side of a tile without ragged register tiles: the least common multiple of Panel and Rows, or
// the largest multiple of it up to 96, with which a tile of scores stays in the second-level cache.
func (s *Set) Side() int {
	a, b := s.Panel, s.Rows
	for b != 0 { // Euclid: a becomes the greatest common divisor
		a, b = b, a%b
	}
	side := s.Panel / a * s.Rows
	return side * max(1, 96/side)
}
