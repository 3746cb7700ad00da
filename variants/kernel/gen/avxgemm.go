package main

import "fmt"

// More general registers of a product: the k loop walks through A and B with aAt and bAt; the others hold
// one, three and five times a stride.
const (
	aAt, lda1, lda3, lda5 = "SI", "R8", "R9", "R10"
	bAt, ldb1, ldb3       = "DX", "R11", "R12"
	ldc1, ldc3, ldc5      = "R13", "AX", "R15"
)

func (x avx) gemmStart() {
	x.stride("lda", lda1, 4)
	x.stride("ldb", ldb1, 4)
	x.stride("ldc", ldc1, 4)
	for _, s := range [][3]string{{lda1, lda3, lda5}, {ldc1, ldc3, ldc5}} {
		x.r.op("LEAQ", indexed(s[0], s[0], 2, 0), s[1])
		x.r.op("LEAQ", indexed(s[0], s[0], 4, 0), s[2])
	}
	x.r.op("LEAQ", indexed(ldb1, ldb1, 2, 0), ldb3)
}

func (x avx) gemmBegin(t *tile) {
	x.copyReg(aRow, aAt)
	x.r.load("b", bAt, "k", kLeft)
	for i := range t.rows {
		for line := 0; line < t.width*x.r.bytes(); line += lineBytes {
			x.r.op("PREFETCHT0", strided(cRow, ldc1, ldc3, ldc5, i, line))
		}
		for _, acc := range t.acc[i] {
			x.zero(acc)
		}
	}
}

func (x avx) gemmSteps(t *tile, steps int) {
	for step := range steps {
		x.gemmStep(t, step)
	}
	x.gemmAdvance(t.layout, steps)
}

// gemmStep adds one outer product, step rows of B (and steps of k in A) ahead of the pointers. The registers
// of A rotate, so that a broadcast need not wait for the products of the one before.
func (x avx) gemmStep(t *tile, step int) {
	r := x.r
	for j, b := range t.b {
		r.op("VMOVUPS", strided(bAt, ldb1, ldb3, "", step, j*r.bytes()), b)
	}
	for i, row := range t.acc {
		a := t.a[i%len(t.a)]
		if t.layout == rowMajor {
			r.op("VBROADCASTSS", strided(aAt, lda1, lda3, lda5, i, 4*step), a)
		} else {
			r.op("VBROADCASTSS", strided(aAt, lda1, lda3, "", step, i*r.step(t.layout)), a)
		}
		for j, acc := range row {
			x.multiplyAdd(t.b[j], a, acc)
		}
	}
}

// multiplyAdd adds the products of a and b to sum, of float32 or of pairs of bfloat16.
func (x avx) multiplyAdd(a, b, sum vec) {
	if x.r.dots {
		x.r.evex(dotPairs, a, b, sum)
		return
	}
	x.mulAdd(a, b, sum)
}

// gemmAdvance moves the pointers by steps of k: 1 or 4.
func (x avx) gemmAdvance(a layout, steps int) {
	r := x.r
	if a == rowMajor {
		r.op("ADDQ", 4*steps, aAt)
	} else {
		r.op("LEAQ", indexed(aAt, lda1, steps, 0), aAt)
	}
	r.op("LEAQ", indexed(bAt, ldb1, steps, 0), bAt)
}

// gemmNext relies on tiles of six rows.
func (x avx) gemmNext(a layout) {
	r := x.r
	if a == rowMajor {
		r.op("LEAQ", indexed(aRow, lda3, 2, 0), aRow)
	} else {
		r.op("ADDQ", r.rows*r.step(a), aRow)
	}
	r.op("LEAQ", indexed(cRow, ldc3, 2, 0), cRow)
}

func (x avx) gemmRow(i int) func(j int) string {
	return func(j int) string { return strided(cRow, ldc1, ldc3, ldc5, i, j*x.r.bytes()) }
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
