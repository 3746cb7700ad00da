package main

import (
	"fmt"
	"strings"
)

// layout is how the left matrix of a product lies in memory.
type layout int

const (
	rowMajor  layout = iota // a[i][p]: neighbours along k
	kMajor                  // a[p][i]: neighbours along m
	laneMajor               // a[p][i][l], for one l: the matrices of all lanes side by side
)

// step is the number of bytes from one row of A to the next, where these are not rows in memory.
func (s *isa) step(a layout) int {
	if a == laneMajor {
		return s.bytes()
	}
	return 4
}

// General registers of a product: A and C at the tile's first row, and what is left of m and k.
const (
	aRow, cRow      = "BX", "DI"
	rowsLeft, kLeft = "R14", "CX"
)

const unroll = 4 // steps of k in one round of the inner loop

// gemm is the product of m rows of A with a panel of B that is width vectors wide. Where most is set it
// raises the maxima of C's columns too, while they are in registers.
func gemm(set *isa, width int, a layout, most bool) *routine {
	name, index := "Gemm", "a[i*lda+p]"
	switch a {
	case kMajor:
		name, index = "GemmT", "a[p*lda+i]"
	case laneMajor:
		name, index = "GemmTLanes", fmt.Sprintf("a[p*lda+%d*i]", set.lanes)
	}
	left, right := "float32", "float32"
	if set.dots {
		left, right = "Pair", "Pair"
	}
	scaled := set.dots && a == rowMajor
	if scaled { // two neighbours of a row are a pair as they lie
		left = "BF16"
	}
	params := []string{
		"m int", "k int", "a *" + left, "lda int", "b *" + right, "ldb int", "c *float32", "ldc int",
	}
	if scaled {
		params = append(params, "scale *float32")
	}
	switch {
	case most:
		name, params = "GemmMax", append(params, "max *float32")
	case !scaled:
		params = append(params, "add bool")
	}
	if !set.dots {
		params = append(params, "lines int", "ahead *float32")
	}
	r := newRoutine(set, fmt.Sprint(name, width), gemmDoc(set, width, a, most, index), params...)
	r.load("a", aRow, "c", cRow, "m", rowsLeft)
	r.gemmStart()
	r.gemmRows(width, a, most)
	return r
}

func gemmDoc(set *isa, width int, a layout, most bool, index string) string {
	term := fmt.Sprintf("s += %s * b[p*ldb+j] // fused", index)
	end := []string{"if add {", "	s += c[i*ldc+j]", "}", "c[i*ldc+j] = s"}
	if set.dots {
		term = fmt.Sprintf("s += dot(%s, b[p*ldb+j]) // of pairs", index)
	}
	if most {
		end = end[3:]
	}
	if set.dots && a == rowMajor {
		end = []string{"c[i*ldc+j] = scale[i] * s"}
	}
	if most {
		end = append(end, "if c[i*ldc+j] > max[j] {", "	max[j] = c[i*ldc+j]", "}")
	}
	asks := ""
	if !set.dots {
		asks = " Each tile asks for so many\ncache lines from ahead on."
	}
	return fmt.Sprintf(`multiplies in tiles of %d×%d: %d accumulators.%s

	for i := range m {
		for j := range %d {
			var s float32
			for p := range k {
				%s
			}
			%s
		}
	}`, set.rows, width*set.lanes, set.rows*width, asks, width*set.lanes, term, strings.Join(end, "\n\t\t\t"))
}

// gemmRows goes through the rows in full tiles and ends with one tile of the rows that are left.
func (r *routine) gemmRows(width int, a layout, most bool) {
	full, tails := r.newLabel("full"), r.newLabel("tails")
	r.jumpIf(rowsLeft, less, r.rows, tails)
	r.label(full)
	r.gemmTile(r.rows, width, a, most)
	r.gemmNext(a)
	r.subReg(r.rows, rowsLeft)
	r.jumpIf(rowsLeft, atLeast, r.rows, full)
	r.label(tails)
	var labels []string
	for rows := 1; rows < r.rows; rows++ {
		labels = append(labels, r.newLabel(fmt.Sprintf("rows%d_", rows)))
		r.jumpIf(rowsLeft, equal, rows, labels[rows-1])
	}
	r.ret()
	for rows := 1; rows < r.rows; rows++ {
		r.label(labels[rows-1])
		r.gemmTile(rows, width, a, most)
		r.ret()
	}
}

// tile is the register assignment of a product tile.
type tile struct {
	rows, width int
	layout      layout
	most        bool    // raises the maxima of its columns
	acc         [][]vec // [row][vector]
	b           []vec
	a           []vec
}

// gemmTile multiplies one tile and stores it.
func (r *routine) gemmTile(rows, width int, a layout, most bool) {
	saved := r.free
	t := &tile{rows: rows, width: width, layout: a, most: most}
	for range rows {
		t.acc = append(t.acc, r.alloc(width))
	}
	t.b = r.alloc(width)
	t.a = r.alloc(min(r.leftRegs, len(r.free)))
	r.comment("Tile %d×%d: rows in %s.", rows, width*r.lanes, t.names(r))
	r.gemmAhead()
	r.gemmBegin(t)
	r.gemmK(t)
	r.gemmStore(t)
	r.free = saved
}

// gemmAhead asks for the cache lines that the caller wants while a tile is at work.
func (r *routine) gemmAhead() {
	if r.dots {
		return
	}
	none := r.newLabel("none")
	r.load("lines", kLeft)
	r.jumpIf(kLeft, equal, 0, none)
	r.load("ahead", aAt)
	r.loop("line", kLeft, func() {
		r.prefetchL2(aAt)
		r.addReg(lineBytes, aAt)
	})
	r.storeArg(aAt, "ahead")
	r.label(none)
}

// names lists the accumulators of a tile.
func (t *tile) names(r *routine) string {
	var rows []string
	for _, row := range t.acc {
		rows = append(rows, fmt.Sprintf("%[1]s%[2]d…%[1]s%[3]d", r.letter, row[0], row[len(row)-1]))
	}
	return strings.Join(rows, ", ")
}

// gemmK adds the k outer products of A's columns and B's rows to the accumulators.
func (r *routine) gemmK(t *tile) {
	unrolled, rest := r.newLabel("k4_"), r.newLabel("rest")
	single, done := r.newLabel("k1_"), r.newLabel("store")
	if t.rows == r.rows { // a tail tile runs once: it is kept short
		r.count(-unroll, kLeft, less, rest)
		r.op("PCALIGN", 64)
		r.label(unrolled)
		r.gemmSteps(t, unroll)
		r.count(-unroll, kLeft, atLeast, unrolled)
		r.label(rest)
		r.count(unroll, kLeft, equal, done)
	} else {
		r.jumpIf(kLeft, equal, 0, done)
	}
	r.label(single)
	r.gemmSteps(t, 1)
	r.count(-1, kLeft, unequal, single)
	r.label(done)
}

// gemmStore stores the accumulators, or adds them to C, or scales their rows; then it raises maxima, in the
// registers that B is done with.
func (r *routine) gemmStore(t *tile) {
	switch {
	case r.dots && t.layout == rowMajor:
		r.scaleTile(t)
	case !t.most:
		plain := r.newLabel("plain")
		r.jumpUnless("add", plain)
		r.eachAcc(t, func(mem string, acc vec) { r.add(mem, acc, acc) })
		r.label(plain)
	}
	r.eachAcc(t, func(mem string, acc vec) { r.storeVec(acc, mem) })
	if !t.most {
		return
	}
	r.load("max", kLeft)
	r.loadAll(kLeft, t.b)
	for _, row := range t.acc {
		for j, acc := range row {
			r.raise(acc, t.b[j])
		}
	}
	r.storeAll(t.b, kLeft)
}

// eachAcc visits the accumulators and their places in C.
func (r *routine) eachAcc(t *tile, visit func(mem string, acc vec)) {
	for i, row := range t.acc {
		at := r.gemmRow(i)
		for j, acc := range row {
			visit(at(j), acc)
		}
	}
}
