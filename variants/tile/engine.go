// Package tile computes softmax attention tile by tile: the one place in the suite that loops over scores.
//
// A mechanism supplies a schedule: for each query tile, which keys it visits, in order, and of what kind they
// are (whole, a band around the diagonal, single pairs masked or weighted). The engine keeps the running
// maximum and sum of every query (spec §1, "tiled exact"; Milakov and Gimelshein 2018; Rabe and Staats 2021;
// Dao et al. 2022), so nothing of size n×s is ever stored unless Config.Scores asks for it.
//
// Scores are transposed, S = K·Qᵀ: keys are then the row-major operand that is broadcast and are never
// packed, strided rows (dilation) cost nothing, statistics run down vector lanes, and the weights are just
// the operand that the product with V needs.
//
// Gradients run the same visits: see Gradient.
package tile

import (
	"math"

	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/work"
)

// Config fixes the sizes of an engine.
type Config struct {
	Kernels *kernel.Set
	Pool    *work.Pool
	Type    variants.ElementType // BF16 if q, k and v are: kernels may then multiply them as they are
	D, E    int                  // columns of q and k, of v and out
	Scale   float64              // of the logits, 1/√d as a rule
	Queries int                  // most rows of a query tile
	Keys    int                  // most keys of a key tile; longer visits are split
	Edge    int                  // most keys of a tile that a band cuts; 0: as many as suit a wide band
	// Scores, where positive, keeps the scores of that many query tiles, each against Context keys, until the
	// next Run: the n×s matrix of textbook attention. Jobs are then numbered below Scores, and the visits of a
	// job meet keys 0, 1, 2, … in order, without Pairs.
	Scores, Context int
	// Save keeps them for a backward pass.
	Save bool
}

// Engine runs schedules. Its methods are for one caller at a time.
type Engine struct {
	config Config
	walks  []Walk
	scores []float32
	visit  func(w *Walk, job int)
	run    func(worker, job int)
}

// New allocates an engine from the workspace: scratch for each worker, and the score matrix if the config
// asks for one.
func New(ws *variants.Workspace, c Config) *Engine {
	e := &Engine{config: c, walks: make([]Walk, c.Pool.Threads())}
	cols := c.Kernels.Pad(c.Queries)
	for i := range e.walks {
		e.walks[i].worker = i
		e.walks[i].allocate(ws, &e.config, cols)
	}
	if c.Scores > 0 {
		allocate := variants.Alloc[float32]
		if c.Save {
			allocate = variants.Save[float32]
		}
		e.scores = allocate(ws, c.Scores*e.context()*cols)
	}
	e.run = e.step
	return e
}

// context is the number of score rows of a kept query tile: even, as products of pairs want.
func (e *Engine) context() int { return (e.config.Context + 1) / 2 * 2 }

func (e *Engine) step(worker, job int) {
	w := &e.walks[worker]
	if e.config.Scores > 0 {
		w.kept = e.kept(job, w.ldq)
	}
	e.visit(w, job)
}

// kept are the scores of a query tile, in rows of ldq elements.
func (e *Engine) kept(tile, ldq int) []float32 {
	size := e.context() * ldq
	return e.scores[tile*size : (tile+1)*size]
}

// Run calls visit for every job in [0, jobs), spread over the pool. A visit computes whole query tiles by
// Begin (or Resume), Visit and End (or Suspend). Pass a function that was made once: Run itself allocates
// nothing.
func (e *Engine) Run(jobs int, visit func(w *Walk, job int)) {
	for i := range e.walks {
		e.walks[i].executed = 0
	}
	e.Continue(jobs, visit)
}

// Continue is Run as a further pass of the same call: Executed goes on counting.
func (e *Engine) Continue(jobs int, visit func(w *Walk, job int)) {
	e.visit = visit
	e.config.Pool.Run(jobs, e.run)
	for i := range e.walks {
		e.walks[i].forget()
	}
}

// Tiles is the number of query tiles that cover n rows.
func (e *Engine) Tiles(n int) int { return (n + e.config.Queries - 1) / e.config.Queries }

// Rows returns the rows of query tile i of n rows.
func (e *Engine) Rows(i, n int) Rows {
	start := i * e.config.Queries
	return Rows{Start: start, Count: min(e.config.Queries, n-start), Stride: 1}
}

// Executed is the number of floating-point operations of the tile products since Run began.
func (e *Engine) Executed() int64 {
	var sum int64
	for i := range e.walks {
		sum += e.walks[i].executed
	}
	return sum
}

// Rows names rows of a head's matrix: Count rows from Start in steps of Stride, or those that Index lists.
type Rows struct {
	Start, Count, Stride int
	Index                []int32
}

// List names the rows that index lists, in that order.
func List(index []int32) Rows { return Rows{Count: len(index), Index: index} }

// Range names the rows start, start+1, … end-1.
func Range(start, end int) Rows { return Rows{Start: start, Count: end - start, Stride: 1} }

// At is the i-th row.
func (r Rows) At(i int) int {
	if r.Index != nil {
		return int(r.Index[i])
	}
	return r.Start + i*r.Stride
}

// extremes are the lowest and the highest row.
func (r Rows) extremes() (lowest, highest int) {
	if r.Index == nil {
		return r.Start, r.At(max(r.Count, 1) - 1)
	}
	lowest, highest = math.MaxInt, math.MinInt
	for _, row := range r.Index {
		lowest, highest = min(lowest, int(row)), max(highest, int(row))
	}
	return lowest, highest
}

// slice is rows [from, to) of r.
func (r Rows) slice(from, to int) Rows {
	if r.Index != nil {
		return List(r.Index[from:to])
	}
	return Rows{Start: r.Start + from*r.Stride, Count: to - from, Stride: r.Stride}
}

// Keys is one visit: the keys that a query tile meets next.
type Keys struct {
	Rows
	// Band limits visibility to pairs with Lo ≤ key row - query row ≤ Hi, by row numbers in the head's matrices
	// (so a stride or an index list makes no difference). Tiles wholly outside are skipped, tiles wholly inside
	// pay nothing.
	Band   bool
	Lo, Hi int
	// Bias is added to every logit of a key; it is indexed by the key's row. -Inf masks the key. Nil: none.
	Bias []float32
	// Add is added to every logit of the visit: log c makes each key count c times.
	Add float32
	// Spans limits each key of the visit to a range of columns of the query tile: keys and queries in an order
	// where what sees a key is contiguous cost a comparison a key, not a pair. Tiles outside are skipped. Nil:
	// every query sees every key.
	Spans []Span
	// Pairs change single logits; ascending by Key.
	Pairs []Pair
	// Scale multiplies each key vector; it is indexed by the key's row and needs Rows.Index. Nil: none.
	Scale []float32
}

// Span is the range of a query tile's rows, numbered from 0, that see a key: From ≤ row < To.
type Span struct{ From, To int32 }

// Pair changes the logit of one pair: the numbers count within the visit's keys and the query tile's rows.
// Spans must not hide it.
type Pair struct {
	Key, Query int32
	Add        float32 // -Inf masks the pair
	Replace    bool    // Add takes the logit's place
}

// Unlimited is a Band limit that no pair reaches.
const Unlimited = math.MaxInt32

const log2e = math.Log2E

var negInf = float32(math.Inf(-1))
