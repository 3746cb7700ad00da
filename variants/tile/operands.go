package tile

import (
	"math"

	"attnbench/variants"
)

// Operands are the tensors of one Forward or Backward, cut into heads, and the key mask as a bias. A plan
// holds one, calls Set or SetBackward at the start of each call and Clear at its end.
type Operands struct {
	shape        variants.Shape
	out, q, k, v variants.Floats
	dq, dout     []float32 // of a backward pass
	bias         []float32 // [batch, s]; empty without a key mask
	valid        []bool
}

// NewOperands allocates what a problem's key mask needs.
func NewOperands(p *variants.Problem, ws *variants.Workspace) Operands {
	o := Operands{shape: p.Shape, valid: p.Valid}
	if p.Valid != nil {
		o.bias = variants.Alloc[float32](ws, len(p.Valid))
	}
	return o
}

// Prepare turns the key mask into a bias.
func (o *Operands) Prepare() {
	for i, valid := range o.valid {
		if !valid {
			o.bias[i] = float32(math.Inf(-1))
		}
	}
}

// Set takes the tensors of a call.
func (o *Operands) Set(out, q, k, v variants.Floats) { o.out, o.q, o.k, o.v = out, q, k, v }

// Clear lets go of the caller's tensors.
func (o *Operands) Clear() {
	o.Set(variants.Floats{}, variants.Floats{}, variants.Floats{}, variants.Floats{})
	o.dq, o.dout = nil, nil
}

// SetBackward takes the tensors of a backward pass.
func (o *Operands) SetBackward(dq, dout, out, q, k, v []float32) {
	o.Set(variants.F32s(out), variants.F32s(q), variants.F32s(k), variants.F32s(v))
	o.dq, o.dout = dq, dout
}

// Upstream returns what a backward pass knows of a head, but for its statistics.
func (o *Operands) Upstream(head int) Upstream {
	return Upstream{
		Q: o.Q(head).F32, Out: o.Out(head).F32,
		DOut: nth(o.dout, head, o.shape.Slices()), DQ: nth(o.dq, head, o.shape.Slices()),
	}
}

// nth is the i-th of so many equal parts of x, nil of nothing.
func nth(x []float32, i, parts int) []float32 {
	if x == nil {
		return nil
	}
	size := len(x) / parts
	return x[i*size : (i+1)*size]
}

// Q returns the queries of a head, [n, d]. head counts batch × heads here and below.
func (o *Operands) Q(head int) variants.Floats { return cut(o.q, head, o.shape.N*o.shape.D) }

// K returns the keys of a head, [s, d].
func (o *Operands) K(head int) variants.Floats { return cut(o.k, head, o.shape.S*o.shape.D) }

// V returns the values of a head, [s, e].
func (o *Operands) V(head int) variants.Floats { return cut(o.v, head, o.shape.S*o.shape.E) }

// Out returns the output of a head, [n, e].
func (o *Operands) Out(head int) variants.Floats { return cut(o.out, head, o.shape.N*o.shape.E) }

// Bias returns the key mask of a head as Keys.Bias wants it: 0 or -Inf by key, nil without a mask.
func (o *Operands) Bias(head int) []float32 {
	if o.valid == nil {
		return nil
	}
	batch := head / o.shape.Heads
	return o.bias[batch*o.shape.S : (batch+1)*o.shape.S]
}

// ClearMasked zeroes the rows of a head's output whose token is masked: for self-attention in which a masked
// token has no output.
func (o *Operands) ClearMasked(head int, rows Rows) {
	if o.valid == nil {
		return
	}
	n, e := o.shape.N, o.shape.E
	valid, out := o.valid[head/o.shape.Heads*n:][:n], o.Out(head)
	for i := range rows.Count {
		if r := rows.At(i); !valid[r] {
			out.Slice(r*e, (r+1)*e).Clear()
		}
	}
}

func cut(x variants.Floats, i, size int) variants.Floats { return x.Slice(i*size, (i+1)*size) }
