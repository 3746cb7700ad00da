package main

import (
	"fmt"
	"math"
)

// General registers of the column routines.
const (
	xAt, xCol, ldx    = "SI", "BX", "R8" // the row at hand, the first row, bytes from row to row
	rowCount, rowLeft = "R9", "CX"
	vecLeft           = "DX"
)

// columnRoutine starts a routine over the rows of x[rows][vecs·lanes].
func columnRoutine(set *isa, name, doc string, params ...string) *routine {
	all := append([]string{"rows int", "vecs int", "x *float32", "ld int"}, params...)
	r := newRoutine(set, name, doc, all...)
	r.load("rows", rowCount, "vecs", vecLeft, "x", xCol)
	r.stride("ld", ldx, 4)
	return r
}

// columns emits body for groups of width vectors and once more for single vectors, and the loops around
// them. The pointers move with the columns.
func (r *routine) columns(width int, pointers []string, body func(width int)) {
	for _, w := range []int{width, 1} {
		top, next := r.newLabel("cols"), r.newLabel("next")
		r.jumpIf(vecLeft, less, w, next)
		r.label(top)
		saved := r.free
		r.comment("Columns %d at a time.", w*r.lanes)
		body(w)
		r.free = saved
		for _, p := range append([]string{xCol}, pointers...) {
			r.addReg(w*r.bytes(), p)
		}
		r.subReg(w, vecLeft)
		r.jumpIf(vecLeft, atLeast, w, top)
		r.label(next)
	}
	r.ret()
}

// eachRow emits the loop over the rows of a group of columns, with the row at xAt.
func (r *routine) eachRow(body func()) {
	r.copyReg(xCol, xAt)
	r.copyReg(rowCount, rowLeft)
	r.loop("row", rowLeft, func() {
		body()
		r.addReg(ldx, xAt)
	})
}

// loadAll loads consecutive vectors, storeAll stores them.
func (r *routine) loadAll(base string, to []vec) {
	for i, v := range to {
		r.loadVec(r.at(base, i), v)
	}
}

func (r *routine) storeAll(from []vec, base string) {
	for i, v := range from {
		r.storeVec(v, r.at(base, i))
	}
}

// addAll adds vectors to those in memory.
func (r *routine) addAll(v []vec, base string) {
	for i, x := range v {
		r.add(r.at(base, i), x, x)
	}
	r.storeAll(v, base)
}

// zeros allocates vectors of 0.
func (r *routine) zeros(width int) []vec {
	v := r.alloc(width)
	for _, x := range v {
		r.zero(x)
	}
	return v
}

func maxCols(set *isa) *routine {
	r := columnRoutine(set, "MaxCols", columnDoc(set, "raises max to the largest element of each column.",
		"if x[r*ld+c] > max[c] {", "	max[c] = x[r*ld+c]", "}"), "max *float32")
	r.load("max", "DI")
	r.columns(4, []string{"DI"}, func(width int) {
		high, x := r.alloc(width), r.alloc(width)
		r.loadAll("DI", high)
		r.eachRow(func() {
			r.loadAll(xAt, x)
			for i := range width {
				r.raise(x[i], high[i])
			}
		})
		r.storeAll(high, "DI")
	})
	return r
}

func expSum(set *isa) *routine {
	r := columnRoutine(set, "ExpSum", columnDoc(set,
		"raises 2 to every x-m, at most 128, and adds up the columns, then adds that to sum.",
		"x[r*ld+c] = 2^(x[r*ld+c] - m[c])", "sum[c] += x[r*ld+c]"), "m *float32", "sum *float32")
	r.load("m", "DI", "sum", "R10")
	e := r.newPower(true, 2*set.panel)
	r.columns(set.panel, []string{"DI", "R10"}, func(width int) {
		negated, sum := r.alloc(width), r.zeros(width)
		r.negate("DI", negated)
		r.eachRow(func() {
			for i := range width {
				r.add(r.at(xAt, i), negated[i], e.x)
				r.power(e)
				r.storeVec(e.p, r.at(xAt, i))
				r.add(e.p, sum[i], sum[i])
			}
		})
		r.addAll(sum, "R10")
	})
	return r
}

func expCols(set *isa) *routine {
	r := columnRoutine(set, "ExpCols", columnDoc(set, "raises 2 to every x-sub and adds a constant.",
		"x[r*ld+c] = 2^(x[r*ld+c] - sub[c]) + add"), "sub *float32", "add float32")
	r.load("sub", "DI")
	add := r.alloc(1)[0]
	r.broadcast(r.arg("add"), add)
	e := r.newPower(false, set.panel)
	r.columns(set.panel, []string{"DI"}, func(width int) {
		negated := r.alloc(width)
		r.negate("DI", negated)
		r.eachRow(func() {
			for i := range width {
				r.add(r.at(xAt, i), negated[i], e.x)
				r.power(e)
				r.add(add, e.p, e.p)
				r.storeVec(e.p, r.at(xAt, i))
			}
		})
	})
	return r
}

func gradCols(set *isa) *routine {
	r := columnRoutine(set, "GradCols", columnDoc(set, "takes sub off every x and multiplies by p.",
		"x[r*ld+c] = p[r*ldp+c] * (x[r*ld+c] - sub[c])"), "p *float32", "ldp int", "sub *float32")
	const pCol, pAt, ldp = "R10", "R11", "R12"
	r.load("p", pCol, "sub", "DI")
	r.stride("ldp", ldp, 4)
	r.columns(4, []string{"DI", pCol}, func(width int) {
		negated, x := r.alloc(width), r.alloc(width)
		r.negate("DI", negated)
		r.copyReg(pCol, pAt)
		r.eachRow(func() {
			for i, x := range x {
				r.add(r.at(xAt, i), negated[i], x)
				r.mul(r.at(pAt, i), x, x)
			}
			r.storeAll(x, xAt)
			r.addReg(ldp, pAt)
		})
	})
	return r
}

// negate loads vectors and changes their sign: x+(-m) takes x from memory in one instruction, x-m cannot.
func (r *routine) negate(base string, to []vec) {
	for i, v := range to {
		r.zero(v)
		r.sub(r.at(base, i), v, v)
	}
}

// staleness is how far the maximum of a softmax may be behind its logits before sums are rescaled: weights
// then go up to 2 to its power. It is kernel.Stale.
const staleness = 8

func alphas(set *isa) *routine {
	r := newRoutine(set, "Alphas", fmt.Sprintf(`takes back maxima that are hardly raised, turns the old ones into
factors and rescales the sums.

	for c := range %d * vecs {
		if m[c] - %d <= alpha[c] {
			m[c] = alpha[c]
		}
		alpha[c] = 2^(alpha[c] - m[c])
		sum[c] *= alpha[c]
		changed = changed || alpha[c] != 1
	}`, set.lanes, staleness), "vecs int", "m *float32", "sum *float32", "alpha *float32")
	r.returns = true
	r.load("vecs", "CX", "m", "SI", "sum", "DX", "alpha", "DI")
	v := r.alloc(7)
	old, raised, least, best, high, scratch, limit := v[0], v[1], v[2], v[3], v[4], v[5], v[6]
	r.splatConst(math.Float32bits(staleness), limit)
	e := r.newPower(true, 0)
	r.setReg(0, "AX")
	r.loop("vec", "CX", func() {
		r.loadVec(r.at("DI", 0), old)
		r.loadVec(r.at("SI", 0), raised)
		r.sub(limit, raised, least)
		r.copyVec(old, best)
		r.copyVec(old, high)
		r.track(true, least, best, scratch, raised, high)
		r.storeVec(high, r.at("SI", 0))
		r.sub(high, old, e.x)
		r.power(e)
		r.storeVec(e.p, r.at("DI", 0))
		r.mul(r.at("DX", 0), e.p, old)
		r.storeVec(old, r.at("DX", 0))
		r.differs(e.p, e.constant["One"], old, "BX")
		r.orReg("BX", "AX")
		for _, p := range []string{"SI", "DX", "DI"} {
			r.addReg(set.bytes(), p)
		}
	})
	r.returnTruth("AX")
	r.ret()
	return r
}

func relu(set *isa) *routine {
	r := columnRoutine(set, "ReLU", columnDoc(set, "cuts every element at zero and adds a constant.",
		"x[r*ld+c] = max(x[r*ld+c], 0) + add"), "add float32")
	v := r.alloc(2)
	zero, add := v[0], v[1]
	r.zero(zero)
	r.broadcast(r.arg("add"), add)
	r.columns(4, nil, func(width int) {
		x := r.alloc(width)
		r.eachRow(func() {
			for i, x := range x {
				r.larger(r.at(xAt, i), zero, x)
				r.add(add, x, x)
			}
			r.storeAll(x, xAt)
		})
	})
	return r
}

// elu takes no branch: where x is positive 2^0 is the 1, elsewhere nothing is added to the power.
func elu(set *isa) *routine {
	r := columnRoutine(set, "ELU", columnDoc(set, "replaces every element by its elu and 1.",
		"x[r*ld+c] = max(x[r*ld+c], 0) + 2^(min(x[r*ld+c], 0) * log2(e))"))
	v := r.alloc(3)
	zero, log2e, positive := v[0], v[1], v[2]
	r.zero(zero)
	r.splatConst(math.Float32bits(math.Log2E), log2e)
	e := r.newPower(true, 0)
	r.columns(4, nil, func(width int) {
		r.eachRow(func() {
			for i := range width {
				r.larger(r.at(xAt, i), zero, positive)
				r.smaller(r.at(xAt, i), zero, e.x)
				r.mul(log2e, e.x, e.x)
				r.power(e)
				r.add(positive, e.p, e.p)
				r.storeVec(e.p, r.at(xAt, i))
			}
		})
	})
	return r
}

func scaleCols(set *isa) *routine {
	r := columnRoutine(set, "ScaleCols", columnDoc(set, "multiplies the columns.",
		"dst[r*ldd+c] = f[c] * x[r*ld+c]"), "dst *float32", "ldd int", "f *float32")
	const dstCol, dstAt, ldd = "R10", "R11", "R12"
	r.load("dst", dstCol, "f", "DI")
	r.stride("ldd", ldd, 4)
	r.columns(4, []string{"DI", dstCol}, func(width int) {
		f, x := r.alloc(width), r.alloc(width)
		r.loadAll("DI", f)
		r.copyReg(dstCol, dstAt)
		r.eachRow(func() {
			for i, x := range x {
				r.mul(r.at(xAt, i), f[i], x)
			}
			r.storeAll(x, dstAt)
			r.addReg(ldd, dstAt)
		})
	})
	return r
}

func slope(set *isa) *routine {
	r := columnRoutine(set, "Slope", columnDoc(set, "multiplies by values that are cut at 1.",
		"x[r*ld+c] *= min(steep * y[r*ldy+c], 1)"), "y *float32", "ldy int", "steep float32")
	const yCol, yAt, ldy = "R10", "R11", "R12"
	r.load("y", yCol)
	r.stride("ldy", ldy, 4)
	v := r.alloc(2)
	steep, one := v[0], v[1]
	r.broadcast(r.arg("steep"), steep)
	r.splatConst(math.Float32bits(1), one)
	r.columns(4, []string{yCol}, func(width int) {
		factor := r.alloc(width)
		r.copyReg(yCol, yAt)
		r.eachRow(func() {
			for i, f := range factor {
				r.mul(r.at(yAt, i), steep, f)
				r.smaller(f, one, f)
				r.mul(r.at(xAt, i), f, f)
			}
			r.storeAll(factor, xAt)
			r.addReg(ldy, yAt)
		})
	})
	return r
}

func dotCols(set *isa) *routine {
	r := columnRoutine(set, "DotCols", columnDoc(set, "adds the weighted sum of the rows.",
		"dot[c] += w[r] * x[r*ld+c] // fused"), "w *float32", "dot *float32")
	r.load("dot", "DI")
	r.columns(4, []string{"DI"}, func(width int) {
		sum, w := r.alloc(width), r.alloc(1)[0]
		r.loadAll("DI", sum)
		r.load("w", "AX")
		r.eachRow(func() {
			r.broadcast(r.at("AX", 0), w)
			for i, sum := range sum {
				r.mulAdd(r.at(xAt, i), w, sum)
			}
			r.addReg(4, "AX")
		})
		r.storeAll(sum, "DI")
	})
	return r
}

// columnDoc is the doc comment of a column routine: a sentence, and the statements inside its loops.
func columnDoc(set *isa, what string, body ...string) string {
	doc := what + fmt.Sprintf("\n\n\tfor r := range rows {\n\t\tfor c := range %d * vecs {\n", set.lanes)
	for _, line := range body {
		doc += "\t\t\t" + line + "\n"
	}
	return doc + "\t\t}\n\t}"
}
