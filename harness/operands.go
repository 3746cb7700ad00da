package harness

import (
	"math"

	"attnbench/harness/check"
	"attnbench/harness/inputs"
	"attnbench/variants"
)

// operands are the inputs of a block and the output that its cells write in turn. Tensors and out are
// float32; in a block of another number format they hold what its elements stand for.
type operands struct {
	check.Tensors
	out     []float32
	q, k, v variants.Floats // what calls get
	result  variants.Floats // what calls write
	upstream
	token token
	fences
	sent bool // to the block's peers
}

// newOperands makes the inputs of a block and a place for its output.
func newOperands(b *Block) *operands {
	var dout []float32
	if b.backward() {
		dout = inputs.GaussianDOut(b.seed, b.Shape)
	}
	return assemble(b, b.source.tensors(b.seed, b.Shape), dout)
}

// assemble makes the operands of a block on given inputs.
func assemble(b *Block, t check.Tensors, dout []float32) *operands {
	s := b.Shape
	rows := s.N
	if b.decode() {
		rows = 1
	}
	in := &operands{Tensors: t, token: newToken(b)}
	in.upstream = newUpstream(b, dout, &in.fences)
	in.out = fencedFloats(&in.fences, "out", s.Slices()*rows*s.E)
	for i := range in.out {
		in.out[i] = 1 // memory counts once it is written
	}
	in.q, in.k, in.v = b.elements(in.Q), b.elements(in.K), b.elements(in.V)
	in.result = variants.F32s(in.out)
	if b.Type == variants.BF16 {
		in.result = variants.Floats{BF16: fencedHalves(&in.fences, "out", len(in.out))}
		check.Round(in.result, in.out)
	}
	in.load()
	in.Q, in.K, in.V = check.Widened(in.q), check.Widened(in.k), check.Widened(in.v)
	return in
}

// elements are x itself where the block's format is float32, else as many elements of its format.
func (b *Block) elements(x []float32) variants.Floats {
	if b.Type == variants.F32 {
		return variants.F32s(x)
	}
	return check.Rounded(x)
}

// load converts Tensors again after a change.
func (in *operands) load() {
	check.Round(in.q, in.Q)
	check.Round(in.k, in.K)
	check.Round(in.v, in.V)
}

// poison fills the output with NaN: what a call leaves unwritten stays one.
func (in *operands) poison() {
	nan := float32(math.NaN())
	for i := range in.out {
		in.out[i] = nan
	}
	check.Round(in.result, in.out)
}

// read brings what a call wrote into out.
func (in *operands) read() { check.Widen(in.out, in.result) }
