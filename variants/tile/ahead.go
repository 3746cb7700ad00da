package tile

import (
	"attnbench/variants"
	"attnbench/variants/kernel"
)

// Workers take tiles of neighbouring queries in turn: the next one of a worker is as many tiles on as there
// are workers. What it will read is asked for while the tile at hand is at work. A schedule that goes the
// other way, as dense causal attention does, asks for a little in vain.

// lookAhead asks for the queries and the output of the next tile, and for as many keys and values behind
// those of a visit: they are new to it where a window moves along with the queries.
func (w *Walk) lookAhead(k, v variants.Floats, keys Keys) {
	if w.nextQ == nil || keys.Index != nil || keys.Stride != 1 {
		return
	}
	d, e, queries := w.config.D, w.config.E, w.rows.Count
	last := Range(keys.Start+keys.Count-queries, keys.Start+keys.Count)
	seen := keys.Count
	if keys.Band {
		seen = min(seen, keys.Hi-keys.Lo+1)
	}
	// Half of the operations that the visit takes: what is asked for last must be there in time too.
	flops := int64(queries) * int64(seen) * int64(d+e)
	w.ahead.Plan(flops, w.nextQ, w.behind(k, d, last), w.behind(v, e, last), w.nextO)
	w.nextQ = nil
}

// behind are the rows of x that the next tile of this worker has in place of rows. Operands that are not
// float32 are short, and left alone.
func (w *Walk) behind(x variants.Floats, cols int, rows Rows) []float32 {
	if x.F32 == nil || rows.Index != nil || rows.Stride != 1 {
		return nil
	}
	from := min((rows.Start+w.config.Pool.Threads()*rows.Count)*cols, len(x.F32))
	return x.F32[from:min(from+rows.Count*cols, len(x.F32))]
}

// forget lets go of the caller's tensors.
func (w *Walk) forget() { w.nextQ, w.nextO, w.o, *w.ahead = nil, nil, nil, kernel.Ahead{} }
