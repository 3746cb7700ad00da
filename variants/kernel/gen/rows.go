package main

import "fmt"

// group is a number of vectors, or a single element, at the same place behind several pointers.
type group struct {
	r      *routine
	width  int
	scalar bool
}

// load fills a register with the i-th vector; the lanes behind a single element become zero.
func (g group) load(base string, i int, to vec) {
	if g.scalar {
		g.r.op("VMOVSS", "("+base+")", low(to))
		return
	}
	g.r.op("VMOVUPS", g.r.at(base, i), to)
}

func (g group) store(from vec, base string, i int) {
	if g.scalar {
		g.r.op("VMOVSS", low(from), "("+base+")")
		return
	}
	g.r.op("VMOVUPS", from, g.r.at(base, i))
}

// elements emits body for groups of width vectors, for single vectors and for single elements, and the
// loops that take count elements with them. The pointers move along.
func (r *routine) elements(width int, count string, pointers []string, body func(g group)) {
	groups := []group{{r, width, false}, {r, 1, false}, {r, 1, true}}
	for _, g := range groups {
		n := g.width * r.lanes
		if g.scalar {
			n = 1
		}
		top, next := r.newLabel("group"), r.newLabel("next")
		r.op("CMPQ", count, n)
		r.op("JLT", next)
		r.label(top)
		body(g)
		for _, p := range pointers {
			r.op("ADDQ", 4*n, p)
		}
		r.op("SUBQ", n, count)
		r.op("CMPQ", count, n)
		r.op("JGE", top)
		r.label(next)
	}
}

func scaleRows(set *isa) *routine {
	r := newRoutine(set, "ScaleRows", `multiplies every row by its factor.

	for r := range rows {
		for c := range cols {
			dst[r*ldd+c] = f[r] * src[r*lds+c]
		}
	}`, "rows int", "cols int", "dst *float32", "ldd int", "src *float32", "lds int", "f *float32")
	r.load("rows", rowLeft, "dst", "BX", "src", "DX", "f", "AX")
	r.stride("ldd", "R8")
	r.stride("lds", "R9")
	factor, x := r.alloc(1)[0], r.alloc(1)[0]
	r.loop("row", rowLeft, func() {
		r.op("VBROADCASTSS", "(AX)", factor)
		r.op("MOVQ", "BX", "DI")
		r.op("MOVQ", "DX", "SI")
		r.load("cols", "R10")
		r.elements(4, "R10", []string{"DI", "SI"}, func(g group) {
			for i := range g.width {
				g.load("SI", i, x)
				r.op("VMULPS", factor, x, x)
				g.store(x, "DI", i)
			}
		})
		r.op("ADDQ", "R8", "BX")
		r.op("ADDQ", "R9", "DX")
		r.op("ADDQ", 4, "AX")
	})
	r.ret()
	return r
}

func sumRows(set *isa) *routine {
	return rowSums(set, "SumRows", "adds the sum of every row.", "sum[r] += x[r*ld+c]", true,
		func(r *routine, x, sum vec) { r.op("VADDPS", x, sum, sum) })
}

func squareRows(set *isa) *routine {
	return rowSums(set, "SquareRows", "stores the sum of squares of every row.",
		"sum[r] += x[r*ld+c] * x[r*ld+c] // from 0", false,
		func(r *routine, x, sum vec) { r.op("VFMADD231PS", x, x, sum) })
}

// rowDoc is the doc comment of a row routine: a sentence, and the statement inside its loops.
func rowDoc(what, body string) string {
	return what + "\n\n\tfor r := range rows {\n\t\tfor c := range cols {\n\t\t\t" + body + "\n\t\t}\n\t}"
}

// rowSums adds up a term of every element of a row in the lanes of four vectors, and then those lanes.
func rowSums(set *isa, name, doc, body string, add bool, term func(r *routine, x, sum vec)) *routine {
	r := newRoutine(set, name, rowDoc(doc, body), "rows int", "cols int", "x *float32", "ld int", "sum *float32")
	r.load("rows", rowLeft, "x", xCol, "sum", "DI")
	r.stride("ld", ldx)
	sum, x := r.alloc(4), r.alloc(1)[0]
	r.loop("row", rowLeft, func() {
		for _, s := range sum {
			r.zero(s)
		}
		r.op("MOVQ", xCol, xAt)
		r.load("cols", "R10")
		r.elements(4, "R10", []string{xAt}, func(g group) {
			for i := range g.width {
				g.load(xAt, i, x)
				term(r, x, sum[i])
			}
		})
		r.fold(sum, x)
		if add {
			r.op("VADDSS", "(DI)", low(sum[0]), low(sum[0]))
		}
		r.op("VMOVSS", low(sum[0]), "(DI)")
		r.op("ADDQ", ldx, xCol)
		r.op("ADDQ", 4, "DI")
	})
	r.ret()
	return r
}

// fold adds four vectors and then their lanes: the total is in the lowest lane of v[0].
func (r *routine) fold(v []vec, scratch vec) {
	r.op("VADDPS", v[1], v[0], v[0])
	r.op("VADDPS", v[3], v[2], v[2])
	r.op("VADDPS", v[2], v[0], v[0])
	half, total := low(scratch), low(v[0])
	if r.lanes == 16 {
		upper, lower := fmt.Sprintf("Y%d", scratch), fmt.Sprintf("Y%d", v[0])
		r.op("VEXTRACTF64X4", 1, v[0], upper)
		r.op("VADDPS", upper, lower, lower)
	}
	r.op("VEXTRACTF128", 1, fmt.Sprintf("Y%d", v[0]), half)
	r.op("VADDPS", half, total, total)
	r.op("VMOVHLPS", total, total, half)
	r.op("VADDPS", half, total, total)
	r.op("VMOVSHDUP", total, half)
	r.op("VADDSS", half, total, total)
}

// fma is the yardstick: as many independent chains as a tile has accumulators. Those of float32 tend to 2,
// those of pairs to nothing that overflows within a call.
func fma(set *isa) *routine {
	term := "s[i] = s[i]*0.5 + 1"
	if set.dots {
		term = "s[i] += dot(x, y) // of pairs"
	}
	r := newRoutine(set, "FMA", fmt.Sprintf(`runs multiply-adds in %d registers.

	for range n {
		for i := range %d {
			%s
		}
	}`, set.rows*set.panel, set.rows*set.panel*set.lanes, term), "n int")
	r.load("n", "CX")
	v := r.alloc(2)
	x, y := v[0], v[1]
	bits := [2]string{"$0x3f000000", "$0x3f800000"} // 0.5 and 1
	if set.dots {
		bits[0] = "$0x3f003f00" // twice 0.5
		bits[1] = "$0x3f803f80"
	}
	for i, v := range v {
		r.op("MOVL", bits[i], "AX")
		r.splat("AX", v)
	}
	chains := r.alloc(set.rows * set.panel)
	for _, s := range chains {
		r.zero(s)
	}
	r.loop("round", "CX", func() {
		for _, s := range chains {
			if set.dots {
				r.evex(dotPairs, x, y, s)
			} else {
				r.op("VFMADD213PS", y, x, s)
			}
		}
	})
	r.ret()
	return r
}
