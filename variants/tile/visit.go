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

// part is a stretch of keys in the score tile, and the queries [from, to) that see any of them: from is a
// multiple of the lanes. Scores end where the vector does that holds the last query.
type part struct {
	rows     Rows
	v        variants.Floats
	at       int // its first row in the score tile
	from, to int
	gathered bool // its values are in vbuf, from row at on
}

// Visit lets the query tile meet keys of k [s, d] with values v [s, e], both of one head, which must not
// change before End or Suspend. Keys are collected over visits until a score tile is full, so that short
// visits cost little more than long ones, and the edges of a band little more than its middle.
func (w *Walk) Visit(k, v variants.Floats, keys Keys) {
	w.pairs = 0
	w.lookAhead(k, v, keys)
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
	alone := trimmed && !w.edgesWait()
	if alone || w.held == maxParts || w.filled+keys.Count > w.config.Keys {
		w.flush()
	}
	if w.held == 0 {
		copy(w.alpha[:w.cols], w.top)
		w.ragged = false
	}
	w.ragged = w.ragged || trimmed
	s, cols := w.s[w.filled*w.lds+c0:], w.config.Kernels.Pad(c1-c0)
	w.logits(k, keys, s, w.lds, c0, cols, offset, partial)
	w.parts[w.held] = part{rows: keys.Rows, v: v, at: w.filled, from: c0, to: c1}
	w.held++
	w.filled += keys.Count
	if alone || keys.Index != nil { // a list belongs to the caller, who may write the next one in its place
		w.flush()
	}
}

// edgesWait reports whether scores of which some queries have none wait for others.
func (w *Walk) edgesWait() bool { return !w.dots.on && edgesWait(w.config.Kernels) }

// edgesWait says so of a set, for float32. Products then go by vectors of queries, which must be several
// register tiles high. Pairs of weights cannot wait: both must be of one window.
func edgesWait(set *kernel.Set) bool { return set.Lanes >= 2*set.Rows }

// flush takes the waiting scores into the running softmax and adds the weighted values.
func (w *Walk) flush() {
	if w.held == 0 {
		return
	}
	parts, c0, c1 := w.parts[:w.held], 0, w.rows.Count
	if !w.edgesWait() {
		c0, c1 = parts[0].from, parts[0].to
	}
	moved := w.softmaxParts(parts, c0, c1)
	o := w.o[c0*w.lde:]
	if w.dots.on || c1-c0 < w.rows.Count {
		w.settle()
	}
	if moved && !w.fresh { // without keys there is nothing to rescale
		w.rescale(o, w.alpha[c0:c1])
	}
	if w.dots.on {
		w.dotProduct(w.dots.p[c0:], parts, o, c1-c0)
	} else {
		w.products(parts, c0, c1, w.fresh)
	}
	w.fresh = false
	clear(parts)
	w.held, w.filled = 0, 0
}

// softmaxParts takes the waiting scores of the queries [c0, c1) into their running softmax. Where not all see
// all keys the sums are rescaled first, and then the weights of each part added.
func (w *Walk) softmaxParts(parts []part, c0, c1 int) (moved bool) {
	set := w.config.Kernels
	if !w.ragged || !w.edgesWait() {
		return w.softmax(w.filled, set.Pad(c1-c0), w.s[c0:], w.lds, c0)
	}
	moved = w.softmax(0, w.cols, w.s, w.lds, 0)
	for i := range parts {
		p := &parts[i]
		top, sum, s := w.top[p.from:], w.sum[p.from:], w.s[p.at*w.lds+p.from:]
		cols := set.Pad(p.to - p.from)
		copy(w.settled[:cols], top)
		set.Softmax(p.rows.Count, cols, s, w.lds, top, sum, w.settled)
	}
	return moved
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
