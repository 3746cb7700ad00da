package tile

import "math/bits"

// products adds the weights of the waiting keys times their values to the output of the queries [c0, c1).
// Queries that see the same parts are multiplied at once, and so are parts whose values follow each other.
// Where the output is fresh, the first product of a query is stored instead.
func (w *Walk) products(parts []part, c0, c1 int, fresh bool) {
	for i := range parts {
		w.gatherValues(&parts[i])
	}
	lanes := w.config.Kernels.Lanes
	for from := c0; from < c1; {
		seen, to := seenAt(parts, from), from+lanes
		for to < c1 && seenAt(parts, to) == seen {
			to += lanes
		}
		w.multiply(parts, seen, from, min(to, c1), fresh)
		from = to
	}
}

// gatherValues copies the values of a part side by side where kernels cannot read them as they are.
func (w *Walk) gatherValues(p *part) {
	e := w.config.E
	if in, _ := w.inPlace(p.v, e, p.rows); in != nil && e == w.lde {
		return
	}
	w.gather(e, w.vbuf[p.at*w.lde:], w.lde, p.v, p.rows)
	p.gathered = true
}

// seenAt is the set of parts, a bit each, that the queries of a vector see.
func seenAt(parts []part, first int) (seen uint32) {
	for i := range parts {
		if parts[i].from <= first && first < parts[i].to {
			seen |= 1 << i
		}
	}
	return seen
}

// multiply adds to the output of the queries [from, to) the values of the parts that they see.
func (w *Walk) multiply(parts []part, seen uint32, from, to int, fresh bool) {
	if fresh && seen == 0 {
		clear(w.o[from*w.lde : to*w.lde])
	}
	for seen != 0 {
		first := bits.TrailingZeros32(seen)
		seen &^= 1 << first
		keys := parts[first].rows.Count
		for i := first + 1; seen>>i&1 != 0 && joins(&parts[i-1], &parts[i]); i++ {
			seen &^= 1 << i
			keys += parts[i].rows.Count
		}
		w.product(&parts[first], keys, w.s[parts[first].at*w.lds+from:], w.lds, w.o[from*w.lde:], to-from, !fresh)
		fresh = false
	}
}

// joins reports whether the values of two neighbours in the score tile follow each other.
func joins(p, next *part) bool {
	if p.gathered || next.gathered {
		return p.gathered && next.gathered
	}
	return &p.v.F32[0] == &next.v.F32[0] && p.rows.Stride == next.rows.Stride &&
		p.rows.At(p.rows.Count) == next.rows.Start
}

// product computes the weights of so many keys from a part's first on times their values, and stores it in
// rows of the output or adds it to them.
func (w *Walk) product(p *part, keys int, s []float32, lds int, o []float32, rows int, add bool) {
	v, ldv := w.vbuf[p.at*w.lde:], w.lde
	if !p.gathered {
		v, ldv = w.inPlace(p.v, w.config.E, p.rows)
	}
	w.kernels.GemmT(rows, w.lde, keys, s, lds, v, ldv, o, w.lde, add)
	w.executed += 2 * int64(keys) * int64(rows) * int64(w.lde)
}
