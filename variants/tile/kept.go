package tile

import "attnbench/variants"

// keep stores the logits of one key tile in the score matrix, for weigh: textbook attention in its three
// passes.
func (w *Walk) keep(k, v variants.Floats, keys Keys) {
	s := w.kept[keys.Start*w.ldq:]
	_, _, partial := w.window(keys)
	w.logits(k, keys, s, w.ldq, 0, w.cols, 0, partial)
	w.known, w.v = keys.Start+keys.Count, v
}

// weigh turns the kept logits into weights and multiplies them with the values. The maximum of each query is
// final, so the running softmax rescales nothing.
func (w *Walk) weigh() {
	w.settle()
	for from := 0; from < w.known; from += w.config.Keys {
		keys := Range(from, min(from+w.config.Keys, w.known))
		s := w.kept[from*w.ldq:]
		copy(w.alpha[:w.cols], w.top)
		w.softmax(keys.Count, w.cols, s, w.ldq, 0)
		if w.dots.on {
			w.parts[0] = part{rows: keys, v: w.v}
			w.dotProduct(w.dots.p, w.parts[:1], w.o, w.rows.Count)
			continue
		}
		values := part{rows: keys, v: w.v}
		w.gatherValues(&values)
		w.product(&values, keys.Count, s, w.ldq, w.o, w.rows.Count, true)
	}
}
