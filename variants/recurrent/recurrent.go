// Package recurrent computes mixers whose tokens change a matrix of fixed size, chunk by chunk in linear
// time. Each head has a state S [d, e] that starts at 0; token t lets it decay, adds to it and reads it:
//
//	S' = a_t ∘ S_{t-1}                      decay, by row of the state; 1 where there is none
//	u_t = v_t, or β_t (v_t - S'ᵀ k_t)       the second is the delta rule
//	S_t = S' + k_t u_tᵀ
//	out_t = scale · S_tᵀ q_t
//
// (Sun et al. 2023, arXiv 2307.08621; Yang et al. 2023, arXiv 2312.06635; Dao and Gu 2024, arXiv 2405.21060;
// Yang et al. 2024, arXiv 2406.06484 and 2412.06464; spec §7.7.)
//
// Within a run of tokens let L_i be the sum of log a from the second token of the run to its i-th. With
// scaled rows ṽ_i = 2^-L_i v_i, and õ_i, ũ_i alike, decay leaves the recurrence, and a run is a few products
// of matrices:
//
//	Ũ = Ṽ, or the solution of (I + diag(β) tril₋₁(K Kᵀ)) Ũ = diag(β) (Ṽ - K S)
//	Õ = Q S + tril(Q Kᵀ) Ũ
//	S ← 2^L (S + Kᵀ Ũ), and times the decay of the token behind the run
//
// So between runs a state has that token's decay in it. Decays by row scale the columns of K and Q instead
// of rows, and Q has the scale; where there is no decay, Ṽ and the state have it. Rows of the output need
// no pass of their own then. A run is a chunk, or ends before the token that takes some L below -reach: 2^-L
// then fits float32 however strong decays are, and no row depends on a later token, down to the bit.
//
// Columns of the state do not meet: where heads are too few for all threads, several work on one head, each
// on some columns of values and output. That changes no bit.
package recurrent

import (
	"math"

	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/work"
)

// Config says which mixer it is.
type Config struct {
	Scaled bool // queries are divided by √d
	Decay  Decay
	// Gate is the side input that holds the decay, Step the one that holds β [heads, n] of the delta rule; empty
	// where there is none.
	Gate, Step string
}

// Decay is what a decay depends on.
type Decay uint8

// The kinds of decay: none; γ [heads]; log a [heads, n]; log a [heads, n, d], by row of the state. The
// logarithms are natural and not positive.
const (
	None Decay = iota
	PerHead
	PerToken
	PerChannel
)

// Engine runs one problem. Its methods are for one caller at a time.
type Engine struct {
	gates
	kernels  *kernel.Set
	pool     *work.Pool
	elements variants.ElementType // of q, k, v and out
	chunk    int                  // tokens
	chunks   int                  // of a head
	blocks   int                  // of columns of a head, side by side
	cols     int                  // e, padded
	scale    float64              // of queries
	workers  []worker
	states   []float32 // [slices, chunks, d, cols]: before every chunk; nil without gradients

	out, q, k, v variants.Floats
	forwardJob   func(worker, job int)
}

// New plans a mixer for p: an Engine, or Gradients.
func New(p *variants.Problem, ws *variants.Workspace, c Config) variants.Attention {
	e := newEngine(p, ws, c)
	if p.Backward {
		return newGradients(e, ws)
	}
	return e
}

// newEngine allocates an engine for p.
func newEngine(p *variants.Problem, ws *variants.Workspace, c Config) *Engine {
	s, set := p.Shape, p.Kernels
	e := &Engine{gates: gates{Config: c, p: p, shape: s}, kernels: set, pool: p.Pool, elements: p.Type}
	e.scale = 1
	if c.Scaled {
		e.scale = 1 / math.Sqrt(float64(s.D))
	}
	e.chunk = min(p.Int("chunk"), s.N)
	e.chunks, e.cols = (s.N+e.chunk-1)/e.chunk, set.Pad(s.E)
	e.blocks = min((e.pool.Threads()+s.Slices()-1)/s.Slices(), e.cols/set.Lanes)
	if p.Backward {
		e.states = variants.Save[float32](ws, s.Slices()*e.chunks*s.D*e.cols)
	}
	e.workers = make([]worker, e.pool.Threads())
	for i := range e.workers {
		e.workers[i] = newWorker(e, ws)
	}
	e.forwardJob = e.forwardBlock
	return e
}

// Prepare fills constant tables.
func (e *Engine) Prepare() {
	for i := range e.workers {
		e.workers[i].prepareDecays()
	}
}

// Forward computes out [batch, heads, n, e] from q, k, v.
func (e *Engine) Forward(out, q, k, v variants.Floats) {
	e.out, e.q, e.k, e.v = out, q, k, v
	for i := range e.workers {
		e.workers[i].executed = 0
	}
	e.pool.Run(e.shape.Slices()*e.blocks, e.forwardJob)
	e.release()
}

// direct reports whether products can write to out.
func (e *Engine) direct() bool { return e.elements == variants.F32 && e.cols == e.shape.E }

// release lets go of the caller's tensors.
func (e *Engine) release() {
	e.out, e.q, e.k, e.v = variants.Floats{}, variants.Floats{}, variants.Floats{}, variants.Floats{}
	for i := range e.workers {
		*e.workers[i].ahead = kernel.Ahead{}
	}
}

// Executed is the number of floating-point operations in the products of the last Forward.
func (e *Engine) Executed() int64 {
	var sum int64
	for i := range e.workers {
		sum += e.workers[i].executed
	}
	return sum
}

// forwardBlock computes some columns of one head.
func (e *Engine) forwardBlock(worker, job int) {
	w, slice := &e.workers[worker], job/e.blocks
	w.openHead(slice, e.columns(job%e.blocks))
	clear(w.state)
	for c := range e.chunks {
		if e.states != nil {
			w.saveColumns(e.stateOf(e.states, slice, c), w.state)
		}
		from, to := e.bounds(c)
		for from < to {
			r := w.begin(from, to, e.shape.N)
			w.lookAhead(r)
			w.answer(r)
			w.advance(r)
			from += r.count
		}
	}
}

// columns are those of a block: whole vectors.
func (e *Engine) columns(block int) columns {
	vectors := e.cols / e.kernels.Lanes
	first, end := block*vectors/e.blocks, (block+1)*vectors/e.blocks
	return columns{first * e.kernels.Lanes, (end - first) * e.kernels.Lanes}
}

// bounds are the tokens of a chunk.
func (e *Engine) bounds(chunk int) (from, to int) {
	return chunk * e.chunk, min((chunk+1)*e.chunk, e.shape.N)
}

// stateOf is the matrix [d, cols] of a chunk in an array with one of each chunk.
func (e *Engine) stateOf(all []float32, slice, chunk int) []float32 {
	size := e.shape.D * e.cols
	return all[(slice*e.chunks+chunk)*size:][:size]
}
