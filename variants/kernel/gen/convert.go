package main

import "fmt"

// widen converts whole vectors of bfloat16 to float32.
func widen(set *isa) *routine {
	r := convertRoutine(set, "Widen", "shifts bfloat16 up to float32.",
		"dst[r*ldd+c] = src[r*lds+c]", "float32", "BF16")
	x := r.alloc(1)[0]
	r.convert(4, 2, func() {
		r.loadBF16(r.at("SI", 0), x)
		r.storeVec(x, r.at("DI", 0))
	})
	return r
}

// rounding holds the registers of narrow.
type rounding struct{ x, y, one, half, quiet, mask vec }

// narrow rounds whole vectors of float32 to bfloat16: half of a unit in the last place is added, less one bit
// where the place is even, and the lower half is cut off. A NaN gets its quiet bit instead.
func narrow(set *isa) *routine {
	r := convertRoutine(set, "Narrow", "rounds float32 to the nearest bfloat16, to the even one of two.",
		"dst[r*ldd+c] = src[r*lds+c]", "BF16", "float32")
	v := r.alloc(6)
	n := &rounding{v[0], v[1], v[2], v[3], v[4], v[5]}
	r.splatConst(1, n.one)
	r.splatConst(0x7fff, n.half)
	r.splatConst(0x400000, n.quiet)
	r.convert(2, 4, func() {
		r.loadVec(r.at("SI", 0), n.x)
		r.storeBF16(n, r.at("DI", 0))
	})
	return r
}

// convertRoutine starts a routine that converts rows of whole vectors.
func convertRoutine(set *isa, name, doc, body, to, from string) *routine {
	doc = fmt.Sprintf("%s\n\n\tfor r := range rows {\n\t\tfor c := range %d * vecs {\n\t\t\t%s\n\t\t}\n\t}",
		doc, set.lanes, body)
	return newRoutine(set, name, doc,
		"rows int", "vecs int", "dst *"+to, "ldd int", "src *"+from, "lds int")
}

// convert emits the loops of a conversion between elements of the given sizes, with body for one vector.
func (r *routine) convert(to, from int, body func()) {
	r.load("rows", rowLeft, "dst", "BX", "src", "DX")
	r.stride("ldd", "R8", to)
	r.stride("lds", "R9", from)
	r.loop("row", rowLeft, func() {
		r.copyReg("BX", "DI")
		r.copyReg("DX", "SI")
		r.load("vecs", "R10")
		r.loop("vec", "R10", func() {
			body()
			r.addReg(from*r.lanes, "SI")
			r.addReg(to*r.lanes, "DI")
		})
		r.addReg("R8", "BX")
		r.addReg("R9", "DX")
	})
	r.ret()
}
