package recurrent

import (
	"math"

	"attnbench/variants"
)

// Decoder takes one token at a time: what it keeps is the state of every head, whatever the position.
type Decoder struct {
	*Engine // makes the state of a context
	tokens  []float32

	position, count int
	fillJob, token  func(worker, slice int)
}

// NewDecoder is New for decoding.
func NewDecoder(p *variants.Problem, ws *variants.Workspace, c Config) *Decoder {
	e := newEngine(p, ws, c)
	for i := range e.workers {
		if e.direct() { // a worker has none
			e.workers[i].output = variants.Alloc[float32](ws, e.cols)
		}
	}
	d := &Decoder{Engine: e}
	d.tokens = variants.Recurrent[float32](ws, p.Shape.Slices()*p.Shape.D*e.cols)
	d.fillJob, d.token = d.fill, d.decode
	return d
}

// state is that of a head, [d, cols].
func (d *Decoder) state(slice int) []float32 {
	size := d.shape.D * d.cols
	return d.tokens[slice*size:][:size]
}

// Prefill is variants.Decoder's.
func (d *Decoder) Prefill(k, v variants.Floats, count int) {
	d.k, d.v, d.count = k, v, count
	d.pool.Run(d.shape.Slices(), d.fillJob)
	d.release()
}

func (d *Decoder) fill(worker, slice int) {
	w := &d.workers[worker]
	w.openHead(slice, columns{0, d.cols})
	clear(w.state)
	for from := 0; from < d.count; {
		r := w.begin(from, min(from+d.chunk, d.count), d.count)
		w.advance(r)
		from += r.count
	}
	w.saveColumns(d.state(slice), w.state)
}

// Decode is variants.Decoder's.
func (d *Decoder) Decode(position int, out, q, k, v variants.Floats) {
	d.out, d.q, d.k, d.v, d.position = out, q, k, v, position
	for i := range d.workers {
		d.workers[i].executed = 0
	}
	d.pool.Run(d.shape.Slices(), d.token)
	d.release()
}

func (d *Decoder) decode(worker, slice int) {
	w, state, e := &d.workers[worker], d.state(slice), d.shape.E
	w.openHead(slice, columns{0, d.cols})
	q, k := w.oneRow(w.qbuf, d.q, d.shape.D), w.oneRow(w.kbuf, d.k, d.shape.D)
	before, behind := float32(d.scale), float32(1) // as in Prefill's state
	if d.Decay != None {
		before, behind = behind, before
	}
	for c, x := range w.oneRow(w.wide, d.v, e) {
		w.values[c] = before * x
	}
	w.decay(state, d.position)
	if d.Step != "" {
		w.learn(state, k, d.position)
	}
	w.product(d.shape.D, 1, k, w.values, state, true)
	w.product(1, d.shape.D, q, state, w.output, false)
	for c := range w.output[:e] {
		w.output[c] *= behind
	}
	if to := d.out; to.F32 != nil {
		copy(to.F32[slice*e:], w.output[:e])
	} else {
		w.kernels.Narrow(1, e, to.BF16[slice*e:], e, w.output, e)
	}
}

// oneRow is the head's row of x [batch, heads, cols] in float32.
func (w *worker) oneRow(buffer []float32, x variants.Floats, cols int) []float32 {
	if x.F32 != nil {
		return x.F32[w.slice*cols:][:cols]
	}
	w.kernels.Widen(1, cols, buffer, cols, x.BF16[w.slice*cols:], cols)
	return buffer[:cols]
}

// decay multiplies the state by the decay of a token.
func (w *worker) decay(state []float32, token int) {
	w.made = likeRun{} // the carry is this token's now
	switch w.Decay {
	case None:
		return
	case PerChannel:
		for c, log := range w.channels(w.head)[token*w.shape.D:][:w.shape.D] {
			w.carry[c] = math.Log2E * log
		}
		w.kernels.Exp2(w.carry, w.carry)
	default:
		factor := float32(exp2(w.log2(token)))
		for c := range w.carry {
			w.carry[c] = factor
		}
	}
	w.kernels.ScaleRows(w.shape.D, w.cols, state, w.cols, state, w.cols, w.carry)
}

// learn makes u of the delta rule: values holds v, scaled.
func (w *worker) learn(state, k []float32, token int) {
	w.product(1, w.shape.D, k, state, w.missed, false)
	beta := w.steps(w.head)[token]
	for c, x := range w.missed[:w.shape.E] {
		w.values[c] = beta * (w.values[c] - x)
	}
}

// product computes c [m, cols] = a·b, or adds it, for a [m, k] and b [k, cols].
func (w *worker) product(m, k int, a, b, c []float32, add bool) {
	w.kernels.Gemm(m, w.cols, k, a, k, b, w.cols, c, w.cols, add)
	w.executed += flops(m, w.cols, k)
}
