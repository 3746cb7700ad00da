package tile

import (
	"math"

	"attnbench/variants"
)

// Upstream is what a backward pass knows of a head.
type Upstream struct {
	Q         []float32 // [n, d]
	Out, DOut []float32 // [n, e]: the output and the gradient of the loss by it
	// Top and Sum are the statistics of every query, as Statistics stored them.
	Top, Sum []float32
	// Hidden, unless nil, marks queries without an output by a value that is not 0: they have no gradient.
	Hidden []float32
	// DQ [n, d] is where the gradient of the queries goes; Add adds it to what is there.
	DQ  []float32
	Add bool
}

// noWeight is the statistic of a query that sees no key: 2^(s - noWeight) is 0 for any logit.
const noWeight = math.MaxFloat32

// Statistics stores what a backward pass needs of the tile's queries, in arrays by row of the head: in top
// the base-2 logarithm of the sum of weights; where sum is not nil, in top the maximum and in sum the sum,
// which is exact however large the logits are. Where scores are kept, top is not needed: nil. Call it after
// End.
func (w *Walk) Statistics(top, sum []float32) {
	for i := range w.rows.Count {
		r, high := w.rows.At(i), w.top[i]
		switch {
		case sum == nil:
			high = statistic(high, w.sum[i])
		case w.sum[i] == 0:
			high = noWeight
		}
		if sum != nil {
			sum[r] = w.sum[i]
		}
		if top != nil {
			top[r] = high
		}
	}
}

// statistic is the base-2 logarithm of a query's sum of weights 2^(logit - high).
func statistic(high, sum float32) float32 {
	if sum == 0 {
		return noWeight
	}
	return high + float32(math.Log2(float64(sum)))
}

// backward is the part of a Walk that computes gradients.
type backward struct {
	ldk, ldv   int       // columns of keys and values, padded
	dk, dv     []float32 // [s][ldk], [s][ldv]: the sums of the job
	q, o       []float32 // rows of the tile: queries, gradients of outputs
	ldq, ldo   int
	qbuf, obuf []float32 // [queries][ldk], [queries][ldv]: those rows, where kernels cannot read them in place
	dout       []float32 // [e][Walk.ldq]: packed gradients of outputs, times the scale of the logits
	dp         []float32 // [keys][lds]: gradients of weights, then of logits
	dq         []float32 // [queries][ldk]
	top, dot   []float32 // per query: statistic; output times its gradient, scaled
	factor     []float32 // per query: by which the weights are too large
	sums       []float32 // [keys][max(ldk, ldv)]: sums of listed keys
	upstream   Upstream
}

// backwardEdge is edgeKeys of a backward pass, where tiles at the edge wait for no others.
const backwardEdge = 16

func (w *Walk) allocateBackward(ws *variants.Workspace, c *Config) {
	set, cols := c.Kernels, c.Kernels.Pad(c.Queries)
	b := &backward{ldk: set.Pad(c.D), ldv: set.Pad(c.E)}
	w.config, w.back, w.edge = c, b, backwardEdge
	w.ldq, w.lds = cols, ((cols+15)/16|1)*16
	w.q, b.dout = variants.Alloc[float32](ws, c.D*w.ldq), variants.Alloc[float32](ws, c.E*w.ldq)
	if c.Scores == 0 {
		w.s = variants.Alloc[float32](ws, c.Keys*w.lds)
	}
	b.dp = variants.Alloc[float32](ws, c.Keys*w.lds)
	w.kbuf, w.vbuf = variants.Alloc[float32](ws, c.Keys*b.ldk), variants.Alloc[float32](ws, c.Keys*b.ldv)
	b.qbuf, b.obuf = variants.Alloc[float32](ws, c.Queries*b.ldk), variants.Alloc[float32](ws, c.Queries*b.ldv)
	b.dq = variants.Alloc[float32](ws, c.Queries*b.ldk)
	b.top, b.dot = variants.Alloc[float32](ws, cols), variants.Alloc[float32](ws, cols)
	b.factor = variants.Alloc[float32](ws, cols)
	w.factor = variants.Alloc[float32](ws, c.Keys)
	b.sums = variants.Alloc[float32](ws, c.Keys*max(b.ldk, b.ldv))
}

// BeginBackward starts the gradients of a query tile: rows of a head, at most Config.Queries of them. What is
// called Visit for them must be what their output came from. Within one visit no row may be listed twice; the
// gradients of scaled keys are those by the products.
func (w *Walk) BeginBackward(u Upstream, rows Rows) {
	b, c, set := w.back, w.config, w.config.Kernels
	w.rows, w.cols = rows, set.Pad(rows.Count)
	w.lowest, w.highest = rows.extremes()
	b.upstream = u
	b.q, b.ldq = w.padded(u.Q, c.D, rows, b.qbuf, b.ldk)
	set.Pack(rows.Count, c.D, w.q, w.ldq, b.q, b.ldq, float32(c.Scale*log2e))
	b.o, b.ldo = w.padded(u.DOut, c.E, rows, b.obuf, b.ldv)
	w.recall(u)
	if u.Sum != nil {
		set.ScaleRows(rows.Count, c.E, b.obuf, b.ldv, b.o, b.ldo, b.factor)
		b.o, b.ldo = b.obuf, b.ldv
	}
	set.Pack(rows.Count, c.E, b.dout, w.ldq, b.o, b.ldo, float32(c.Scale))
	if u.Add {
		w.gather(c.D, b.dq, b.ldk, variants.F32s(u.DQ), rows)
	} else {
		clear(b.dq[:rows.Count*b.ldk])
	}
}

// recall takes the statistics of the tile's queries and the products of outputs and their gradients. A weight
// is 2^(logit - top) times a factor, which is folded into the gradient of the output.
func (w *Walk) recall(u Upstream) {
	b, e := w.back, w.config.E
	for i := range w.rows.Count {
		r := w.rows.At(i)
		b.top[i], b.factor[i] = 0, 1
		if u.Top != nil {
			b.top[i] = u.Top[r]
		}
		if u.Sum != nil {
			b.factor[i] = 0
			if u.Sum[r] != 0 {
				b.factor[i] = 1 / u.Sum[r]
			}
		}
		if u.Hidden != nil && u.Hidden[r] != 0 {
			b.top[i], b.factor[i] = noWeight, 0
		}
		b.dot[i] = float32(w.config.Scale) * b.factor[i] * dot(u.Out[r*e:(r+1)*e], u.DOut[r*e:])
	}
}

// dot is Σ x·y in four parts, so that an addition need not wait for the one before it.
func dot(x, y []float32) float32 {
	var a, b, c, d float32
	y = y[:len(x)]
	i := 0
	for ; i+4 <= len(x); i += 4 {
		a += x[i] * y[i]
		b += x[i+1] * y[i+1]
		c += x[i+2] * y[i+2]
		d += x[i+3] * y[i+3]
	}
	for ; i < len(x); i++ {
		a += x[i] * y[i]
	}
	return (a + b) + (c + d)
}

// EndBackward writes the gradients of the tile's queries.
func (w *Walk) EndBackward() {
	b, d := w.back, w.config.D
	into := b.upstream.DQ
	if w.rows.Index != nil {
		w.config.Kernels.ScatterRows(d, into, d, b.dq, b.ldk, w.rows.Index)
	} else {
		for i := range w.rows.Count {
			copy(into[w.rows.At(i)*d:][:d], b.dq[i*b.ldk:])
		}
	}
	b.upstream, b.q, b.o = Upstream{}, nil, nil
}

// padded returns rows of x, which has so many columns, in rows of ld with zeros behind: as they are, or
// copied to buf.
func (w *Walk) padded(x []float32, cols int, rows Rows, buf []float32, ld int) (from []float32, stride int) {
	if rows.Index == nil && cols == ld {
		return x[rows.Start*cols:], rows.Stride * cols
	}
	w.gather(cols, buf, ld, variants.F32s(x), rows)
	return buf, ld
}

// differentiate adds what one key tile contributes to the gradients (spec §1). offset is the number of keys
// of the visit before it. With weights P and upstream gradient G: dV = P·G, dP = V·Gᵀ, dS = P∘(dP - D), dK
// = dS·Q and dQ = dSᵀ·K, where P and S are transposed as everywhere here.
func (w *Walk) differentiate(k, v []float32, keys Keys, offset int) {
	c0, c1, partial := w.window(keys)
	if c0 >= c1 || keys.masked() {
		return
	}
	b, set, rows := w.back, w.config.Kernels, c1-c0
	cols, e := set.Pad(rows), w.config.E
	kr, ldk := w.keyRows(k, keys)
	p, ldp := w.weights(kr, ldk, keys, offset, c0, cols, partial)
	w.addTo(b.dv, b.ldv, keys.Rows, p, ldp, b.o[c0*b.ldo:], b.ldo, rows)

	vr, ldv := w.inPlace(variants.F32s(v), e, keys.Rows)
	if vr == nil {
		vr, ldv = w.padded(v, e, keys.Rows, w.vbuf, b.ldv)
	}
	dp := b.dp[c0:]
	set.Gemm(keys.Count, cols, e, vr, ldv, b.dout[c0:], w.ldq, dp, w.lds, false)
	set.GradCols(keys.Count, cols, dp, w.lds, p, ldp, b.dot[c0:])
	w.freeze(keys, dp, c0, offset)

	w.addTo(b.dk, b.ldk, keys.Rows, dp, w.lds, b.q[c0*b.ldq:], b.ldq, rows)
	set.GemmT(rows, b.ldk, keys.Count, dp, w.lds, kr, ldk, b.dq[c0*b.ldk:], b.ldk, true)
	w.executed += 2 * int64(keys.Count) * (int64(cols)*int64(e) + int64(rows)*int64(2*b.ldk+b.ldv))
}

// keyRows returns the keys of the tile in rows padded to vectors, multiplied by their scale if they have one.
func (w *Walk) keyRows(k []float32, keys Keys) (rows []float32, ld int) {
	b, d := w.back, w.config.D
	if keys.Scale == nil {
		return w.padded(k, d, keys.Rows, w.kbuf, b.ldk)
	}
	w.gatherKeys(variants.F32s(k), keys, b.ldk)
	return w.kbuf, b.ldk
}

// weights returns the weights of the tile: kept, or computed again.
func (w *Walk) weights(kr []float32, ldk int, keys Keys, offset, c0, cols int,
	partial bool) (p []float32, ldp int) {
	if w.kept != nil {
		return w.kept[keys.Start*w.ldq+c0:], w.ldq
	}
	set, d, s := w.config.Kernels, w.config.D, w.s[c0:]
	set.Gemm(keys.Count, cols, d, kr, ldk, w.q[c0:], w.ldq, s, w.lds, false)
	w.executed += 2 * int64(keys.Count) * int64(cols) * int64(d)
	w.edit(keys, s, w.lds, c0, cols, offset, partial)
	set.ExpCols(keys.Count, cols, s, w.lds, w.back.top[c0:], 0)
	return s, w.lds
}

// freeze clears the gradients of logits that were replaced: they depend on nothing.
func (w *Walk) freeze(keys Keys, dp []float32, c0, offset int) {
	for i := w.pairs - 1; i >= 0 && int(keys.Pairs[i].Key) >= offset; i-- {
		if pair := keys.Pairs[i]; pair.Replace {
			dp[(int(pair.Key)-offset)*w.lds+int(pair.Query)-c0] = 0
		}
	}
}

// addTo adds to the sums of the tile's keys, in rows of ld, the product of s [keys][lds] with so many rows of
// the queries' side.
func (w *Walk) addTo(sums []float32, ld int, keys Rows, s []float32, lds int,
	rows []float32, ldr, count int) {
	set := w.config.Kernels
	if keys.Index == nil {
		set.Gemm(keys.Count, ld, count, s, lds, rows, ldr, sums[keys.Start*ld:], keys.Stride*ld, true)
		return
	}
	listed := w.back.sums
	set.GatherRows(ld, listed, ld, sums, ld, keys.Index)
	set.Gemm(keys.Count, ld, count, s, lds, rows, ldr, listed, ld, true)
	set.ScatterRows(ld, sums, ld, listed, ld, keys.Index)
}
