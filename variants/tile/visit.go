package tile

import (
	"attnbench/variants"
	"attnbench/variants/kernel"
)

// maxParts is the number of visits, or parts of visits, whose scores wait to be weighed together.
const maxParts = 16

// edgeKeys is the number of keys that are scored at a time where a band cuts the query tile: each such tile
// is trimmed to the queries that see any of its keys, so what is computed in vain is half of its square.
func edgeKeys(set *kernel.Set) int { return max(16, set.Panel/2) }

// part is a stretch of keys in the score tile.
type part struct {
	rows Rows
	v    variants.Floats
	at   int // its first row in the score tile
}

// Visit lets the query tile meet keys of k [s, d] with values v [s, e], both of one head, which must not
// change before End or Suspend. Keys that every query sees are collected over visits until a score tile is
// full, so that short visits cost little more than long ones.
func (w *Walk) Visit(k, v variants.Floats, keys Keys) {
	w.pairs = 0
	if w.kept != nil {
		w.visit(k, v, keys, 0, keys.Count, w.config.Keys)
		return
	}
	whole, end := w.whole(keys)
	if keys.Pairs != nil { // ascending by key, so the keys must be met in order
		w.visit(k, v, keys, 0, whole, w.edge)
	}
	w.visit(k, v, keys, whole, end, w.config.Keys)
	if keys.Pairs == nil { // last, when the running maxima have settled and hardly anything is left to rescale
		w.visit(k, v, keys, 0, whole, w.edge)
	}
	w.visit(k, v, keys, end, keys.Count, w.edge)
}

// visit meets the keys [from, to) of a visit, at most so many at a time.
func (w *Walk) visit(k, v variants.Floats, keys Keys, from, to, most int) {
	most = min(most, w.config.Keys)
	for ; from < to; from += most {
		tile, last := keys, min(from+most, to)
		tile.Rows = keys.slice(from, last)
		if keys.Spans != nil {
			tile.Spans = keys.Spans[from:last]
		}
		switch {
		case w.back != nil:
			w.differentiate(k.F32, v.F32, tile, from)
		case w.kept != nil:
			w.keep(k, v, tile)
		default:
			w.meet(k, v, tile, from)
		}
	}
}

// whole returns the positions [from, to) of a visit's keys that are met in full tiles: those that the band
// shows to every query and as many more on either side as trimming would not spare; all of them where rows
// are listed.
func (w *Walk) whole(keys Keys) (from, to int) {
	to = keys.Count
	if !keys.Band || keys.Index != nil || w.rows.Index != nil || to == 0 {
		return from, to
	}
	if keys.Lo != -Unlimited {
		from = max(0, ceilDiv(w.highest+keys.Lo-keys.Start, keys.Stride)-w.edge)
	}
	if keys.Hi != Unlimited {
		to = min(to, floorDiv(w.lowest+keys.Hi-keys.Start, keys.Stride)+1+w.edge)
	}
	if from >= to {
		return keys.Count, keys.Count
	}
	return from, to
}

// meet scores one key tile. offset is the number of keys of the visit before it.
func (w *Walk) meet(k, v variants.Floats, keys Keys, offset int) {
	c0, c1, partial := w.window(keys)
	if c0 >= c1 || keys.masked() {
		return
	}
	trimmed := c0 > 0 || c1 < w.rows.Count
	if trimmed || w.held == maxParts || w.filled+keys.Count > w.config.Keys {
		w.flush()
	}
	s, cols := w.s[w.filled*w.lds+c0:], w.config.Kernels.Pad(c1-c0)
	if w.held == 0 {
		copy(w.alpha[c0:c0+cols], w.top[c0:])
	}
	w.logits(k, keys, s, w.lds, c0, cols, offset, partial)
	w.parts[w.held] = part{keys.Rows, v, w.filled}
	w.held++
	w.filled += keys.Count
	if trimmed || keys.Index != nil { // a list belongs to the caller, who may write the next one in its place
		w.weighParts(c0, c1)
	}
}

// flush weighs what waits.
func (w *Walk) flush() {
	if w.held > 0 {
		w.weighParts(0, w.rows.Count)
	}
}

// weighParts takes the waiting scores into the running softmax of the queries [c0, c1) and adds the weighted
// values.
func (w *Walk) weighParts(c0, c1 int) {
	s, cols, rows := w.s[c0:], w.config.Kernels.Pad(c1-c0), c1-c0
	moved := w.softmax(w.filled, cols, s, w.lds, c0)
	o := w.o[c0*w.lde:]
	if moved && !w.fresh { // an accumulator without keys is 0
		w.rescale(o, w.alpha[c0:c1])
	}
	w.fresh = false
	parts := w.parts[:w.held]
	if w.dots.on {
		w.dotProduct(w.dots.p[c0:], parts, o, rows)
	} else {
		for i := range parts {
			w.product(parts[i].v, parts[i].rows, s[parts[i].at*w.lds:], w.lds, o, rows)
		}
	}
	clear(parts)
	w.held, w.filled = 0, 0
}

// softmax takes scores of the queries from column c0 on into their running softmax: weights replace them, or
// are left in pairs.
func (w *Walk) softmax(keys, cols int, s []float32, lds, c0 int) (moved bool) {
	top, sum, alpha := w.top[c0:], w.sum[c0:], w.alpha[c0:]
	if w.dots.on {
		return w.dots.Softmax(keys, cols, s, lds, w.dots.p[c0:], w.lds, top, sum, alpha)
	}
	return w.config.Kernels.Softmax(keys, cols, s, lds, top, sum, alpha)
}

// rescale multiplies rows of the output by alpha. Late in a long softmax few of them differ from 1.
func (w *Walk) rescale(o, alpha []float32) {
	for i := 0; i < len(alpha); i++ {
		if alpha[i] == 1 {
			continue
		}
		from := i
		for i < len(alpha) && alpha[i] != 1 {
			i++
		}
		part := o[from*w.lde:]
		w.config.Kernels.ScaleRows(i-from, w.lde, part, w.lde, part, w.lde, alpha[from:])
	}
}
