package prefix

import "attnbench/variants"

// ahead is memory that the next chunk of a head will read: the rest of its keys, queries and values. It is
// asked for piece by piece while this chunk is computed. A chunk reads little memory, but all of it at once,
// and would wait for it.
type ahead [3][]float32

// spanPieces is the number of parts in which the memory of a span is asked for.
const spanPieces = 4

// lookAhead says which memory lies behind a chunk. Operands that are not float32 are short, and left alone.
func (w *worker) lookAhead(c Chunk, q, k, v variants.Floats) {
	w.ahead = ahead{}
	if q.F32 == nil {
		return
	}
	d, e, from := w.shape.D, w.shape.E, c.From+c.Count
	to := min(from+c.Count, w.shape.S)
	w.ahead = ahead{k.F32[from*d : to*d], q.F32[from*d : to*d], v.F32[from*e : to*e]}
}

// fetch asks for the next piece.
func (w *worker) fetch() {
	for i, x := range w.ahead {
		if len(x) > 0 {
			n := min(len(x), span*(2*w.shape.D+w.shape.E)/spanPieces)
			w.kernels.Fetch(x[:n])
			w.ahead[i] = x[n:]
			return
		}
	}
}
