package main

import "fmt"

// pack transposes blocks of lanes×lanes in registers.
func pack(set *isa) *routine {
	r := newRoutine(set, "Pack", packDoc(set, "transposes and scales", "scale * src[r*lds+c]"),
		"rows int", "cols int", "dst *float32", "ldd int", "src *float32", "lds int", "scale float32")
	scale := r.alloc(1)[0]
	r.op("VBROADCASTSS", r.arg("scale"), scale)
	r.transpose(func(row string, to vec) { r.op("VMULPS", row, scale, to) })
	return r
}

// packPairs is pack for pairs, which stay as they are.
func packPairs(set *isa) *routine {
	r := newRoutine(set, "Pack", packDoc(set, "transposes", "src[r*lds+c] // pairs"),
		"rows int", "cols int", "dst *Pair", "ldd int", "src *BF16", "lds int")
	r.transpose(func(row string, to vec) { r.op("VMOVUPS", row, to) })
	return r
}

func packDoc(set *isa, what, element string) string {
	return fmt.Sprintf(`%[2]s blocks of %[1]d×%[1]d; rows and cols are multiples of %[1]d.

	for r := range rows {
		for c := range cols {
			dst[c*ldd+r] = %[3]s
		}
	}`, set.lanes, what, element)
}

// transpose emits the loops over blocks; load brings a row of one into a register.
func (r *routine) transpose(load func(row string, to vec)) {
	set := r.isa
	r.load("rows", "CX", "dst", "AX", "src", "BX")
	r.stride("lds", "R8")
	r.stride("ldd", "R10")
	r.op("LEAQ", indexed("R8", "R8", 2, 0), "R9")
	r.op("LEAQ", indexed("R10", "R10", 2, 0), "R11")
	spare, block := r.alloc(1)[0], r.alloc(set.lanes)
	rowBlock, colBlock := r.newLabel("rows"), r.newLabel("cols")
	r.label(rowBlock)
	r.load("cols", "DX")
	r.op("MOVQ", "BX", "R12")
	r.op("MOVQ", "AX", "DI")
	r.label(colBlock)
	r.op("MOVQ", "R12", "SI")
	r.fourAtATime("SI", "R8", "R9", func(i int, row string) { load(row, block[i]) })
	t := transposition{r, block, spare}
	t.run()
	r.fourAtATime("DI", "R10", "R11", func(i int, row string) { r.op("VMOVUPS", t.v[i], row) })
	r.op("ADDQ", set.bytes(), "R12")
	r.op("SUBQ", set.lanes, "DX")
	r.op("JNE", colBlock)
	r.op("LEAQ", "(BX)(R8*8)", "BX")
	if set.lanes == 16 {
		r.op("LEAQ", "(BX)(R8*8)", "BX")
	}
	r.op("ADDQ", set.bytes(), "AX")
	r.op("SUBQ", set.lanes, "CX")
	r.op("JNE", rowBlock)
	r.ret()
}

// fourAtATime visits the rows of a block and leaves the pointer behind the last one; s1 and s3 hold one and
// three times the stride.
func (r *routine) fourAtATime(base, s1, s3 string, visit func(i int, row string)) {
	for i := range r.lanes {
		visit(i, strided(base, s1, s3, "", i%4, 0))
		if i%4 == 3 {
			r.op("LEAQ", indexed(base, s1, 4, 0), base)
		}
	}
}

// transposition holds the block's rows and a register that is free.
type transposition struct {
	r     *routine
	v     []vec
	spare vec
}

// run transposes: interleave single lanes, then pairs, then quarters. Each stage brings the elements of
// one column closer together; renaming registers takes the place of moves.
func (t *transposition) run() {
	lanes := t.r.lanes
	for i := 0; i < lanes; i += 2 {
		t.pair("VUNPCKLPS", "VUNPCKHPS", i, i+1)
	}
	for i := 0; i < lanes; i += 4 {
		t.pair("VUNPCKLPD", "VUNPCKHPD", i, i+2)
		t.pair("VUNPCKLPD", "VUNPCKHPD", i+1, i+3)
	}
	// Within every quarter, v[4q+{0,1,2,3}] now hold columns 0, 2, 1, 3 of their 128-bit lanes.
	if lanes == 8 {
		for i := range 4 {
			t.select2("VPERM2F128", 0x20, 0x31, i, i+4)
		}
		t.order(0, 2, 1, 3, 4, 6, 5, 7)
		return
	}
	for i := range 4 {
		t.select2("VSHUFF32X4", 0x88, 0xdd, i, i+4)
		t.select2("VSHUFF32X4", 0x88, 0xdd, i+8, i+12)
	}
	for i := range 8 {
		t.select2("VSHUFF32X4", 0x88, 0xdd, i, i+8)
	}
	t.order(0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15)
}

// pair replaces v[i] and v[j] by the low and the high interleaving of the two.
func (t *transposition) pair(lowOp, highOp string, i, j int) {
	t.r.op(lowOp, t.v[j], t.v[i], t.spare)
	t.r.op(highOp, t.v[j], t.v[i], t.v[j])
	t.v[i], t.spare = t.spare, t.v[i]
}

// select2 replaces v[i] and v[j] by two selections of their 128-bit lanes.
func (t *transposition) select2(op string, first, second, i, j int) {
	t.r.op(op, first, t.v[j], t.v[i], t.spare)
	t.r.op(op, second, t.v[j], t.v[i], t.v[j])
	t.v[i], t.spare = t.spare, t.v[i]
}

// order renames: the new v[i] is the old v[from[i]].
func (t *transposition) order(from ...int) {
	old := append([]vec(nil), t.v...)
	for i, f := range from {
		t.v[i] = old[f]
	}
}
