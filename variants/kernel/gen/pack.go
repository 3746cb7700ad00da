package main

import "fmt"

// pack transposes blocks of lanes×lanes in registers.
func pack(set *isa) *routine {
	r := newRoutine(set, "Pack", packDoc(set, "transposes and scales", "scale * src[b*srcStep+r*lds+c]"),
		"blocks int", "cols int", "dst *float32", "ldd int", "dstStep int",
		"src *float32", "lds int", "srcStep int", "scale float32")
	scale := r.alloc(1)[0]
	r.broadcast(r.arg("scale"), scale)
	r.transposeAll(func(row string, to vec) { r.mul(row, scale, to) })
	return r
}

// packPairs is pack for pairs, which stay as they are.
func packPairs(set *isa) *routine {
	r := newRoutine(set, "Pack", packDoc(set, "transposes", "src[b*srcStep+r*lds+c] // pairs"),
		"blocks int", "cols int", "dst *Pair", "ldd int", "dstStep int",
		"src *BF16", "lds int", "srcStep int")
	r.transposeAll(r.loadVec)
	return r
}

func packDoc(set *isa, what, element string) string {
	return fmt.Sprintf(`%[2]s blocks of %[1]d rows; cols is a multiple of %[1]d.

	for b := range blocks {
		for r := range %[1]d {
			for c := range cols {
				dst[b*dstStep+c*ldd+r] = %[3]s
			}
		}
	}`, set.lanes, what, element)
}

// transposeAll emits the loops over blocks; load brings a row of one into a register.
func (r *routine) transposeAll(load func(row string, to vec)) {
	r.load("blocks", "CX", "dst", "AX", "src", "BX")
	r.blockStride("lds", "R8", "R9")
	r.blockStride("ldd", "R10", "R11")
	spare, block := r.alloc(1)[0], r.alloc(r.lanes)
	rowBlock, colBlock := r.newLabel("rows"), r.newLabel("cols")
	r.label(rowBlock)
	r.load("cols", "DX")
	r.copyReg("BX", "R12")
	r.copyReg("AX", "DI")
	r.label(colBlock)
	r.copyReg("R12", "SI")
	r.blockAhead("SI", "R8", "R9", "srcStep")
	r.blockRows("SI", "R8", "R9", func(i int, row string) { load(row, block[i]) })
	columns := r.transpose(block, spare)
	r.blockRows("DI", "R10", "R11", func(i int, row string) { r.storeVec(columns[i], row) })
	r.addReg(r.bytes(), "R12")
	r.count(-r.lanes, "DX", unequal, colBlock)
	r.stride("srcStep", "R13", 4)
	r.addReg("R13", "BX")
	r.stride("dstStep", "R13", 4)
	r.addReg("R13", "AX")
	r.count(-1, "CX", unequal, rowBlock)
	r.ret()
}
