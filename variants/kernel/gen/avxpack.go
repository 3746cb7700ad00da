package main

// blockStride leaves three times the stride in spare.
func (x avx) blockStride(name, reg, spare string) {
	x.stride(name, reg, 4)
	x.r.op("LEAQ", indexed(reg, reg, 2, 0), spare)
}

// blockRows visits four rows at a time.
func (x avx) blockRows(base, stride, spare string, visit func(i int, mem string)) {
	for i := range x.r.lanes {
		visit(i, strided(base, stride, spare, "", i%4, 0))
		if i%4 == 3 {
			x.r.op("LEAQ", indexed(base, stride, 4, 0), base)
		}
	}
}

// rowStrides leaves three and five times the stride in the spare registers.
func (x avx) rowStrides(name, reg, spare3, spare5 string) {
	x.stride(name, reg, 4)
	x.r.op("LEAQ", indexed(reg, reg, 2, 0), spare3)
	x.r.op("LEAQ", indexed(reg, reg, 4, 0), spare5)
}

func (x avx) rowsFrom(rows int, base, stride, spare3, spare5 string, visit func(i int, mem string)) {
	for i := range rows {
		visit(i, strided(base, stride, spare3, spare5, i, 0))
	}
}

func (x avx) blockAhead(base, stride, spare, step string) {
	const ahead = "R13"
	x.stride(step, ahead, 4)
	x.addReg(base, ahead)
	x.blockRows(ahead, stride, spare, func(_ int, mem string) { x.r.op("PREFETCHT0", mem) })
}

func (x avx) transpose(block []vec, spare vec) []vec {
	t := transposition{x.r, block, spare}
	t.run()
	return t.v
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
