package main

// side is a matrix that rows move from or to: its parameters and registers.
type side struct{ matrix, base, ld, stride, at string }

// gatherRows and scatterRows move the rows that a list names, of a large matrix, to or from a dense one.
func gatherRows(set *isa) *routine {
	return moveRows(set, "GatherRows", "dst[r*ldd+c] = src[index[r]*lds+c]", false)
}

func scatterRows(set *isa) *routine {
	return moveRows(set, "ScatterRows", "dst[index[r]*ldd+c] = src[r*lds+c]", true)
}

// moveRows first asks for all lines of the listed rows: rows that are far away then cost their share of
// the memory's throughput instead of its latency.
func moveRows(set *isa, name, body string, scatter bool) *routine {
	doc := rowDoc("moves listed rows.", body)
	r := newRoutine(set, name, doc,
		"rows int", "cols int", "dst *float32", "ldd int", "src *float32", "lds int", "index *int32")
	dense, listed := side{"dst", "BX", "ldd", "R8", "DI"}, side{"src", "DX", "lds", "R9", "SI"}
	if scatter {
		dense, listed = listed, dense
	}
	for _, s := range []side{dense, listed} {
		r.load(s.matrix, s.base)
		r.stride(s.ld, s.stride, 4)
	}
	r.eachListed("fetch", listed, func() {
		line := r.newLabel("line")
		r.label(line)
		r.prefetch(listed.at)
		r.addReg(lineBytes, listed.at)
		r.count(-lineBytes/4, "R10", greater, line)
	})
	x := r.alloc(4)
	r.eachListed("row", listed, func() {
		r.copyReg(dense.base, dense.at)
		r.elements(4, "R10", []string{"DI", "SI"}, func(g group) {
			for i := range g.width {
				g.load("SI", i, x[i])
			}
			for i := range g.width {
				g.store(x[i], "DI", i)
			}
		})
		r.addReg(dense.stride, dense.base)
	})
	r.ret()
	return r
}

// lineBytes is the size of a cache line.
const lineBytes = 64

// eachListed emits the loop over the listed rows, with the row's address in its register and the number
// of columns in R10.
func (r *routine) eachListed(name string, s side, body func()) {
	r.load("rows", rowLeft, "index", "AX")
	r.loop(name, rowLeft, func() {
		r.loadInt32("AX", s.at)
		r.mulReg(s.stride, s.at)
		r.addReg(s.base, s.at)
		r.load("cols", "R10")
		body()
		r.addReg(4, "AX")
	})
}
