package main

import "fmt"

// expSumPairs is expSum for two rows at a time, whose weights it stores in pairs of bfloat16.
func expSumPairs(set *isa) *routine {
	r := newRoutine(set, "ExpSumPairs", fmt.Sprintf(`raises 2 to every x-m, at most 128, adds up the columns,
then adds that to sum, and stores rows in pairs.

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
	r.stride("ld", ldx, 4)
	r.stride("ldp", "R12", 4)
	order := r.alloc(1)[0]
	r.op("VMOVUPS", r.constant("Interleave"), order)
	low := r.alloc(1)[0]
	e := r.newPower(true, 2*set.panel)
	r.columns(set.panel, []string{"DI", "R10", "R11"}, func(width int) {
		negated, sum := r.alloc(width), r.zeros(width)
		r.negate("DI", negated)
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
		r.addAll(sum, "R10")
	})
	return r
}

// scaleTile multiplies each row by its factor. The number of rows that are left tells which rows these are.
func (r *routine) scaleTile(t *tile) {
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

// pairRows joins neighbouring rows.
func pairRows(set *isa) *routine {
	r := newRoutine(set, "PairRows", fmt.Sprintf(`joins neighbouring rows element by element.

	for r := range pairs {
		for c := range %d * vecs {
			dst[r*ldd+c] = Pair{src[2*r*lds+c], src[(2*r+1)*lds+c]}
		}
	}`, set.lanes), "pairs int", "vecs int", "dst *Pair", "ldd int", "src *BF16", "lds int")
	r.load("pairs", rowLeft, "dst", "BX", "src", "DX")
	r.stride("lds", "R9", 2)
	r.stride("ldd", "R8", 4)
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
