package main

import "fmt"

// General registers of a product on arm64. Where A lies in rows, every row of the tile has a pointer, and so
// has each of four rows of B; else the first pointers walk through A and B.
const (
	a64Lda, a64Ldb, a64Ldb4, a64Ldc = "R6", "R7", "R9", "R8" // bytes; ldb4 is four rows of B
	a64CAt                          = "R23"                  // the row of C at hand
)

func a64BAt() []string { return []string{"R10", "R11", "R12", "R13"} }
func a64AAt() []string { return []string{"R0", "R3", "R4", "R15", "R19", "R20", "R21", "R22"} }

func (x a64) gemmStart() {
	x.stride("lda", a64Lda, 4)
	x.stride("ldb", a64Ldb, 4)
	x.stride("ldc", a64Ldc, 4)
	x.r.op("LSL", 2, a64Ldb, a64Ldb4)
}

func (x a64) gemmBegin(t *tile) {
	aAt, bAt := a64AAt(), a64BAt()
	x.r.load("b", bAt[0], "k", kLeft)
	x.copyReg(aRow, aAt[0])
	if t.layout == rowMajor {
		x.pointers(aAt[:t.rows], a64Lda)
		x.pointers(bAt, a64Ldb)
	}
	for i, row := range t.acc {
		x.gemmRow(i)
		x.prefetch(a64CAt)
		for _, acc := range row {
			x.zero(acc)
		}
	}
}

// pointers points at each row behind the first.
func (x a64) pointers(at []string, stride string) {
	for i := range len(at) - 1 {
		x.r.op("ADD", stride, at[i], at[i+1])
	}
}

func (x a64) gemmRow(i int) func(j int) string {
	if i == 0 {
		x.copyReg(cRow, a64CAt)
	} else {
		x.addReg(a64Ldc, a64CAt)
	}
	return func(j int) string { return x.r.at(a64CAt, j) }
}

func (x a64) gemmNext(a layout) {
	if a == rowMajor {
		x.addTimes(x.r.rows, a64Lda, aRow)
	} else {
		x.addReg(x.r.rows*x.r.step(a), aRow)
	}
	x.addTimes(x.r.rows, a64Ldc, cRow)
}

func (x a64) gemmSteps(t *tile, steps int) {
	if t.layout != rowMajor {
		for range steps {
			x.columnProducts(t)
		}
		return
	}
	x.rowProducts(t, steps)
	for i, b := range a64BAt() {
		switch {
		case steps == unroll:
			x.addReg(a64Ldb4, b)
		case i == 0:
			x.addReg(a64Ldb, b)
		}
	}
}

// rowProducts takes as many rows of A at a time as there are registers for them: one for each row, with a
// lane for each of four steps of k. The widest tile has four of them and loads the rows of B once more for
// the remaining rows of A, which is still one load for three products.
func (x a64) rowProducts(t *tile, steps int) {
	load, size := "FMOVQ.P", 16
	if steps == 1 {
		load, size = "FMOVS.P", 4
	}
	for first := 0; first < t.rows; first += len(t.a) {
		acc, aAt := t.acc[first:min(first+len(t.a), t.rows)], a64AAt()[first:]
		for i := range acc {
			x.r.op(load, fmt.Sprintf("%d(%s)", size, aAt[i]), scalar(t.a[i]))
		}
		for step, b := range a64BAt()[:steps] {
			x.loadPanel(t, b)
			for i, row := range acc {
				x.gemmFMA(t, row, t.a[i], step)
			}
		}
	}
}

// columnProducts takes one step of k of all rows.
func (x a64) columnProducts(t *tile) {
	a, b := a64AAt()[0], a64BAt()[0]
	x.loadPanel(t, b)
	if t.layout == laneMajor {
		for row, acc := range t.acc {
			reg := t.a[row%len(t.a)]
			x.loadLane(fmt.Sprintf("%d(%s)", row*x.r.step(t.layout), a), reg)
			x.gemmFMA(t, acc, reg, 0)
		}
	} else {
		x.neighbourProducts(t, a)
	}
	x.addReg(a64Lda, a)
	x.addReg(a64Ldb, b)
}

// neighbourProducts loads rows of A that are neighbours, four in a register.
func (x a64) neighbourProducts(t *tile, a string) {
	for row, reg := 0, 0; row < t.rows; reg++ {
		load, lanes := "FMOVQ", 4
		switch left := t.rows - row; {
		case left == 1:
			load, lanes = "FMOVS", 1
		case left < 4:
			load, lanes = "FMOVD", 2
		}
		x.r.op(load, fmt.Sprintf("%d(%s)", 4*row, a), scalar(t.a[reg]))
		for lane := range lanes {
			x.gemmFMA(t, t.acc[row], t.a[reg], lane)
			row++
		}
	}
}

// loadPanel loads a row of B.
func (x a64) loadPanel(t *tile, at string) {
	j := 0
	if t.width >= 2 {
		x.r.op("FLDPQ", "("+at+")", fmt.Sprintf("(%s, %s)", scalar(t.b[0]), scalar(t.b[1])))
		j = 2
	}
	for ; j < t.width; j++ {
		x.loadVec(x.r.at(at, j), t.b[j])
	}
}

// gemmFMA adds the row of B times one element of A to a row of the tile.
func (x a64) gemmFMA(t *tile, acc []vec, a vec, lane int) {
	for j, acc := range acc {
		x.fmlaLane(t.b[j], a, lane, acc)
	}
}
