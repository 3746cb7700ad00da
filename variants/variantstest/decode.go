package variantstest

import (
	"slices"
	"testing"

	"attnbench/variants"
	"attnbench/variants/kernel"
)

// checkDecode takes the case's tokens one at a time, from the first and after a context: the rows are those
// of the definition, whatever was in the state before, with one thread and with more. A case that the
// mechanism refuses to decode is left out.
func checkDecode(t *testing.T, m *variants.Mechanism, c Case, set *kernel.Set, want []float64) {
	t.Helper()
	c.decode = true
	if _, err := c.problem(m, set, nil); err != nil {
		return
	}
	in, n := draw(c), c.Shape.N
	r := newDecodeRun(t, m, c, set, 1)
	if predicted := c.resolve(t, m, set, 1).Memory(); predicted != r.memory {
		t.Errorf("predicted memory of decoding %+v, allocated %+v", predicted, r.memory)
	}
	rest := r.tokens(t, in, n/2)
	all := r.tokens(t, in, 0)
	compare(t, all, want, c.tolerance())
	for h := range c.Shape.Slices() {
		from, to := (h*n+n/2)*c.Shape.E, (h+1)*n*c.Shape.E
		compare(t, rest[from:to], want[from:to], 4*c.tolerance())
	}
	r.checkLast(t, in, all)
	for _, threads := range []int{2, 3} {
		parallel := newDecodeRun(t, m, c, set, threads)
		if !slices.Equal(parallel.tokens(t, in, n/2), rest) {
			t.Errorf("%d threads decode other bits than one", threads)
		}
	}
	if n <= halfLimit {
		checkDecodeBF16(t, m, c, set, in)
	}
}

// decodeRun is a planned decoder and room for one token.
type decodeRun struct {
	c        Case
	decoder  variants.Decoder
	snapshot *variants.Snapshot
	memory   variants.Memory

	out, q, k, v variants.Floats
}

func newDecodeRun(t *testing.T, m *variants.Mechanism, c Case, set *kernel.Set, threads int) *decodeRun {
	t.Helper()
	r := &decodeRun{c: c}
	r.decoder, r.snapshot, r.memory = c.resolve(t, m, set, threads).PlanDecoder()
	s := c.Shape
	room := func(columns int) variants.Floats {
		x := make([]float32, s.Slices()*columns)
		if c.elements == variants.BF16 {
			return rounded(x)
		}
		return variants.F32s(x)
	}
	r.out, r.q, r.k, r.v = room(s.E), room(s.D), room(s.D), room(s.E)
	return r
}

// tokens makes the first tokens the context and decodes the others; it returns [batch, heads, n, e], 0 for
// rows of the context.
func (r *decodeRun) tokens(t *testing.T, in operands, context int) []float32 {
	t.Helper()
	s := r.c.Shape
	all := make([]float32, s.Slices()*s.N*s.E)
	r.decoder.Prefill(r.operand(in.k), r.operand(in.v), context)
	for position := context; position < s.N; position++ {
		r.load(in, position)
		r.decode(position)
		for h := range s.Slices() {
			copy(all[(h*s.N+position)*s.E:][:s.E], r.row(h))
		}
	}
	return all
}

// row is a head's output.
func (r *decodeRun) row(head int) []float32 {
	out := r.out.Slice(head*r.c.Shape.E, (head+1)*r.c.Shape.E)
	if out.BF16 != nil {
		return wide(out)
	}
	return out.F32
}

func (r *decodeRun) operand(x []float32) variants.Floats {
	if r.c.elements == variants.BF16 {
		return rounded(x)
	}
	return variants.F32s(x)
}

// load takes the token at a position out of the operands.
func (r *decodeRun) load(in operands, position int) {
	s := r.c.Shape
	take := func(to variants.Floats, x []float32, columns int) {
		for h := range s.Slices() {
			row := r.operand(x[(h*s.N+position)*columns:][:columns])
			copy(to.Slice(h*columns, (h+1)*columns).F32, row.F32)
			copy(to.BF16[min(h*columns, len(to.BF16)):], row.BF16)
		}
	}
	take(r.q, in.q, s.D)
	take(r.k, in.k, s.D)
	take(r.v, in.v, s.E)
}

func (r *decodeRun) decode(position int) { r.decoder.Decode(position, r.out, r.q, r.k, r.v) }

// checkLast decodes the last token again and again from one context: it gives the bits that it gave first,
// and allocates nothing.
func (r *decodeRun) checkLast(t *testing.T, in operands, all []float32) {
	t.Helper()
	s, last := r.c.Shape, r.c.Shape.N-1
	r.decoder.Prefill(r.operand(in.k), r.operand(in.v), last)
	r.load(in, last)
	r.snapshot.Save()
	r.decode(last)
	first := slices.Clone(r.out.F32)
	if allocs := allocations(func() { r.decode(last) }); allocs != 0 {
		t.Errorf("a token allocates %v times", allocs)
	}
	r.snapshot.Restore()
	r.decode(last)
	if !slices.Equal(r.out.F32, first) {
		t.Error("a token decoded again from the same context gives other bits")
	}
	if r.decoder.Executed() <= 0 {
		t.Error("Executed of a token is not positive")
	}
	want := make([]float64, 0, len(first))
	for h := range s.Slices() {
		want = append(want, variants.Float64(all[((h+1)*s.N-1)*s.E:][:s.E])...)
	}
	compare(t, first, want, 4*r.c.tolerance())
}

// checkDecodeBF16 decodes bfloat16 tokens.
func checkDecodeBF16(t *testing.T, m *variants.Mechanism, c Case, set *kernel.Set, in operands) {
	t.Helper()
	c.elements = variants.BF16
	want := Definition(c.resolve(t, m, set, 1), wide(rounded(in.q)), wide(rounded(in.k)), wide(rounded(in.v)))
	compareBF16(t, newDecodeRun(t, m, c, set, 1).tokens(t, in, 0), want)
}
