// Package prefix computes attention whose weights are products of features, φ(q)·φ(k), chunk by chunk in
// linear time:
//
//	out_i = Σ_j (φ(q_i)·φ(k_j)) v_j / Σ_j φ(q_i)·φ(k_j) = φ(q_i)·S / φ(q_i)·z
//	S = Σ_j φ(k_j) v_jᵀ    z = Σ_j φ(k_j)
//
// over all keys, or over keys j ≤ i in causal attention (Katharopoulos et al. 2020, arXiv 2006.16236;
// Choromanski et al. 2021, arXiv 2009.14794, §2.5). A mechanism supplies feature maps and the references
// that its features are relative to; the engine keeps the state (S, z), the products and the order of
// evaluation.
//
// Features are kept transposed, [features, tokens]: what a map needs to know about a token (its largest
// feature, its norm) then runs down vector lanes, and the transposed left operand is what the product
// with the state wants.
//
// A causal chunk goes span by span: a span of tokens reads the state of what lies before it and adds its own
// keys by a masked product of its features. Nothing that a row is computed from depends on later tokens,
// down to the bit: the references of a chunk are fixed by what lies before it and its first token, and where
// a later token would not fit them the chunk ends before that token.
//
// The keys of a head are cut into segments, each with a state of its own that starts from zero, so that a
// few heads can occupy many threads: first the states of all segments, then their sums in order, then the
// outputs. Segments follow from the shape alone, and results do not depend on the number of threads.
package prefix

import (
	"fmt"

	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/work"
)

// Map makes the features of one worker's chunks. A feature r of a key is stored relative to a reference:
// its value is what is stored times 2^ref[r]. References keep features in the range of float32; queries
// are stored as they are.
type Map interface {
	// Keys writes the features of the keys of c, k [c.Count, d], to dst, [features, ld]: key j of the
	// chunk is column j. ref holds the references of the state that the chunk continues (kernel.Lowest
	// where no key came before); Keys raises them if the first key needs it, and takes keys as long as
	// they fit. It returns how many it took, at least one. Columns of masked keys and those past the
	// taken ones, up to whole lanes, are 0. next gets the references for what follows the chunk.
	Keys(dst []float32, ld int, k []float32, c Chunk, ref, next []float32) int
	// Queries writes the features of the queries of c, q [c.Count, d], to dst, times a factor of each
	// query's own. They will meet a state with references ref. past holds the references of all keys
	// before c's segment, nil where there is none; in causal attention the last call of Keys was for the
	// same tokens.
	Queries(dst []float32, ld int, q []float32, c Chunk, past, ref []float32)
}

// Chunk is a run of tokens of one head; Head counts batch × heads.
type Chunk struct{ Head, From, Count int }

// Valid is the key mask of the chunk's tokens and what follows them, nil without one.
func (c Chunk) Valid(p *variants.Problem) []bool {
	all := p.ValidKeys(c.Head / p.Shape.Heads)
	if all == nil {
		return nil
	}
	return all[c.From:]
}

// Config is what a mechanism asks of an engine.
type Config struct {
	Features int // of a token
	Chunk    int // most tokens that maps get at a time: ChunkSize, or what the mechanism's options ask for
	Divisor  Divisor
}

// Divisor says what a row is divided by, given the sum of its weights. A row whose divisor is 0, or too small
// to divide by, is 0.
type Divisor struct {
	Add   float32 // is added to the sum
	Least float32 // stands in for any divisor below it, as a constant; 0: for none
}

// of returns the divisor of a row.
func (d Divisor) of(sum float32) float32 {
	if d.Least > 0 {
		return max(sum+d.Add, d.Least)
	}
	return sum + d.Add
}

// constant reports whether Least stands in for a divisor.
func (d Divisor) constant(divisor float32) bool { return d.Least > 0 && divisor <= d.Least }

// Segments are cut so that there are about enoughJobs jobs, none shorter than shortest tokens: below
// that, adding up states costs more than another thread brings.
const (
	enoughJobs = 8
	shortest   = 1024
)

// Engine runs one problem. Its methods are for one caller at a time.
type Engine struct {
	shape    variants.Shape
	elements variants.ElementType // of q, k, v and out
	kernels  *kernel.Set
	pool     *work.Pool
	features int
	chunk    int // tokens
	divisor  Divisor
	segments int     // of each head's keys
	states   []state // see segmentState and before
	workers  []worker
	kept     *kept // nil without gradients

	out, q, k, v variants.Floats

	sumSegment, addUp, answerAll, answerSegment, wholeHead func(worker, job int)
}

// New allocates an engine for p's shape, with one map for each worker of p's pool.
func New(p *variants.Problem, ws *variants.Workspace, config Config, maps []Map) *Engine {
	e := &Engine{
		shape: p.Shape, elements: p.Type, kernels: p.Kernels, pool: p.Pool,
		features: config.Features, chunk: config.Chunk, divisor: config.Divisor,
	}
	slices := e.shape.Slices()
	e.segments = max(1, min((enoughJobs+slices-1)/slices, e.shape.S/shortest))
	e.states = make([]state, slices*e.statesPerHead())
	alloc := variants.Alloc[float32]
	if p.Backward && !e.shape.Causal {
		alloc = variants.Save[float32]
	}
	for i := range e.states {
		e.states[i] = newState(ws, alloc, e.features, stride(e.kernels.Pad(e.shape.E)))
	}
	e.workers = make([]worker, len(maps))
	for i, m := range maps {
		e.workers[i] = newWorker(e, ws, m, e.shape.Causal)
	}
	e.sumSegment, e.addUp, e.answerAll = e.sumSegmentJob, e.addUpJob, e.answerAllJob
	e.answerSegment, e.wholeHead = e.answerSegmentJob, e.wholeHeadJob
	return e
}

// statesPerHead is the number of states that outlive a job: of every segment, or before every segment but
// the first.
func (e *Engine) statesPerHead() int {
	if e.shape.Causal {
		return e.segments - 1
	}
	return e.segments
}

// shortestChunk is the number of tokens below which passes over the state would take most of the time.
const shortestChunk = 48

// ChunkSize is the number of tokens that suits a chunk. It follows from the register tile of the kernel set,
// so that few register tiles of a whole chunk are ragged, and is small enough for features and state to stay
// in the second-level cache. A causal chunk is shorter: it has features of keys and of queries.
func ChunkSize(p *variants.Problem) int {
	set := p.Kernels
	size := set.Side()
	if p.Shape.Causal {
		size = max(shortestChunk, set.Rows*set.Lanes)
	}
	return min(size, set.Pad(max(p.Shape.N, p.Shape.S)))
}

// ChunkOf is ChunkSize where a mechanism lets its user choose the size of causal chunks.
func ChunkOf(p *variants.Problem, causal int) int {
	if p.Shape.Causal {
		return min(causal, p.Shape.N)
	}
	return ChunkSize(p)
}

// CheckCausal refuses causal attention where queries and keys are not the same tokens.
func CheckCausal(p *variants.Problem) error {
	if p.Shape.Causal && p.Shape.Cross() {
		return fmt.Errorf("n = %d and s = %d differ: causal attention needs them equal; leave out causal",
			p.Shape.N, p.Shape.S)
	}
	return nil
}

// Forward computes out [batch, heads, n, e] from q, k, v.
func (e *Engine) Forward(out, q, k, v variants.Floats) {
	e.out, e.q, e.k, e.v = out, q, k, v
	for i := range e.workers {
		e.workers[i].executed = 0
	}
	if e.shape.Causal {
		e.causal()
	} else {
		e.bidirectional()
	}
	e.release()
}

// release lets go of the caller's tensors.
func (e *Engine) release() {
	e.out, e.q, e.k, e.v = variants.Floats{}, variants.Floats{}, variants.Floats{}, variants.Floats{}
	for i := range e.workers {
		*e.workers[i].ahead = kernel.Ahead{}
	}
}

// Executed is the number of floating-point operations in the engine's products of the last Forward.
func (e *Engine) Executed() int64 {
	var sum int64
	for i := range e.workers {
		sum += e.workers[i].executed
	}
	return sum
}

// bounds returns the tokens of a segment.
func (e *Engine) bounds(segment int) (from, to int) {
	return segment * e.shape.S / e.segments, (segment + 1) * e.shape.S / e.segments
}

// rows returns one head's matrix [n, cols] of x.
func rows(x variants.Floats, head, n, cols int) variants.Floats {
	return x.Slice(head*n*cols, (head+1)*n*cols)
}
