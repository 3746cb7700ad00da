package variants

import "math/rand/v2"

// Mechanism declares an attention mechanism. It is a value: catalog lists all of them, a user adds one by
// writing one.
type Mechanism struct {
	Name    string // as on the command line: lower case
	Title   string // as in a table's caption
	Summary string // what it computes, one line
	Paper   string // authors, year, arXiv number

	Role   Role
	Family string // "exact", "low rank", "kernel", "hashing", "pattern", "recurrent", "reference"
	Time   Growth // as the paper claims, for growing n and fixed options
	Memory Growth // beyond q, k, v and out

	Options []Option
	Inputs  []Input

	// NoCausal, NoCross and NoMask are empty where the mechanism supports causal attention, n ≠ s, key masks;
	// else the reason.
	NoCausal, NoCross, NoMask string
	// OnlyCausal is the reason why a mechanism has no form that is not causal, empty where it has one.
	OnlyCausal string
	// SharedQK says that queries serve as keys: k is ignored and may be absent.
	SharedQK bool

	// SameAs names the mechanism whose function this one computes in another way: its golden files apply here
	// too.
	SameAs string
	// DeadRows says that a masked position's own output row is 0, as if its query were masked too.
	DeadRows bool

	// Unrelated says why the output is not meant to be near that of softmax attention, empty where it is: its
	// fidelity is not reported then.
	Unrelated string
	// Fidelity lists the settings under which error on real activations is reported (spec "knobs" of the suite's
	// default run).
	Fidelity []Fidelity
	// Target is what fidelity is measured against, where that is not softmax attention; TargetName says so in
	// tables.
	Target     Definition
	TargetName string

	// Derive sets the options whose default depends on the problem and refuses what the declarations above
	// cannot express. It must not modify anything else. Nil: nothing to do.
	Derive func(p *Problem) error
	// Leaks says in words how later tokens change earlier rows of a causal problem; "" where they do not. Nil:
	// they never do.
	Leaks func(p *Problem) string
	// Cost is the useful work of one call.
	Cost func(p *Problem) Cost
	// Pairs counts the distinct query–key pairs that one call scores, over all heads; q is needed where they
	// depend on content. Nil where a mechanism scores no pairs.
	Pairs func(p *Problem, q []float32) int64
	// New allocates a plan from the workspace and nothing else: no slice that it gets may be read or written
	// before Prepare.
	New func(p *Problem, ws *Workspace) Attention
	// Definition is the mechanism's formula in float64, written to be read: the fast path is tested against it.
	Definition Definition
	// Gradient is the derivative of Definition in float64. Nil: the mechanism computes no gradients.
	Gradient Gradient
	// BackwardCost is the useful work of one Backward. Set where Gradient is.
	BackwardCost func(p *Problem) Cost
	// NewDecoder is New for a problem with Decode set. Nil: the mechanism takes all tokens at once, for the
	// reason that NoDecode gives.
	NewDecoder func(p *Problem, ws *Workspace) Decoder
	NoDecode   string
	// DecodeCost is the useful work of the last of the problem's tokens. Set where NewDecoder is.
	DecodeCost func(p *Problem) Cost
}

// Role says how a mechanism's results are ranked.
type Role string

const (
	Exact         Role = "exact"         // softmax attention itself: a baseline
	Approximation Role = "approximation" // stands in for it
	Reference     Role = "reference"     // a bound for orientation, never ranked
)

// Growth is a claimed order of growth in the sequence length.
type Growth struct {
	Text     string  // "n²", "n·k"
	Exponent float64 // of n, for fixed options; logarithms count as 0
}

// Fidelity is one setting under which a mechanism's error on real activations is reported.
type Fidelity struct {
	Causal  bool   // on causal heads, else on bidirectional ones
	Options string // as on the command line; "" = defaults
}

// Head is one head of a problem in float64, the input of a Definition.
type Head struct {
	Batch, Head int       // which one: parameters differ by head, key masks by batch element
	Q, K, V     []float64 // [n, d], [s, d], [s, e]; K is nil where queries serve as keys
	Rows        []int     // the output rows that are wanted, ascending
}

// Definition computes the wanted rows of one head, [len(Rows), e], by the mechanism's formula in obvious
// loops. It panics on nothing that Resolve accepts, and shares no code with the fast path.
type Definition func(p *Problem, h Head) []float64

// Gradient differentiates a Definition with respect to one head's operands and the learned side inputs:
// dout [len(Rows), e] is the gradient of the loss by the wanted rows, all other rows have none. Stabilisers
// and routing are constants, as the mechanism declares.
type Gradient func(p *Problem, h Head, dout []float64) HeadGradients

// HeadGradients are one head's. A side input's is in the layout of the whole input, 0 where the head does
// not use it: the sum over heads is the gradient.
type HeadGradients struct {
	Q, K, V []float64 // [n, d], [s, d], [s, e]; K is nil where queries serve as keys
	Inputs  map[string][]float64
}

// Input declares a side input: a tensor beside q, k and v.
type Input struct {
	Name   string
	Type   ElementType
	Doc    string // one line
	Layout string // its accepted shapes as people write them: "[k, s] or [heads, k, s]"
	// Dims returns the accepted shapes of a problem, the one that Draw makes first; none where the options leave
	// no use for it.
	Dims func(p *Problem) [][]int
	// Learned says that a model learns it: it has a gradient, unless Frozen says that the options make it a
	// constant. Nil: they never do.
	Learned bool
	Frozen  func(p *Problem) bool
	// Draw makes it from a seed: rng returns the stream of one head. Nil: never drawn; with Optional, absent is
	// meaningful.
	Draw     func(p *Problem, dims []int, rng func(head int) *rand.Rand) Tensor
	Optional bool
	// Gate says that a model computes it from its tokens, like q, k and v, or fixes it by its design: Draw
	// stands in for such values where only time is asked for, in a request with DrawGates.
	Gate bool
}

// KeyMask is the side input that every mechanism with key masks accepts: [s] or [batch, s], 1 = valid.
const KeyMask = "key_mask"

// PairsCost is the work of softmax attention that scores so many pairs (spec §8): each needs 2(d+e)
// operations and one exponential.
func PairsCost(s Shape, pairs int64) Cost {
	n := float64(pairs)
	return Cost{FLOPs: 2 * float64(s.D+s.E) * n, Exps: n}
}

// PairsBackwardCost is the work of its gradients where weights are computed again: 4(d+e) operations a pair,
// and 2d and an exponential for its weight.
func PairsBackwardCost(s Shape, pairs int64) Cost {
	n := float64(pairs)
	return Cost{FLOPs: (4*float64(s.D+s.E) + 2*float64(s.D)) * n, Exps: n}
}

// DenseCost is PairsCost of every pair that causality allows.
func DenseCost(p *Problem) Cost { return PairsCost(p.Shape, DensePairs(p, nil)) }

// DenseBackwardCost is PairsBackwardCost of them.
func DenseBackwardCost(p *Problem) Cost { return PairsBackwardCost(p.Shape, DensePairs(p, nil)) }

// DensePairs counts every pair that causality allows.
func DensePairs(p *Problem, _ []float32) int64 {
	return p.Shape.AllowedPairs() * int64(p.Shape.Slices())
}
