package recurrent

// base is the number of tokens whose ũ are found one after the other.
const base = 8

// solve makes ũ of the delta rule from the state. With M = K S - Ṽ, each row of which takes in the products
// of its key with the ũ before it, ũ_i is -β_i M_i.
func (w *worker) solve(r run) {
	w.valueRows(w.missed, w.v, r, w.fall)
	w.multiply(r.count, w.shape.D, r.k, w.state, w.missed, true)
	for i, beta := range w.steps(w.head)[r.from:][:r.count] {
		w.step[i] = -beta
	}
	for from := 0; from < r.count; from += base {
		n := min(base, r.count-from)
		if from%block == 0 {
			w.products(from, min(block, r.count-from), r.k, w.flipped, w.shape.D, w.overlaps)
		}
		if from > 0 {
			w.multiply(n, from, w.overlap(from, 0), w.values, w.missed[from*w.lde:], true)
		}
		for i := from; i < from+n; i++ {
			if i > from {
				w.multiply(1, i-from, w.overlap(i, from), w.values[from*w.lde:], w.missed[i*w.lde:], true)
			}
			w.scaleRow(w.values, w.missed, i)
		}
	}
}

// overlap are the products of keys from a row and a column on.
func (w *worker) overlap(row, column int) rows { return rows{w.overlaps[row*w.ldt+column:], w.ldt} }

// scaleRow makes row i of dst that of x times -β.
func (w *worker) scaleRow(dst, x []float32, i int) {
	at := i * w.lde
	w.kernels.ScaleRows(1, w.columns.count, dst[at:], w.lde, x[at:], w.lde, w.step[i:])
}
