package harness

import (
	"fmt"
	"math"
	"time"

	"attnbench/harness/check"
	"attnbench/harness/machine"
	"attnbench/harness/peers"
	"attnbench/harness/sampling"
	"attnbench/variants"
)

// maxImplError is the largest accepted impl-err: several times what rounding does to any mechanism, a hundred
// times in float32, and far below what a wrong pair, weight or scale does.
func maxImplError(t variants.ElementType) float64 {
	if t == variants.BF16 {
		return 1e-2
	}
	return 1e-3
}

// Errors of a verified cell. NaN where a figure has no meaning for the cell.
type Errors struct {
	Relative float64 // against exact attention, or the mechanism's own target
	Zero     float64 // what a zero output would score
	Mean     float64 // what the mean of the visible values would score
	Impl     float64 // against the mechanism's definition
	Pairs    float64 // distinct pairs scored / pairs allowed
	Sampled  bool    // Relative takes sampled rows
	Target   string  // what Relative is against, where it is not softmax attention
}

// stands reports whether the trial still is to be timed.
func (t *trial) stands() bool { return t.failure == "" && t.refusal.Code == "" }

// trial is a cell on its way through verification and measurement.
type trial struct {
	sampling.Cell
	cell      *Cell
	attention variants.Attention
	gradients *gradients // nil in passes without
	decoding  *decoding  // nil in passes without
	memory    variants.Memory
	planTime  time.Duration // of one plan
	planned   time.Duration // of all plans
	checked   time.Duration // calls and comparisons that are not samples
	compared  time.Duration // of that, gradients with their definition
	peakBytes machine.Figure
	errors    Errors
	hash      uint64    // of the verified result
	executed  int64     // floating-point operations of one call
	kept      []float32 // the output's errorRows, [slices][rows·e]
	fences              // of results that are the trial's own
	failure   string    // why the cell failed; empty: it did not
	code      string    // of the failure; empty: it follows from the cell
	refusal   Refusal   // why it turned out not to run; zero: it runs

	process  *peers.Process // of an external implementation; nil: attention is what runs
	versions string         // of what it consists of
	patience func(most time.Duration) time.Duration

	child      *child               // the cell's own process; nil: it runs in this one
	childLimit func() time.Duration // for its next answer

	iterations int            // calls in one sample
	call       time.Duration  // of one call, as last seen
	switches   int64          // forced context switches during samples
	pressure   machine.Figure // see lookout
}

// forward runs the trial's cell once on a poisoned output.
func (t *trial) forward(in *operands) {
	in.poison()
	t.attention.Forward(in.result, in.q, in.k, in.v)
	in.read()
}

// accept takes the first output for the trial's: its hash, and the rows that will be compared.
func (t *trial) accept(in *operands) {
	b := t.cell.Block
	s := b.Shape
	t.hash = hashBits(in.out)
	if t.attention != nil {
		t.executed = t.attention.Executed()
	}
	for i, x := range in.out {
		if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
			t.failure = fmt.Sprintf("output %d of %d is %v or was never written", i, len(in.out), x)
			return
		}
	}
	for slice := range s.Slices() {
		if t.decoding != nil {
			break // firstTokens kept them
		}
		for _, r := range b.errorRows() {
			at := (slice*s.N + r) * s.E
			t.kept = append(t.kept, in.out[at:at+s.E]...)
		}
	}
}

// testCausality changes one token in the later half of every head: the outputs before it must keep their
// bits. Where the mechanism declares that later queries and keys are felt, only the token's values change:
// they never may be.
func (t *trial) testCausality(in *operands) {
	s := t.cell.Block.Shape
	if !s.Causal || s.Cross() || s.N < 2 || t.decoding != nil || t.failure != "" {
		return
	}
	token := t.token()
	before := hashRows(in.out, s, token)
	t.forwardChanged(in, token)
	if hashRows(in.out, s, token) != before {
		t.failure = fmt.Sprintf("not causal: changing token %d changes outputs before it", token)
	}
}

// forwardChanged runs forward on inputs with another token, which are restored whatever happens.
func (t *trial) forwardChanged(in *operands, token int) {
	restore := changeToken(in.Tensors, t.cell.Block.Shape, token, leak(t.cell) != "")
	defer func() {
		restore()
		in.load()
	}()
	in.load()
	t.forward(in)
}

// token is a seeded one in the later half.
func (t *trial) token() int {
	n := t.cell.Block.Shape.N
	return n/2 + variants.Stream(t.cell.Block.seed, "leak test", n).IntN(n-n/2)
}

// leak says in words how later tokens change earlier rows, where the mechanism declares that they do.
func leak(c *Cell) string {
	if c.Mechanism.Leaks == nil || c.Problem == nil || !c.Block.Shape.Causal {
		return ""
	}
	return c.Mechanism.Leaks(c.Problem)
}

// changeToken alters row token of q, k and v in every head, or of v alone, and returns what undoes it.
func changeToken(t check.Tensors, s variants.Shape, token int, values bool) (restore func()) {
	var undo []func()
	alter := func(x []float32, cols int) {
		for slice := range s.Slices() {
			row := x[(slice*s.N+token)*cols : (slice*s.N+token+1)*cols]
			saved := append([]float32(nil), row...)
			undo = append(undo, func() { copy(row, saved) })
			for i := range row {
				row[i] = 3 - row[i]
			}
		}
	}
	if !values {
		alter(t.Q, s.D)
		alter(t.K, s.D)
	}
	alter(t.V, s.E)
	return func() {
		for _, f := range undo {
			f()
		}
	}
}

// score fills in the trial's errors from the oracle's results and fails it where its output is not its
// definition's.
func (t *trial) score(o *oracle, q []float32) {
	c := t.cell
	b, p := c.Block, c.Problem
	rows := b.errorRows()
	nan := math.NaN()
	t.errors = Errors{
		Relative: nan, Zero: nan, Mean: nan, Pairs: nan, Impl: nan,
		Sampled: len(rows) < b.Shape.N,
		Target:  c.Mechanism.TargetName,
	}
	if b.scored() && c.Mechanism.Unrelated == "" {
		want := o.results[targetName(c)]
		t.errors.Relative = t.distance(want, t.kept, rows, rows)
		t.errors.Zero = t.distance(want, make([]float32, len(t.kept)), rows, rows)
		t.errors.Mean = t.distance(want, narrow(o.results[meanResult]), rows, rows)
	}
	if pairs := c.Mechanism.Pairs; pairs != nil && b.decode() {
		t.errors.Pairs = pairShare(c)
	} else if pairs != nil {
		t.errors.Pairs = float64(pairs(p, q)) / float64(b.Shape.AllowedPairs()*int64(b.Shape.Slices()))
	}
	if c.Mechanism.Definition == nil { // a peer with a function of its own
		return
	}
	t.errors.Impl = t.distance(o.results[c.Label()], t.kept, rows, b.gateRows())
	if limit := maxImplError(b.Type); !(t.errors.Impl <= limit) {
		t.failure = fmt.Sprintf("impl-err %.2g: the output is not that of its definition (accepted: %.0g)",
			t.errors.Impl, limit)
	}
	t.errors.Impl = t.implError()
}

// distance compares got, which holds the rows have of every head, with want, which holds the rows wanted.
// Rows that the mechanism zeroes because of a key mask are left out.
func (t *trial) distance(want [][]float64, got []float32, have, wanted []int) float64 {
	s := t.cell.Block.Shape
	position := make(map[int]int, len(have))
	for i, r := range have {
		position[r] = i
	}
	var d check.Distance
	for slice := range want {
		head := got[slice*len(have)*s.E : (slice+1)*len(have)*s.E]
		valid := t.cell.Problem.ValidKeys(slice / s.Heads)
		for i, r := range wanted {
			if t.cell.Mechanism.DeadRows && valid != nil && !valid[r] {
				continue
			}
			d.Add(head, want[slice][i*s.E:(i+1)*s.E], []int{position[r]}, s.E)
		}
	}
	return d.Relative()
}

// narrow joins the heads of a float64 result.
func narrow(heads [][]float64) []float32 {
	var joined []float32
	for _, head := range heads {
		for _, x := range head {
			joined = append(joined, float32(x))
		}
	}
	return joined
}

// hashBits is FNV-1a on pairs of float32 bit patterns: fast enough to check every sample's output.
func hashBits(x []float32) uint64 {
	hash := uint64(14695981039346656037)
	const prime = 1099511628211
	for ; len(x) >= 2; x = x[2:] {
		hash = (hash ^ (uint64(math.Float32bits(x[0])) | uint64(math.Float32bits(x[1]))<<32)) * prime
	}
	if len(x) == 1 {
		hash = (hash ^ uint64(math.Float32bits(x[0]))) * prime
	}
	return hash ^ hash>>32
}

// hashRows hashes the first rows of every head.
func hashRows(out []float32, s variants.Shape, rows int) uint64 {
	var hash uint64
	for slice := range s.Slices() {
		head := out[slice*s.N*s.E:]
		hash = hash*31 + hashBits(head[:rows*s.E])
	}
	return hash
}
