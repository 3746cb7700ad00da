package tile

import (
	"attnbench/variants"
	"attnbench/variants/kernel"
)

// Walk is one worker's way through the key tiles of a query tile.
type Walk struct {
	config   *Config
	kernels  *kernel.Set   // the config's, with ahead
	ahead    *kernel.Ahead // see lookAhead
	worker   int
	executed int64

	rows  Rows      // of the query tile
	nextQ []float32 // queries of this worker's next one, until they are asked for
	nextO []float32 // and its place in the output
	cols  int       // their number, padded to lanes
	fresh bool      // no key tile met yet: the output holds something else

	q             []float32 // [d][ldq]: packed queries, scaled for base-2 logits
	s             []float32 // [keys][lds]: transposed scores, then weights
	o             []float32 // [queries][lde]: unnormalised output, in own or where a later pass takes it up
	own           []float32
	top, sum      []float32 // per query: running maximum and sum
	alpha         []float32 // per query: rescaling by the last tile
	settled       []float32 // per query: the maximum with the tile in it
	factor        []float32 // per gathered key: its scale
	kbuf, vbuf    []float32 // gathered or padded key and value rows; kbuf also gathers queries
	ldq, lds, lde int
	pairs         int // of the visit, already applied
	lowest        int // first and last row of the query tile, by row number
	highest       int

	dots   dots
	edge   int            // keys of a tile that a band cuts
	parts  [maxParts]part // the keys whose scores wait in s, held of them, filled keys altogether
	held   int
	filled int
	ragged bool // some of them are seen by some queries only

	kept  []float32       // [context][ldq]: the scores of this query tile, where the engine keeps them
	known int             // keys whose scores are kept
	v     variants.Floats // their values

	back *backward // nil in a forward pass
}

func (w *Walk) allocate(ws *variants.Workspace, c *Config, cols int) {
	w.config, w.ahead = c, new(kernel.Ahead)
	w.kernels = c.Kernels.Ahead(w.ahead)
	w.edge = c.Edge
	if c.Edge == 0 {
		w.edge = edgeKeys(c.Kernels)
	}
	// A row of scores is an odd number of cache lines long: with an even one, fewer cache sets hold a column.
	w.ldq, w.lds, w.lde = cols, ((cols+15)/16|1)*16, c.Kernels.Pad(c.E)
	w.q = variants.Alloc[float32](ws, c.D*w.ldq)
	w.s = variants.Alloc[float32](ws, (c.Keys+1)/2*2*w.lds)
	w.own = variants.Alloc[float32](ws, c.Queries*w.lde)
	w.top = variants.Alloc[float32](ws, cols)
	w.sum = variants.Alloc[float32](ws, cols)
	w.alpha = variants.Alloc[float32](ws, cols)
	w.settled = variants.Alloc[float32](ws, cols)
	w.factor = variants.Alloc[float32](ws, c.Keys)
	w.kbuf = variants.Alloc[float32](ws, max(c.Keys, c.Queries)*c.D)
	w.vbuf = variants.Alloc[float32](ws, c.Keys*w.lde)
	w.allocateDots(ws, c)
}

// Worker is the number of the worker that walks, below Pool.Threads: it picks a schedule's own scratch
// memory.
func (w *Walk) Worker() int { return w.worker }

// Begin starts a query tile: rows of q, the [n, d] queries of one head, at most Config.Queries of them.
func (w *Walk) Begin(q variants.Floats, rows Rows) {
	w.begin(q, rows)
	w.o, w.fresh = w.own, true
}

// BeginIn is Begin of a tile that Suspend will end, into acc. Rows that lie there as in scratch memory are
// worked on in place.
func (w *Walk) BeginIn(q variants.Floats, rows Rows, acc []float32) {
	w.Begin(q, rows)
	if e := w.config.E; rows.Index == nil && rows.Stride == 1 && e == w.lde {
		w.o = acc[rows.Start*e:]
	}
}

// settle makes an output that has met no key 0.
func (w *Walk) settle() {
	if w.fresh {
		clear(w.o[:w.rows.Count*w.lde])
		w.fresh = false
	}
}

// begin is what all tiles begin with.
func (w *Walk) begin(q variants.Floats, rows Rows) {
	w.pack(q, rows)
	clear(w.sum[:w.cols])
	for i := range w.top[:w.cols] {
		w.top[i] = kernel.Lowest
	}
	w.known = 0
	w.nextQ = w.behind(q, w.config.D, rows)
}

// Resume starts a query tile whose softmax began in an earlier pass: acc [n, e] holds unnormalised outputs,
// top and sum [n] their statistics, as Suspend left them.
func (w *Walk) Resume(q variants.Floats, rows Rows, acc, top, sum []float32) {
	w.begin(q, rows)
	w.o, w.fresh = w.own, false
	w.gather(w.config.E, w.o, w.lde, variants.F32s(acc), rows)
	for i := range rows.Count {
		r := rows.At(i)
		w.top[i], w.sum[i] = top[r], sum[r]
	}
}

// pack transposes the queries and folds the logit scale and log2(e) into them.
func (w *Walk) pack(q variants.Floats, rows Rows) {
	c := w.config
	w.rows, w.cols = rows, c.Kernels.Pad(rows.Count)
	w.lowest, w.highest = rows.extremes()
	if w.dots.on = w.dots.Dot != nil && q.BF16 != nil; w.dots.on {
		w.packDots(q, rows)
		return
	}
	src, ld := w.inPlace(q, c.D, rows)
	if src == nil {
		w.gather(c.D, w.kbuf, c.D, q, rows)
		src, ld = w.kbuf, c.D
	}
	c.Kernels.Pack(rows.Count, c.D, w.q, w.ldq, src, ld, float32(c.Scale*log2e))
}

// logits computes the tile's logits into s for the queries from column c0 on, those that schedules change
// included, and raises the maxima of these queries to them.
func (w *Walk) logits(k variants.Floats, keys Keys, s []float32, lds, c0, cols, offset int, partial bool) {
	top := w.top[c0:]
	if !keys.edited(partial) {
		w.scores(k, keys, s, lds, c0, cols, top)
		return
	}
	w.scores(k, keys, s, lds, c0, cols, nil)
	w.edit(keys, s, lds, c0, cols, offset, partial)
	w.config.Kernels.MaxCols(keys.Count, cols, s, lds, top)
}

// scores multiplies the tile's keys with the queries from column c0 on. Unless top is nil it raises the
// maxima in it.
func (w *Walk) scores(k variants.Floats, keys Keys, s []float32, lds, c0, cols int, top []float32) {
	w.executed += 2 * int64(keys.Count) * int64(cols) * int64(w.config.D)
	if w.dots.on {
		w.dotScores(k, keys, s, lds, c0, cols, top)
		return
	}
	d := w.config.D
	a, lda := w.inPlace(k, d, keys.Rows)
	if a == nil {
		w.gatherKeys(k, keys, d)
		a, lda = w.kbuf, d
	}
	if top != nil {
		w.kernels.GemmMax(keys.Count, cols, d, a, lda, w.q[c0:], w.ldq, s, lds, top)
		return
	}
	w.kernels.Gemm(keys.Count, cols, d, a, lda, w.q[c0:], w.ldq, s, lds, false)
}

// gatherKeys copies the tile's keys to rows of ld elements, multiplied by their scale if they have one.
func (w *Walk) gatherKeys(k variants.Floats, keys Keys, ld int) {
	d := w.config.D
	w.gather(d, w.kbuf, ld, k, keys.Rows)
	if keys.Scale == nil {
		return
	}
	for i, r := range keys.Index {
		w.factor[i] = keys.Scale[r]
	}
	w.config.Kernels.ScaleRows(keys.Count, d, w.kbuf, ld, w.kbuf, ld, w.factor)
}

// End writes the tile's rows of out [n, e]: the accumulated values over the sum of weights, 0 for a query
// that saw no key.
func (w *Walk) End(out variants.Floats) {
	w.flush()
	if w.kept != nil {
		w.weigh()
	}
	w.settle()
	set, e := w.config.Kernels, w.config.E
	w.nextO = w.behind(out, e, w.rows)
	for i, sum := range w.sum[:w.rows.Count] {
		w.alpha[i] = 0
		if sum != 0 {
			w.alpha[i] = 1 / sum
		}
	}
	if w.rows.Index == nil && out.F32 != nil {
		set.ScaleRows(w.rows.Count, e, out.F32[w.rows.Start*e:], w.rows.Stride*e, w.o, w.lde, w.alpha)
		return
	}
	set.ScaleRows(w.rows.Count, e, w.o, w.lde, w.o, w.lde, w.alpha)
	w.scatter(out)
}

// Suspend stores the unfinished tile for Resume: acc [n, e], top and sum [n].
func (w *Walk) Suspend(acc, top, sum []float32) {
	w.flush()
	w.settle()
	w.nextO = w.behind(variants.F32s(acc), w.config.E, w.rows)
	if &w.o[0] == &w.own[0] {
		w.scatter(variants.F32s(acc))
	}
	if start, count := w.rows.Start, w.rows.Count; w.rows.Index == nil && w.rows.Stride == 1 {
		copy(top[start:], w.top[:count])
		copy(sum[start:], w.sum[:count])
		return
	}
	for i := range w.rows.Count {
		r := w.rows.At(i)
		top[r], sum[r] = w.top[i], w.sum[i]
	}
}

// inPlace returns rows of x, which has so many columns, from the first on with their leading dimension, if
// kernels can read them as they are: evenly spaced float32. Else nil.
func (w *Walk) inPlace(x variants.Floats, cols int, rows Rows) (from []float32, ld int) {
	if rows.Index != nil || x.F32 == nil {
		return nil, 0
	}
	return x.F32[min(len(x.F32), rows.Start*cols):], rows.Stride * cols
}

// gather copies rows of x, which has so many columns, side by side as float32.
func (w *Walk) gather(cols int, dst []float32, ldd int, x variants.Floats, rows Rows) {
	switch set := w.config.Kernels; {
	case x.BF16 != nil && rows.Index == nil:
		set.Widen(rows.Count, cols, dst, ldd, x.BF16[min(len(x.BF16), rows.Start*cols):], rows.Stride*cols)
	case x.BF16 != nil:
		for i := range rows.Count {
			set.Widen(1, cols, dst[i*ldd:], ldd, x.BF16[rows.At(i)*cols:], cols)
		}
	case rows.Index != nil:
		set.GatherRows(cols, dst, ldd, x.F32, cols, rows.Index)
	default:
		for i := range rows.Count {
			copy(dst[i*ldd:], x.F32[rows.At(i)*cols:][:cols])
		}
	}
}

// scatter copies the tile's output to its rows of out.
func (w *Walk) scatter(out variants.Floats) {
	e, set := w.config.E, w.config.Kernels
	switch {
	case out.BF16 != nil && w.rows.Index == nil:
		set.Narrow(w.rows.Count, e, out.BF16[w.rows.Start*e:], w.rows.Stride*e, w.o, w.lde)
	case out.BF16 != nil:
		for i := range w.rows.Count {
			set.Narrow(1, e, out.BF16[w.rows.At(i)*e:], e, w.o[i*w.lde:], w.lde)
		}
	case w.rows.Index != nil:
		set.ScatterRows(e, out.F32, e, w.o, w.lde, w.rows.Index)
	case w.rows.Stride == 1 && e == w.lde:
		copy(out.F32[w.rows.Start*e:], w.o[:w.rows.Count*e])
	default:
		for i := range w.rows.Count {
			r := w.rows.At(i)
			copy(out.F32[r*e:(r+1)*e], w.o[i*w.lde:])
		}
	}
}
