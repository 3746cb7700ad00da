package recurrent

// base is the number of tokens whose ũ are found one after the other.
const base = 8

// makeOverlaps makes the products of the run's keys, those on and below the diagonal, and its steps.
func (w *worker) makeOverlaps(r run) {
	for from := 0; from < r.count; from += block {
		w.products(from, min(block, r.count-from), r.k, w.flipped, w.shape.D, w.overlaps)
	}
	for i, beta := range w.steps(w.head)[r.from:][:r.count] {
		w.step[i] = -beta
	}
}

// solve makes ũ of the delta rule from the state. With M = K S - Ṽ, each row of which takes in the products
// of its key with the ũ before it, ũ_i is -β_i M_i.
func (w *worker) solve(r run) {
	w.valueRows(w.missed, w.v, r, w.fall)
	w.multiply(r.count, w.shape.D, r.k, w.state, w.missed, true)
	for from := 0; from < r.count; from += base {
		n := min(base, r.count-from)
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

// solveBack makes X and -Y of dŨ: a row of X lacks the products of its key with the Y behind it.
func (p *puller) solveBack(r run) {
	for from := (r.count - 1) / base * base; from >= 0; from -= base {
		end := min(from+base, r.count)
		if end < r.count {
			p.multiplyT(end-from, r.count-end, p.overlap(end, from), p.undone[end*p.lde:], p.pulled[from*p.lde:])
		}
		for i := end - 1; i >= from; i-- {
			if i+1 < end {
				p.multiplyT(1, end-i-1, p.overlap(i+1, i), p.undone[(i+1)*p.lde:], p.pulled[i*p.lde:])
			}
			p.scaleRow(p.undone, p.pulled, i)
		}
	}
}

// pullDelta adds to dK what comes through ũ.
func (p *puller) pullDelta(r run) {
	d, e := p.shape.D, p.shape.E
	undone := rows{p.undone, p.lde}
	p.kernels.Pack(d, e, p.across, p.ldk, p.state, p.lde, 1)
	p.acrossRows(r.count, e, undone, rows{p.across, p.ldk}, p.dk, true)
	for from := 0; from < r.count; from += block {
		n := min(block, r.count-from)
		p.products(from, n, undone, p.turned, e, p.pairs)
		clearAbove(p.pairs, p.ldt, from, n, 0)
		pairs := rows{p.pairs[from*p.ldt:], p.ldt}
		p.acrossRows(n, from+n, pairs, r.k, p.dk[from*p.ldk:], true)
		p.addAcrossT(from+n, n, pairs, rows{r.k.at(from), r.k.ld}, p.dk)
	}
}

// writeSteps stores dβ, or adds that of a further batch element: missed is -ũ/β.
func (p *puller) writeSteps(r run) {
	to := p.b.g.Inputs[p.Step][p.head*p.shape.N+r.from:]
	for i := range r.count {
		p.put(&to[i], -float32(p.dot(p.pulled[i*p.lde:], p.missed[i*p.lde:])))
	}
}
