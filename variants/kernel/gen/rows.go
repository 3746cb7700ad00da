package main

import (
	"fmt"
	"math"
)

// group is a number of vectors, or a single element, at the same place behind several pointers.
type group struct {
	r      *routine
	width  int
	scalar bool
}

// load fills a register with the i-th vector; the lanes behind a single element become zero.
func (g group) load(base string, i int, to vec) {
	if g.scalar {
		g.r.loadLane(g.r.at(base, 0), to)
		return
	}
	g.r.loadVec(g.r.at(base, i), to)
}

func (g group) store(from vec, base string, i int) {
	if g.scalar {
		g.r.storeLane(from, g.r.at(base, 0))
		return
	}
	g.r.storeVec(from, g.r.at(base, i))
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
		r.jumpIf(count, less, n, next)
		r.label(top)
		body(g)
		for _, p := range pointers {
			r.addReg(4*n, p)
		}
		r.subReg(n, count)
		r.jumpIf(count, atLeast, n, top)
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
	r.stride("ldd", "R8", 4)
	r.stride("lds", "R9", 4)
	factor, x := r.alloc(1)[0], r.alloc(1)[0]
	r.loop("row", rowLeft, func() {
		r.broadcast(r.at("AX", 0), factor)
		r.copyReg("BX", "DI")
		r.copyReg("DX", "SI")
		r.load("cols", "R10")
		r.elements(4, "R10", []string{"DI", "SI"}, func(g group) {
			for i := range g.width {
				g.load("SI", i, x)
				r.mul(factor, x, x)
				g.store(x, "DI", i)
			}
		})
		r.addReg("R8", "BX")
		r.addReg("R9", "DX")
		r.addReg(4, "AX")
	})
	r.ret()
	return r
}

func mixRows(set *isa) *routine {
	r := newRoutine(set, "MixRows", `adds multiples of the rows of two matrices.

	for r := range rows {
		for c := range cols {
			dst[r*ldd+c] = f[r]*x[r*ldx+c] + h[r]*y[r*ldy+c]
		}
	}`, "rows int", "cols int", "dst *float32", "ldd int", "x *float32", "ldx int", "y *float32", "ldy int",
		"f *float32", "h *float32") // the assembler takes g for a register
	r.load("rows", rowLeft, "dst", "DI", "x", "SI", "y", "DX", "f", "AX", "h", "BX")
	gaps := r.gaps("ldd", "ldx", "ldy")
	v := r.alloc(4)
	f, g, x, y := v[0], v[1], v[2], v[3]
	r.loop("row", rowLeft, func() {
		r.broadcast(r.at("AX", 0), f)
		r.broadcast(r.at("BX", 0), g)
		r.load("cols", "R11")
		pointers := []string{"DI", "SI", "DX"}
		r.elements(4, "R11", pointers, func(at group) {
			for i := range at.width {
				at.load("SI", i, x)
				at.load("DX", i, y)
				r.mul(f, x, x)
				r.mul(g, y, y)
				r.add(y, x, x)
				at.store(x, "DI", i)
			}
		})
		for i, p := range pointers {
			r.addReg(gaps[i], p)
		}
		r.addReg(4, "AX")
		r.addReg(4, "BX")
	})
	r.ret()
	return r
}

func powerRows(set *isa) *routine {
	doc := rowDoc("multiplies by powers of 2 and by their reciprocals.",
		"up[r*ldu+c] = f * x[r*ldx+c] * 2^p[r*ldp+c]\n\t\t\tdown[r*ldd+c] = y[r*ldy+c] * 2^-p[r*ldp+c]")
	r := newRoutine(set, "PowerRows", doc, "rows int", "cols int",
		"up *float32", "ldu int", "x *float32", "ldx int", "down *float32", "ldd int", "y *float32", "ldy int",
		"p *float32", "ldp int", "f float32")
	r.load("rows", rowLeft, "up", "DI", "x", "SI", "down", "BX", "y", "DX", "p", "AX")
	pointers := []string{"DI", "SI", "BX", "DX", "AX"}
	gaps := r.gaps("ldu", "ldx", "ldd", "ldy", "ldp")
	v := r.alloc(2)
	f, x := v[0], v[1]
	r.broadcast(r.arg("f"), f)
	e := r.newPowers(0)
	r.loop("row", rowLeft, func() {
		r.load("cols", "R11")
		r.elements(2, "R11", pointers, func(at group) {
			for i := range at.width {
				at.load("AX", i, e.x)
				r.powers(e)
				at.load("SI", i, x)
				r.mul(f, x, x)
				r.mul(e.up, x, x)
				at.store(x, "DI", i)
				at.load("DX", i, x)
				r.mul(e.down, x, x)
				at.store(x, "BX", i)
			}
		})
		for i, p := range pointers {
			r.addReg(gaps[i], p)
		}
	})
	r.ret()
	return r
}

func sumDown(set *isa) *routine {
	r := newRoutine(set, "SumDown", rowDoc("adds up rows from the top.",
		"dst[(r+1)*ldd+c] = dst[r*ldd+c] + f*x[r*ldx+c] // fused"),
		"rows int", "cols int", "dst *float32", "ldd int", "x *float32", "ldx int", "f float32")
	r.load("rows", rowLeft, "dst", "DI", "x", "SI")
	pointers, gaps := []string{"DX", "SI", "DI"}, []string{"R8", "R9", "R8"}
	r.stride("ldd", "R8", 4)
	r.copyReg("DI", "DX")
	r.addReg("R8", "DX") // the row below
	r.gaps("ldd", "ldx")
	v := r.alloc(3)
	f, x, sum := v[0], v[1], v[2]
	r.broadcast(r.arg("f"), f)
	r.loop("row", rowLeft, func() {
		r.load("cols", "R11")
		r.elements(4, "R11", pointers, func(at group) {
			for i := range at.width {
				at.load("DI", i, sum)
				at.load("SI", i, x)
				r.mulAdd(x, f, sum)
				at.store(sum, "DX", i)
			}
		})
		for i, p := range pointers {
			r.addReg(gaps[i], p)
		}
	})
	r.ret()
	return r
}

// gaps loads the bytes from the end of a row of cols elements to the next into registers, up to five. It uses
// R11.
func (r *routine) gaps(strides ...string) []string {
	gaps := []string{"R8", "R9", "R10", "R12", "R13"}[:len(strides)]
	r.stride("cols", "R11", 4)
	for i, ld := range strides {
		r.stride(ld, gaps[i], 4)
		r.subReg("R11", gaps[i])
	}
	return gaps
}

func sumRows(set *isa) *routine {
	return rowSums(set, "SumRows", "adds the sum of every row.", "sum[r] += x[r*ld+c]", true,
		func(r *routine, x, sum vec) { r.add(x, sum, sum) })
}

func squareRows(set *isa) *routine {
	return rowSums(set, "SquareRows", "stores the sum of squares of every row.",
		"sum[r] += x[r*ld+c] * x[r*ld+c] // from 0", false,
		func(r *routine, x, sum vec) { r.mulAdd(x, x, sum) })
}

func dotRows(set *isa) *routine {
	doc := rowDoc("adds the weighted sum of every row.", "sum[r] += w[c] * x[r*ld+c] // fused")
	r := newRoutine(set, "DotRows", doc,
		"rows int", "cols int", "x *float32", "ld int", "w *float32", "sum *float32")
	r.load("rows", rowLeft, "x", xCol, "sum", "DI")
	r.stride("ld", ldx, 4)
	sum, v := r.alloc(4), r.alloc(2)
	r.loop("row", rowLeft, func() {
		for _, s := range sum {
			r.zero(s)
		}
		r.copyReg(xCol, xAt)
		r.load("cols", "R10", "w", "AX")
		r.elements(4, "R10", []string{xAt, "AX"}, func(g group) {
			for i := range g.width {
				g.load(xAt, i, v[0])
				g.load("AX", i, v[1])
				r.mulAdd(v[0], v[1], sum[i])
			}
		})
		r.fold(sum, v[0])
		r.addLane(r.at("DI", 0), sum[0])
		r.storeLane(sum[0], r.at("DI", 0))
		r.addReg(ldx, xCol)
		r.addReg(4, "DI")
	})
	r.ret()
	return r
}

// rowDoc is the doc comment of a row routine: a sentence, and the statement inside its loops.
func rowDoc(what, body string) string {
	return what + "\n\n\tfor r := range rows {\n\t\tfor c := range cols {\n\t\t\t" + body + "\n\t\t}\n\t}"
}

// rowSums adds up a term of every element of a row in the lanes of four vectors, and then those lanes.
func rowSums(set *isa, name, doc, body string, add bool, term func(r *routine, x, sum vec)) *routine {
	r := newRoutine(set, name, rowDoc(doc, body), "rows int", "cols int", "x *float32", "ld int", "sum *float32")
	r.load("rows", rowLeft, "x", xCol, "sum", "DI")
	r.stride("ld", ldx, 4)
	sum, x := r.alloc(4), r.alloc(1)[0]
	r.loop("row", rowLeft, func() {
		for _, s := range sum {
			r.zero(s)
		}
		r.copyReg(xCol, xAt)
		r.load("cols", "R10")
		r.elements(4, "R10", []string{xAt}, func(g group) {
			for i := range g.width {
				g.load(xAt, i, x)
				term(r, x, sum[i])
			}
		})
		r.fold(sum, x)
		if add {
			r.addLane(r.at("DI", 0), sum[0])
		}
		r.storeLane(sum[0], r.at("DI", 0))
		r.addReg(ldx, xCol)
		r.addReg(4, "DI")
	})
	r.ret()
	return r
}

// fma is the yardstick: as many independent sums as a tile has accumulators. They grow by ½ or 1 and never
// overflow: a sum that is large enough stays as it is.
func fma(set *isa) *routine {
	term, x, y := "s[i] += 0.5 * 1 // fused", math.Float32bits(0.5), math.Float32bits(1)
	if set.dots { // the same number twice
		term, x, y = "s[i] += dot(x, y) // of pairs", x|x>>16, y|y>>16
	}
	r := newRoutine(set, "FMA", fmt.Sprintf(`runs multiply-adds in %d registers.

	for range n {
		for i := range %d {
			%s
		}
	}`, set.rows*set.panel, set.rows*set.panel*set.lanes, term), "n int")
	r.load("n", "CX")
	v := r.alloc(2)
	r.splatConst(x, v[0])
	r.splatConst(y, v[1])
	sums := r.alloc(set.rows * set.panel)
	for _, s := range sums {
		r.zero(s)
	}
	r.loop("round", "CX", func() {
		for _, s := range sums {
			if set.dots {
				r.evex(dotPairs, v[0], v[1], s)
			} else {
				r.mulAdd(v[0], v[1], s)
			}
		}
	})
	r.ret()
	return r
}
