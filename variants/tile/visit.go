package tile

// maxParts is the number of visits, or parts of visits, whose scores wait to be weighed together.
const maxParts = 16

// edge is the number of keys that are scored at a time where a band cuts the query tile: each such tile is trimmed to the queries
// that see any of its keys, so what is computed in vain is half of edge² pairs a tile.
const edge = 16

// part is a stretch of keys in the score tile.
type part struct {
	rows Rows
	v    []float32
	at   int // its first row in the score tile
}

// Visit lets the query tile meet keys of k [s, d] with values v [s, e], both of one head, which must not change before
// End or Suspend. Keys that every query sees are collected over visits until a score tile is full, so that short visits
// cost little more than long ones.
func (w *Walk) Visit(k, v []float32, keys Keys) {
	w.pairs = 0
	whole, end := w.whole(keys)
	for from := 0; from < keys.Count; {
		to := min(from+w.config.Keys, keys.Count)
		switch {
		case w.kept != nil:
		case from < whole:
			to = min(from+edge, to, whole)
		case from < end:
			to = min(to, end)
		default:
			to = min(from+edge, to)
		}
		tile := keys
		tile.Rows = keys.slice(from, to)
		if keys.Spans != nil {
			tile.Spans = keys.Spans[from:to]
		}
		if w.kept != nil {
			w.keep(k, v, tile)
		} else {
			w.meet(k, v, tile, from)
		}
		from = to
	}
}

// whole returns the positions [from, to) of a visit's keys that the band shows to every query; all of them where rows are listed.
func (w *Walk) whole(keys Keys) (from, to int) {
	to = keys.Count
	if !keys.Band || keys.Index != nil || w.rows.Index != nil || to == 0 {
		return from, to
	}
	if keys.Lo != -Unlimited {
		from = max(0, ceilDiv(w.highest+keys.Lo-keys.Start, keys.Stride))
	}
	if keys.Hi != Unlimited {
		to = min(to, floorDiv(w.lowest+keys.Hi-keys.Start, keys.Stride)+1)
	}
	if from >= to {
		return keys.Count, keys.Count
	}
	return from, to
}

// meet scores one key tile. offset is the number of keys of the visit before it.
func (w *Walk) meet(k, v []float32, keys Keys, offset int) {
	c0, c1, partial := w.window(keys)
	if c0 >= c1 || keys.masked() {
		return
	}
	trimmed := c0 > 0 || c1 < w.rows.Count
	if trimmed || w.held == maxParts || w.filled+keys.Count > w.config.Keys {
		w.flush()
	}
	s, cols := w.s[w.filled*w.lds+c0:], w.config.Kernels.Pad(c1-c0)
	w.scores(k, keys, s, w.lds, c0, cols)
	w.edit(keys, s, w.lds, c0, cols, offset, partial)
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

// weighParts takes the waiting scores into the running softmax of the queries [c0, c1) and adds the weighted values.
func (w *Walk) weighParts(c0, c1 int) {
	set, s, cols, rows := w.config.Kernels, w.s[c0:], w.config.Kernels.Pad(c1-c0), c1-c0
	moved := set.Softmax(w.filled, cols, s, w.lds, w.top[c0:], w.sum[c0:], w.alpha[c0:])
	o := w.o[c0*w.lde:]
	if moved && !w.fresh { // an accumulator without keys is 0
		set.ScaleRows(rows, w.lde, o, w.lde, o, w.lde, w.alpha[c0:])
	}
	w.fresh = false
	for i := range w.parts[:w.held] {
		p := &w.parts[i]
		w.product(p.v, p.rows, s[p.at*w.lds:], w.lds, o, rows)
		p.v = nil
	}
	w.held, w.filled = 0, 0
}
