package main

import (
	"fmt"
	"strings"
)

// layout is how the left matrix of a product lies in memory.
type layout int

const (
	rowMajor layout = iota // a[i][p]: neighbours along k
	kMajor                 // a[p][i]: neighbours along m
)

// General registers of a product. The row loop keeps A and C at the tile's first row, the k loop walks
// from there with aAt and bAt.
const (
	aRow, aAt, lda1, lda3, lda5 = "BX", "SI", "R8", "R9", "R10"
	bAt, ldb1, ldb3             = "DX", "R11", "R12"
	cRow, ldc1, ldc3, ldc5      = "DI", "R13", "AX", "R15"
	rowsLeft, kLeft             = "R14", "CX"
)

const unroll = 4 // steps of k in one round of the inner loop

// gemm is the product of m rows of A with a panel of B that is width vectors wide.
func gemm(set *isa, width int, a layout) *routine {
	name, index := fmt.Sprintf("Gemm%d", width), "a[i*lda+p]"
	if a == kMajor {
		name, index = fmt.Sprintf("GemmT%d", width), "a[p*lda+i]"
	}
	left, right, last := "float32", "float32", "add bool"
	if set.dots {
		left, right = "Pair", "Pair"
	}
	if set.dots && a == rowMajor { // two neighbours of a row are a pair as they lie
		left, last = "BF16", "scale *float32"
	}
	r := newRoutine(set, name, gemmDoc(set, width, a, index), "m int", "k int", "a *"+left, "lda int",
		"b *"+right, "ldb int", "c *float32", "ldc int", last)
	r.load("a", aRow, "c", cRow, "m", rowsLeft)
	r.stride("lda", lda1)
	r.stride("ldb", ldb1)
	r.stride("ldc", ldc1)
	for _, s := range [][3]string{{lda1, lda3, lda5}, {ldc1, ldc3, ldc5}} {
		r.op("LEAQ", indexed(s[0], s[0], 2, 0), s[1])
		r.op("LEAQ", indexed(s[0], s[0], 4, 0), s[2])
	}
	r.op("LEAQ", indexed(ldb1, ldb1, 2, 0), ldb3)
	r.gemmRows(width, a)
	return r
}

func gemmDoc(set *isa, width int, a layout, index string) string {
	term := fmt.Sprintf("s += %s * b[p*ldb+j] // fused", index)
	end := []string{"if add {", "	s += c[i*ldc+j]", "}", "c[i*ldc+j] = s"}
	if set.dots {
		term = fmt.Sprintf("s += dot(%s, b[p*ldb+j]) // of pairs", index)
	}
	if set.dots && a == rowMajor {
		end = []string{"c[i*ldc+j] = scale[i] * s"}
	}
	return fmt.Sprintf(`multiplies in tiles of %d×%d: %d accumulators.

	for i := range m {
		for j := range %d {
			var s float32
			for p := range k {
				%s
			}
			%s
		}
	}`, set.rows, width*set.lanes, set.rows*width, width*set.lanes, term, strings.Join(end, "\n\t\t\t"))
}

// gemmRows goes through the rows in full tiles and ends with one tile of the rows that are left.
func (r *routine) gemmRows(width int, a layout) {
	full, tails := r.newLabel("full"), r.newLabel("tails")
	r.op("CMPQ", rowsLeft, r.rows)
	r.op("JLT", tails)
	r.label(full)
	r.gemmTile(r.rows, width, a)
	r.advanceRows(a)
	r.op("SUBQ", r.rows, rowsLeft)
	r.op("CMPQ", rowsLeft, r.rows)
	r.op("JGE", full)
	r.label(tails)
	var labels []string
	for rows := 1; rows < r.rows; rows++ {
		labels = append(labels, r.newLabel(fmt.Sprintf("rows%d_", rows)))
		r.op("CMPQ", rowsLeft, rows)
		r.op("JEQ", labels[rows-1])
	}
	r.ret()
	for rows := 1; rows < r.rows; rows++ {
		r.label(labels[rows-1])
		r.gemmTile(rows, width, a)
		r.ret()
	}
}

// advanceRows moves A and C down by a full tile of six rows.
func (r *routine) advanceRows(a layout) {
	if a == rowMajor {
		r.op("LEAQ", indexed(aRow, lda3, 2, 0), aRow)
	} else {
		r.op("ADDQ", 4*r.rows, aRow)
	}
	r.op("LEAQ", indexed(cRow, ldc3, 2, 0), cRow)
}

// tile is the register assignment of a product tile.
type tile struct {
	rows, width int
	layout      layout
	acc         [][]vec // [row][vector]
	b           []vec
	a           []vec // rotate, so that a broadcast need not wait for the products of the one before
}

// gemmTile multiplies one tile and stores it.
func (r *routine) gemmTile(rows, width int, a layout) {
	saved := r.free
	t := tile{rows: rows, width: width, layout: a}
	for range rows {
		t.acc = append(t.acc, r.alloc(width))
	}
	t.b, t.a = r.alloc(width), r.alloc(2)
	r.comment("Tile %d×%d: rows in %s.", rows, width*r.lanes, t.names(r))
	r.op("MOVQ", aRow, aAt)
	r.load("b", bAt, "k", kLeft)
	for i := range rows {
		for line := 0; line < width*r.bytes(); line += 64 {
			r.op("PREFETCHT0", strided(cRow, ldc1, ldc3, ldc5, i, line))
		}
		for _, acc := range t.acc[i] {
			r.zero(acc)
		}
	}
	r.gemmK(t)
	r.gemmStore(t)
	r.free = saved
}

// names lists the accumulators of a tile.
func (t *tile) names(r *routine) string {
	var rows []string
	for _, row := range t.acc {
		rows = append(rows, r.reg(row[0])+"…"+r.reg(row[len(row)-1]))
	}
	return strings.Join(rows, ", ")
}

// gemmK adds the k outer products of A's columns and B's rows to the accumulators.
func (r *routine) gemmK(t tile) {
	unrolled, rest := r.newLabel("k4_"), r.newLabel("rest")
	single, done := r.newLabel("k1_"), r.newLabel("store")
	if t.rows == r.rows { // a tail tile runs once: it is kept short
		r.op("SUBQ", unroll, kLeft)
		r.op("JLT", rest)
		r.op("PCALIGN", 32)
		r.label(unrolled)
		for step := range unroll {
			r.gemmStep(t, step)
		}
		r.gemmAdvance(t.layout, unroll)
		r.op("SUBQ", unroll, kLeft)
		r.op("JGE", unrolled)
		r.label(rest)
		r.op("ADDQ", unroll, kLeft)
	} else {
		r.op("TESTQ", kLeft, kLeft)
	}
	r.op("JEQ", done)
	r.label(single)
	r.gemmStep(t, 0)
	r.gemmAdvance(t.layout, 1)
	r.op("DECQ", kLeft)
	r.op("JNE", single)
	r.label(done)
}

// gemmStep adds one outer product, step rows of B (and steps of k in A) ahead of the pointers.
func (r *routine) gemmStep(t tile, step int) {
	for j, b := range t.b {
		r.op("VMOVUPS", strided(bAt, ldb1, ldb3, "", step, j*r.bytes()), b)
	}
	for i, row := range t.acc {
		a := t.a[i%len(t.a)]
		if t.layout == rowMajor {
			r.op("VBROADCASTSS", strided(aAt, lda1, lda3, lda5, i, 4*step), a)
		} else {
			r.op("VBROADCASTSS", strided(aAt, lda1, lda3, "", step, 4*i), a)
		}
		for j, acc := range row {
			r.multiplyAdd(t.b[j], a, acc)
		}
	}
}

// gemmAdvance moves the pointers by steps of k: 1 or 4.
func (r *routine) gemmAdvance(a layout, steps int) {
	if a == rowMajor {
		r.op("ADDQ", 4*steps, aAt)
	} else {
		r.op("LEAQ", indexed(aAt, lda1, steps, 0), aAt)
	}
	r.op("LEAQ", indexed(bAt, ldb1, steps, 0), bAt)
}

// multiplyAdd adds the products of x and y to sum, of float32 or of pairs of bfloat16.
func (r *routine) multiplyAdd(x, y, sum vec) {
	if r.dots {
		r.evex(dotPairs, x, y, sum)
		return
	}
	r.op("VFMADD231PS", x, y, sum)
}

// gemmStore stores the accumulators, or adds them to C, or scales their rows.
func (r *routine) gemmStore(t tile) {
	if r.dots && t.layout == rowMajor {
		r.scaleTile(t)
	} else {
		r.addTile(t)
	}
	for i, row := range t.acc {
		for j, acc := range row {
			r.op("VMOVUPS", acc, strided(cRow, ldc1, ldc3, ldc5, i, j*r.bytes()))
		}
	}
}

// addTile adds what C holds.
func (r *routine) addTile(t tile) {
	plain := r.newLabel("plain")
	r.op("CMPB", r.arg("add"), 0)
	r.op("JEQ", plain)
	for i, row := range t.acc {
		for j, acc := range row {
			r.op("VADDPS", strided(cRow, ldc1, ldc3, ldc5, i, j*r.bytes()), acc, acc)
		}
	}
	r.label(plain)
}

// scaleTile multiplies each row by its factor. The number of rows that are left tells which rows these are.
func (r *routine) scaleTile(t tile) {
	first := kLeft
	r.load("scale", bAt, "m", first)
	r.op("SUBQ", rowsLeft, first)
	for i, row := range t.acc {
		a := t.a[i%len(t.a)]
		r.op("VBROADCASTSS", indexed(bAt, first, 4, 4*i), a)
		for _, acc := range row {
			r.op("VMULPS", a, acc, acc)
		}
	}
}

// indexed is the memory operand disp + base + index·scale.
func indexed(base, index string, scale, disp int) string {
	if scale == 0 {
		return fmt.Sprintf("%d(%s)", disp, base)
	}
	if disp == 0 {
		return fmt.Sprintf("(%s)(%s*%d)", base, index, scale)
	}
	return fmt.Sprintf("%d(%s)(%s*%d)", disp, base, index, scale)
}

// strided is the memory operand at disp in row i ≤ 5 behind base; s1, s3 and s5 hold one, three and five
// times the stride.
func strided(base, s1, s3, s5 string, i, disp int) string {
	switch i {
	case 0:
		return fmt.Sprintf("%d(%s)", disp, base)
	case 3:
		return indexed(base, s3, 1, disp)
	case 5:
		return indexed(base, s5, 1, disp)
	}
	return indexed(base, s1, i, disp)
}
