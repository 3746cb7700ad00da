package variants

import "attnbench/variants/kernel"

// Floats are the elements of q, k, v or out in the problem's number format: one of the slices is set, F32 as
// a rule. The zero value is an operand that is not there.
type Floats struct {
	F32  []float32
	BF16 []kernel.BF16
}

// F32s are float32 elements.
func F32s(x []float32) Floats { return Floats{F32: x} }

// Len is the number of elements.
func (f Floats) Len() int { return len(f.F32) + len(f.BF16) }

// Slice is the elements [from, to).
func (f Floats) Slice(from, to int) Floats {
	if f.BF16 != nil {
		return Floats{BF16: f.BF16[from:to]}
	}
	return Floats{F32: f.F32[from:to]}
}

// Clear sets all elements to 0.
func (f Floats) Clear() {
	clear(f.F32)
	clear(f.BF16)
}
