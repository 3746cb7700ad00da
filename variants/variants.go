// Package variants is the contract between attention mechanisms and everything that runs, checks or reports
// on them.
//
// A mechanism is one value, Mechanism: what it is (options, side inputs, capabilities, claims, paper), what
// it costs, its definition in float64, and how to plan it. Validation, command-line flags, refusals,
// predictions and reports all follow from that value; nothing else in the suite knows a mechanism by name.
//
// A mechanism is planned for one shape and then run: Mechanism.Resolve checks a request and returns a
// Problem, Problem.Plan draws absent parameters and allocates everything, and Attention.Forward allocates
// nothing. So set-up is timed apart and workspace bytes are exact. Randomness is an input: features,
// rotations, block lists and projections are tensors that can be given; a seeded generator (see Stream) makes
// them otherwise.
//
// Tensors are row-major float32. q is [batch, heads, n, d], k is [batch, heads, s, d], v is [batch, heads, s,
// e] and out is [batch, heads, n, e]; "head" in this package's functions counts batch × heads slices unless
// it says otherwise.
package variants

import "fmt"

// MaxLength, MaxHeads and MaxDim are the limits of a shape: past them a request is refused, so that a typing
// error does not become a day of swapping.
const (
	MaxLength = 1 << 24 // rows of q, k and v
	MaxHeads  = 4096    // batch × heads
	MaxDim    = 4096    // columns of q, k and v
)

// Shape is the shape of one attention call.
type Shape struct {
	Batch, Heads int
	N, S         int // query length, key length
	D, E         int // head dimension of q and k, of v and out
	Causal       bool
}

// Slices is the number of independent heads, batch × heads.
func (s Shape) Slices() int { return s.Batch * s.Heads }

// Cross reports whether queries and keys come from sequences of different length.
func (s Shape) Cross() bool { return s.N != s.S }

// AllowedPairs is the number of query–key pairs of one head that exact attention scores: n·s, or those at or
// below the causal diagonal, which is aligned bottom-right (query i sees keys j ≤ i + s - n).
func (s Shape) AllowedPairs() int64 {
	n, m := int64(s.N), int64(s.S)
	switch {
	case !s.Causal:
		return n * m
	case n <= m:
		return n*(m-n) + n*(n+1)/2
	default:
		return m * (m + 1) / 2
	}
}

// Validate refuses sizes below 1 or past the limits.
func (s Shape) Validate() error {
	for _, c := range []struct {
		name     string
		got, max int
	}{
		{"batch", s.Batch, MaxHeads}, {"heads", s.Heads, MaxHeads}, {"n", s.N, MaxLength}, {"s", s.S, MaxLength},
		{"d", s.D, MaxDim}, {"e", s.E, MaxDim},
	} {
		if c.got < 1 || c.got > c.max {
			return fmt.Errorf("%s is %d: it must be between 1 and %d", c.name, c.got, c.max)
		}
	}
	if s.Slices() > MaxHeads {
		return fmt.Errorf("batch × heads is %d: it must be at most %d", s.Slices(), MaxHeads)
	}
	return nil
}

// Attention is a mechanism planned for one problem.
type Attention interface {
	// Forward computes out from q, k and v (see the package comment for shapes). It allocates nothing and gives
	// the same bits whatever the number of threads. A mechanism with shared queries and keys ignores k. Forward
	// must not be called concurrently on one plan. The operands are in the problem's number format.
	Forward(out, q, k, v Floats)

	// Executed is the number of floating-point operations in matrix products of the last Forward: the useful
	// ones of Mechanism.Cost and what the implementation does beyond them (masked parts of tiles, padding).
	Executed() int64
}

// Differentiable is an Attention that also computes gradients: the plan of a problem with Backward set, of a
// mechanism that declares a Gradient.
type Differentiable interface {
	Attention

	// Backward computes the gradients of the loss Σ out∘dout from what the last Forward saved: dout and out are
	// [batch, heads, n, e], out and q, k, v those of that call. It overwrites all that g names, allocates
	// nothing and gives the same bits whatever the number of threads. Calling it again gives them again.
	Backward(g Gradients, dout, out, q, k, v []float32)

	// BackwardExecuted is Executed of the last Backward.
	BackwardExecuted() int64
}

// Gradients are where Backward writes: shapes are those of q, k and v and of the learned side inputs that the
// problem uses. A mechanism with shared queries and keys puts the gradient of both in Q and ignores K.
type Gradients struct {
	Q, K, V []float32
	Inputs  map[string][]float32
}

// Preparer is an Attention with tables to fill (index lists, masks, packed parameters). Problem.Plan calls
// Prepare once, after drawing parameters: a mechanism's New only allocates, so that memory can be predicted
// without allocating it.
type Preparer interface {
	Prepare()
}

// Tracer is an Attention that can show decisions it took in the last Forward beside its output, such as the
// bucket of every token. Eval writes them to its output file and golden files may expect them.
type Tracer interface {
	Attention

	// Traces returns copies, by name, without a batch axis: heads count batch × heads.
	Traces() map[string]Tensor
}

// Cost is the useful work of one call over all heads, by the formulae of spec §8.
type Cost struct {
	FLOPs float64 // floating-point operations in matrix products, 2 per multiply-add
	Exps  float64 // exponentials, sines and cosines
}

// Memory is the exact number of bytes of a plan beyond q, k, v and out.
type Memory struct {
	Work  int64 // workspace of the call
	Saved int64 // kept from forward for backward
	State int64 // kept between tokens by a decoder
	Param int64 // parameters: side inputs, given or drawn

	// Copied is the part of State that a Snapshot holds a second time: no part of the plan, but who takes one
	// must have as much.
	Copied int64
}

// Total is the sum of all parts of the plan, in bytes.
func (m Memory) Total() int64 { return m.Work + m.Saved + m.State + m.Param }

// Workspace hands out a plan's memory and counts it. A dry workspace only counts: it returns nil.
type Workspace struct {
	bytes, saved, state, copied int64
	dry                         bool
	recurrent                   []recurrent
}

// Bytes is what Alloc has handed out so far.
func (w *Workspace) Bytes() int64 { return w.bytes }

// Alloc returns n zeroed elements of the workspace, nil where the workspace only counts. T is plain data: a
// number, or a struct of numbers.
func Alloc[T any](w *Workspace, n int) []T {
	w.bytes += int64(n) * sizeOf[T]()
	return allocate[T](w, n)
}

// Save is Alloc for what Forward keeps for Backward.
func Save[T any](w *Workspace, n int) []T {
	w.saved += int64(n) * sizeOf[T]()
	return allocate[T](w, n)
}

func allocate[T any](w *Workspace, n int) []T {
	if w.dry {
		return nil
	}
	return make([]T, n)
}
