package harness

import (
	"slices"

	"attnbench/results"
	"attnbench/variants"
)

// checkedTokens are the tokens, up to the timed one, that are decoded one by one and compared with the rows
// of causal attention.
const checkedTokens = 3

// decode reports whether the block's pass is one more token at position n: the last of its shape, after a
// context of all others.
func (b *Block) decode() bool { return b.Pass == results.PassDecode }

// lastRows are the rows per head that decoding is compared for.
func (b *Block) lastRows() []int {
	var rows []int
	for r := max(0, b.Shape.N-checkedTokens); r < b.Shape.N; r++ {
		rows = append(rows, r)
	}
	return rows
}

// decoding is what a trial of pass decode has beside its operands.
type decoding struct {
	plan     variants.Decoder
	snapshot *variants.Snapshot // of the context before the timed token
	hash     uint64             // of the output after all calls of a sample, each of which takes the token
}

// token is one token of every head: where its queries, keys and values go.
type token struct{ q, k, v variants.Floats }

// newToken makes room for a token where the block's pass takes one.
func newToken(b *Block) token {
	if !b.decode() {
		return token{}
	}
	s := b.Shape
	room := func(columns int) variants.Floats { return b.elements(make([]float32, s.Slices()*columns)) }
	return token{room(s.D), room(s.D), room(s.E)}
}

// take copies the token at a position from the block's operands.
func (in *operands) take(s variants.Shape, position int) {
	for _, x := range []struct {
		to, from variants.Floats
		columns  int
	}{{in.token.q, in.q, s.D}, {in.token.k, in.k, s.D}, {in.token.v, in.v, s.E}} {
		for slice := range s.Slices() {
			to := x.to.Slice(slice*x.columns, (slice+1)*x.columns)
			from := (slice*s.N + position) * x.columns
			row := x.from.Slice(from, from+x.columns)
			copy(to.F32, row.F32)
			copy(to.BF16, row.BF16)
		}
	}
}

// firstTokens decodes the checked tokens after a context of those before them, and times the last one. It
// keeps their outputs, [slices][rows·e].
func (t *trial) firstTokens(clock Clock, in *operands) {
	b, d := t.cell.Block, t.decoding
	s, rows := b.Shape, b.lastRows()
	t.kept = make([]float32, s.Slices()*len(rows)*s.E)
	d.plan.Prefill(in.k, in.v, rows[0])
	for i, row := range rows {
		in.take(s, row)
		in.poison()
		d.snapshot.Save()
		start := clock.Now()
		d.plan.Decode(row, in.result, in.token.q, in.token.k, in.token.v)
		t.call = clock.Now() - start
		in.read()
		for slice := range s.Slices() {
			copy(t.kept[(slice*len(rows)+i)*s.E:][:s.E], in.out[slice*s.E:])
		}
	}
	t.executed = d.plan.Executed()
}

// rewind puts the state back to the context before the token: samples start alike.
func (t *trial) rewind() {
	if t.decoding != nil {
		t.decoding.snapshot.Restore()
	}
}

// settleTokens checks that the token from the verified context gives the verified output again, then takes
// the output after as many calls as a sample has for what every sample must give.
func (t *trial) settleTokens(clock Clock, in *operands) error {
	if t.decoding == nil {
		return nil
	}
	for _, calls := range slices.Compact([]int{1, t.iterations}) {
		t.rewind()
		if _, err := t.calls(calls, clock, in); err != nil {
			return err
		}
		in.read()
		if calls == 1 && hashBits(in.out) != t.hash {
			return errChanged
		}
	}
	t.decoding.hash = hashBits(in.out)
	return nil
}

// expected is the hash of what a sample must leave.
func (t *trial) expected() uint64 {
	if t.decoding != nil {
		return t.decoding.hash
	}
	return t.hash
}

// pairShare is the part of the pairs that a token scores of those that it may; each takes one exponential.
func pairShare(c *Cell) float64 {
	s := c.Block.Shape
	return c.token.Exps / float64(s.Slices()*s.N)
}

// causalShape is the shape of generated input for pass decode, which is causal whatever the axis says; once
// is false where another value of the axis gives it too.
func (s *Sweep) causalShape(src source, shape variants.Shape) (causal variants.Shape, once bool) {
	if shape.Causal || src.set != nil {
		return shape, true
	}
	shape.Causal = true
	return shape, !slices.Contains(s.causal, true)
}
