package main

import "fmt"

// expSumPairs is expSum for two rows at a time, whose weights it stores in pairs of bfloat16.
func expSumPairs(set *isa) *routine {
	r := newRoutine(set, "ExpSumPairs", fmt.Sprintf(`raises 2 to every x-m, where x ≤ m, adds up the columns, and
stores rows in pairs.

	for r := range pairs {
		for c := range %d * vecs {
			low, high := 2^(x[2*r*ld+c]-m[c]), 2^(x[(2*r+1)*ld+c]-m[c])
			sum[c] += low
			sum[c] += high
			p[r*ldp+c] = Pair{low, high} // to the nearest even
		}
	}`, set.lanes), "pairs int", "vecs int", "x *float32", "ld int", "p *Pair", "ldp int", "m *float32",
		"sum *float32")
	r.load("pairs", rowCount, "vecs", vecLeft, "x", xCol, "m", "DI", "sum", "R10", "p", "R11")
	r.stride("ld", ldx)
	r.stride("ldp", "R12")
	order := r.alloc(1)[0]
	r.op("VMOVUPS", r.constant("Interleave"), order)
	low := r.alloc(1)[0]
	e := r.newPower(true, 2*set.panel)
	r.columns(set.panel, []string{"DI", "R10", "R11"}, func(width int) {
		negated, sum := r.alloc(width), r.alloc(width)
		r.negate("DI", negated)
		r.loadAll("R10", sum)
		r.op("MOVQ", "R11", "R13")
		r.eachRow(func() {
			for i := range width {
				for half := range 2 {
					r.op("VADDPS", indexed(xAt, ldx, half, i*r.bytes()), negated[i], e.x)
					r.power(e)
					r.op("VADDPS", e.p, sum[i], sum[i])
					if half == 0 {
						r.op("VMOVAPS", e.p, low)
					}
				}
				r.evex(roundPairs, low, e.p, e.p)
				r.op("VPERMW", e.p, order, e.p)
				r.op("VMOVUPS", e.p, r.at("R13", i))
			}
			r.op("ADDQ", ldx, xAt)
			r.op("ADDQ", "R12", "R13")
		})
		r.storeAll(sum, "R10")
	})
	return r
}

// pairRows joins neighbouring rows.
func pairRows(set *isa) *routine {
	r := newRoutine(set, "PairRows", fmt.Sprintf(`joins neighbouring rows element by element.

	for r := range pairs {
		for c := range %d * vecs {
			dst[r*ldd+c] = Pair{src[2*r*lds+c], src[(2*r+1)*lds+c]}
		}
	}`, set.lanes), "pairs int", "vecs int", "dst *Pair", "ldd int", "src *BF16", "lds int")
	r.load("pairs", rowLeft, "dst", "BX", "src", "DX", "lds", "R9")
	r.op("SHLQ", 1, "R9")
	r.stride("ldd", "R8")
	v := r.alloc(2)
	low, high := v[0], v[1]
	r.loop("row", rowLeft, func() {
		r.op("MOVQ", "BX", "DI")
		r.op("MOVQ", "DX", "SI")
		r.load("vecs", "R10")
		r.loop("vec", "R10", func() {
			r.op("VPMOVZXWD", "(SI)", low)
			r.op("VPMOVZXWD", indexed("SI", "R9", 1, 0), high)
			r.op("VPSLLD", 16, high, high)
			r.op("VPORD", low, high, high)
			r.op("VMOVUPS", high, "(DI)")
			r.op("ADDQ", r.bytes()/2, "SI")
			r.op("ADDQ", r.bytes(), "DI")
		})
		r.op("ADDQ", "R8", "BX")
		r.op("LEAQ", indexed("DX", "R9", 2, 0), "DX")
	})
	r.ret()
	return r
}

// widen converts whole vectors of bfloat16 to float32.
func widen(set *isa) *routine {
	r := convertRoutine(set, "Widen", "shifts bfloat16 up to float32.",
		"dst[r*ldd+c] = src[r*lds+c]", "float32", "BF16")
	x := r.alloc(1)[0]
	r.convert(4, 2, func() {
		r.op("VPMOVZXWD", "(SI)", x)
		r.op("VPSLLD", 16, x, x)
		r.op("VMOVUPS", x, "(DI)")
	})
	return r
}

// narrow rounds whole vectors of float32 to bfloat16: half of a unit in the last place is added, less one bit
// where the place is even, and the lower half is cut off. A NaN gets its quiet bit instead.
func narrow(set *isa) *routine {
	r := convertRoutine(set, "Narrow", "rounds float32 to the nearest bfloat16, to the even one of two.",
		"dst[r*ldd+c] = src[r*lds+c]", "BF16", "float32")
	v := r.alloc(6)
	x, y, one, half, quiet, mask := v[0], v[1], v[2], v[3], v[4], v[5]
	for _, c := range []struct {
		bits string
		to   vec
	}{{"$1", one}, {"$0x7fff", half}, {"$0x400000", quiet}} {
		r.op("MOVL", c.bits, "AX")
		r.splat("AX", c.to)
	}
	r.convert(2, 4, func() {
		r.op("VMOVUPS", "(SI)", x)
		r.op("VPSRLD", 16, x, y)
		r.op(r.bitwise("VPAND"), one, y, y)
		r.op("VPADDD", half, y, y)
		r.op("VPADDD", x, y, y)
		if r.masks {
			r.op("VCMPPS", unordered, x, x, "K1")
			r.op("VPORD", quiet, x, "K1", y)
			r.op("VPSRLD", 16, y, y)
			r.op("VPMOVDW", y, "(DI)")
			return
		}
		r.op("VCMPPS", unordered, x, x, mask)
		r.op("VPOR", quiet, x, x)
		r.op("VBLENDVPS", mask, x, y, y)
		r.op("VPSRLD", 16, y, y)
		r.op("VPACKUSDW", y, y, y)
		r.op("VPERMQ", 0xd8, y, y)
		r.op("VMOVUPS", low(y), "(DI)")
	})
	return r
}

const unordered = 0x03 // VCMPPS predicate: one of the two is NaN

// bitwise is the name of a logical instruction on 32-bit lanes.
func (r *routine) bitwise(name string) string {
	if r.masks {
		return name + "D"
	}
	return name
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
	shift := map[int]int{2: 1, 4: 2}
	r.load("rows", rowLeft, "dst", "BX", "src", "DX", "ldd", "R8", "lds", "R9")
	r.op("SHLQ", shift[to], "R8")
	r.op("SHLQ", shift[from], "R9")
	r.loop("row", rowLeft, func() {
		r.op("MOVQ", "BX", "DI")
		r.op("MOVQ", "DX", "SI")
		r.load("vecs", "R10")
		r.loop("vec", "R10", func() {
			body()
			r.op("ADDQ", from*r.lanes, "SI")
			r.op("ADDQ", to*r.lanes, "DI")
		})
		r.op("ADDQ", "R8", "BX")
		r.op("ADDQ", "R9", "DX")
	})
	r.ret()
}
