package tile

import (
	"attnbench/variants"
	"attnbench/variants/kernel"
)

// dots is what a walk needs to multiply bfloat16 operands as they are, where an instruction does that: the
// weights are rounded to bfloat16 too; logits, statistics and sums stay float32.
type dots struct {
	*kernel.Dot
	on      bool          // for the query tile at hand
	q, p, v []kernel.Pair // [d/2][ldq] queries, [keys/2][lds] weights, [keys/2][lde] values
	rows    []kernel.BF16 // [keys][max(d, e)]: gathered rows
}

// allocateDots takes memory if operands and kernels allow such products.
func (w *Walk) allocateDots(ws *variants.Workspace, c *Config) {
	if c.Type != variants.BF16 || c.Kernels.Dot == nil || c.D%2 != 0 {
		return
	}
	pairs := (c.Keys + 1) / 2
	w.dots = dots{
		Dot:  c.Kernels.Dot,
		q:    variants.Alloc[kernel.Pair](ws, c.D/2*w.ldq),
		p:    variants.Alloc[kernel.Pair](ws, pairs*w.lds),
		v:    variants.Alloc[kernel.Pair](ws, pairs*w.lde),
		rows: variants.Alloc[kernel.BF16](ws, max(c.Keys, c.Queries)*max(c.D, c.E)),
	}
}

// packDots transposes the queries in pairs. They keep their values: logits are scaled in float32.
func (w *Walk) packDots(q variants.Floats, rows Rows) {
	src, ld := w.halves(q, w.config.D, rows)
	w.dots.Pack(rows.Count, w.config.D, w.dots.q, w.ldq, src, ld)
}

// halves returns bfloat16 rows of x, which has so many columns: in place where they are evenly spaced, else
// side by side in memory of the walk.
func (w *Walk) halves(x variants.Floats, cols int, rows Rows) (from []kernel.BF16, ld int) {
	if rows.Index == nil {
		return x.BF16[min(len(x.BF16), rows.Start*cols):], rows.Stride * cols
	}
	w.gatherHalves(w.dots.rows, x, cols, rows)
	return w.dots.rows, cols
}

func (w *Walk) gatherHalves(dst []kernel.BF16, x variants.Floats, cols int, rows Rows) {
	for i := range rows.Count {
		copy(dst[i*cols:(i+1)*cols], x.BF16[rows.At(i)*cols:])
	}
}

// dotScores is scores of bfloat16 keys.
func (w *Walk) dotScores(k variants.Floats, keys Keys, s []float32, lds, c0, cols int, top []float32) {
	d := w.config.D
	a, lda := w.halves(k, d, keys.Rows)
	scale := float32(w.config.Scale * log2e)
	for i := range keys.Count {
		w.factor[i] = scale
		if keys.Scale != nil {
			w.factor[i] *= keys.Scale[keys.At(i)]
		}
	}
	if top != nil {
		w.dots.GemmMax(keys.Count, cols, d/2, a, lda, w.dots.q[c0:], w.ldq, s, lds, w.factor, top)
		return
	}
	w.dots.Gemm(keys.Count, cols, d/2, a, lda, w.dots.q[c0:], w.ldq, s, lds, w.factor)
}

// dotProduct adds the weights of the waiting keys, in pairs p of them, times their values to rows of the
// output.
func (w *Walk) dotProduct(p []kernel.Pair, parts []part, o []float32, rows int) {
	e, keys := w.config.E, 0
	src, ld := []kernel.BF16(nil), e
	if len(parts) == 1 {
		keys = parts[0].rows.Count
		src, ld = w.halves(parts[0].v, e, parts[0].rows)
	} else {
		for i := range parts {
			w.gatherHalves(w.dots.rows[keys*e:], parts[i].v, e, parts[i].rows)
			keys += parts[i].rows.Count
		}
		src = w.dots.rows
	}
	w.dots.PairRows(keys, e, w.dots.v, w.lde, src, ld)
	w.dots.GemmT(rows, w.lde, (keys+1)/2, p, w.lds, w.dots.v, w.lde, o, w.lde, true)
	w.executed += 2 * int64(keys) * int64(rows) * int64(w.lde)
}
