package main

import "fmt"

// lanesCols is the width of a tile of gemmLanes.
const lanesCols = 4

// lanesRows is its height. The accumulators, a column of A and an element of B are in registers.
func (s *isa) lanesRows() int { return (s.regs - 1) / (lanesCols + 1) }

// gemmLanes multiplies as many matrices as a register has lanes: an element is a vector, and nothing is
// broadcast. Both sides of a matrix have a stride, so that a product may leave its result in the order that
// the next one wants.
func gemmLanes(set *isa) *routine {
	r := newRoutine(set, "GemmLanes", lanesDoc(set), "cols int", "k int", "a *float32", "ai int", "ap int",
		"b *float32", "bj int", "bp int", "c *float32", "ci int", "cj int")
	const (
		aNext, ai1, ai3, ai5, ap = "SI", "R8", "R9", "R15", "R10"
		bNext, bj1, bj3, bj5, bp = "DX", "R11", "R12", "R14", "R13"
		bCol, cCol, left         = "BX", "DI", "AX"
	)
	rows := set.lanesRows()
	r.load("cols", left, "b", bCol, "c", cCol)
	r.rowStrides("bj", bj1, bj3, bj5)
	r.stride("bp", bp, 4)
	sum, a, b := r.alloc(rows*lanesCols), r.alloc(rows), r.alloc(1)[0]
	tile := r.newLabel("tile")
	r.label(tile)
	r.rowStrides("ai", ai1, ai3, ai5)
	r.stride("ap", ap, 4)
	r.load("a", aNext, "k", kLeft)
	r.copyReg(bCol, bNext)
	for _, v := range sum {
		r.zero(v)
	}
	r.loop("k", kLeft, func() {
		r.rowsFrom(rows, aNext, ai1, ai3, ai5, func(i int, mem string) { r.loadVec(mem, a[i]) })
		r.rowsFrom(lanesCols, bNext, bj1, bj3, bj5, func(j int, mem string) {
			r.loadVec(mem, b)
			for i, a := range a {
				r.mulAdd(b, a, sum[j*rows+i])
			}
		})
		r.addReg(ap, aNext)
		r.addReg(bp, bNext)
	})
	const ci1, ci3, ci5, cj = "SI", "R8", "R9", "DX" // the loop is done with them
	r.rowStrides("ci", ci1, ci3, ci5)
	r.stride("cj", cj, 4)
	for j := range lanesCols {
		r.rowsFrom(rows, cCol, ci1, ci3, ci5, func(i int, mem string) { r.storeVec(sum[j*rows+i], mem) })
		r.addReg(cj, cCol)
	}
	r.addTimes(lanesCols, bj1, bCol)
	r.count(-lanesCols, left, greater, tile)
	r.ret()
	return r
}

func lanesDoc(set *isa) string {
	return fmt.Sprintf(`multiplies matrices, one in each lane, in tiles of %[1]d×%[2]d; cols is a multiple
of %[2]d.

	for i := range %[1]d {
		for j := range cols {
			for l := range %[3]d {
				var s float32
				for p := range k {
					s += a[i*ai+p*ap+l] * b[j*bj+p*bp+l] // fused
				}
				c[i*ci+j*cj+l] = s
			}
		}
	}`, set.lanesRows(), lanesCols, set.lanes)
}
