package variants

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unsafe"

	"attnbench/variants/kernel"
)

// Tensor is a dense row-major array; exactly one of the data slices is set (all of them nil only where a
// dimension is 0).
type Tensor struct {
	Dims []int
	F32  []float32
	BF16 []kernel.BF16
	I64  []int64
	U8   []uint8
}

// Len is the number of elements.
func (t Tensor) Len() int {
	n := 1
	for _, d := range t.Dims {
		n *= d
	}
	return n
}

// Bytes is the size of the data.
func (t Tensor) Bytes() int64 {
	return int64(len(t.F32))*4 + int64(len(t.BF16))*2 + int64(len(t.I64))*8 + int64(len(t.U8))
}

// Type is the element type that the tensor holds.
func (t Tensor) Type() ElementType {
	switch {
	case t.BF16 != nil:
		return BF16
	case t.I64 != nil:
		return I64
	case t.U8 != nil:
		return U8
	}
	return F32
}

// ElementType is the type of a side input's elements.
type ElementType uint8

// The element types of side inputs.
const (
	F32 ElementType = iota
	I64
	U8
	BF16 // of operands only
)

func (e ElementType) String() string { return [...]string{"float32", "int64", "uint8", "bfloat16"}[e] }

// Short is the name on the command line and in results: "f32", "bf16".
func (e ElementType) Short() string { return [...]string{"f32", "i64", "u8", "bf16"}[e] }

// Size is the bytes of an element.
func (e ElementType) Size() int64 { return [...]int64{4, 8, 1, 2}[e] }

func sizeOf[T any]() int64 {
	var x T
	return int64(unsafe.Sizeof(x))
}

// FormatDims writes dims as 2x3x4.
func FormatDims(dims []int) string {
	parts := make([]string, len(dims))
	for i, d := range dims {
		parts[i] = fmt.Sprint(d)
	}
	return strings.Join(parts, "x")
}

// finite reports an error that names the first NaN or Inf of x.
func finite(name string, x []float32) error {
	i := slices.IndexFunc(x, func(f float32) bool { return math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) })
	if i < 0 {
		return nil
	}
	return fmt.Errorf("%s holds %v at element %d: inputs must be finite", name, x[i], i)
}

// Float64 converts x.
func Float64(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, f := range x {
		y[i] = float64(f)
	}
	return y
}
