package tensorfile

import (
	"fmt"

	"attnbench/variants"
)

// Shape is the shape that q [heads, n, d], k [heads, s, d] and v [heads, s, e] agree on, each with or
// without a leading batch axis, and whether they have one. Where queries serve as keys (sharedQK) k is
// not looked at and v gives s. Causality is left false: see Causal. Errors name the tensor that
// contradicts the others; the limits of variants.Shape.Validate are not checked.
func (f *File) Shape(sharedQK bool) (shape variants.Shape, batched bool, err error) {
	names := []string{"q", "k", "v"}
	if sharedQK {
		names = []string{"q", "v"}
	}
	for _, name := range names {
		if err := f.checkRank(name); err != nil {
			return shape, false, err
		}
	}
	q, v := f.Tensors["q"].Dims, f.Tensors["v"].Dims
	batched = len(q) == 4
	qd, vd := withBatch(q), withBatch(v)
	shape = variants.Shape{Batch: qd[0], Heads: qd[1], N: qd[2], S: vd[2], D: qd[3], E: vd[3]}
	if sharedQK {
		return shape, batched, nil
	}
	kd := withBatch(f.Tensors["k"].Dims)
	switch {
	case kd[2] != vd[2]:
		err = fmt.Errorf("k has %d rows and v has %d: they must be equal", kd[2], vd[2])
	case kd[3] != qd[3]:
		err = fmt.Errorf("q has d = %d and k has d = %d: they must be equal", qd[3], kd[3])
	}
	return shape, batched, err
}

// checkRank refuses a tensor that is not one of q, k and v as far as it can be told without its rows and
// columns. q must have been checked before.
func (f *File) checkRank(name string) error {
	t, ok := f.Tensors[name]
	q := f.Tensors["q"]
	switch {
	case !ok:
		return fmt.Errorf("%s is missing: add it", name)
	case t.Type() != variants.F32:
		return fmt.Errorf("%s is %v: it must be F32, F16 or BF16", name, t.Type())
	case len(t.Dims) != 3 && len(t.Dims) != 4:
		return fmt.Errorf("%s is %s: it must be [heads, rows, columns], with or without a leading batch axis",
			name, variants.FormatDims(t.Dims))
	case len(t.Dims) != len(q.Dims):
		return fmt.Errorf("q is %s and %s is %s: all or none must have a batch axis",
			variants.FormatDims(q.Dims), name, variants.FormatDims(t.Dims))
	}
	have, want := withBatch(t.Dims), withBatch(q.Dims)
	if have[0] != want[0] || have[1] != want[1] {
		return fmt.Errorf("q is %s and %s is %s: batch and heads must agree (repeat grouped k and v)",
			variants.FormatDims(q.Dims), name, variants.FormatDims(t.Dims))
	}
	return nil
}

// withBatch is [batch, heads, rows, columns].
func withBatch(dims []int) [4]int {
	if len(dims) == 3 {
		return [4]int{1, dims[0], dims[1], dims[2]}
	}
	return [4]int(dims)
}

// Causal is the file's metadata "causal"; false where there is none.
func (f *File) Causal() (bool, error) {
	switch value := f.Metadata["causal"]; value {
	case "true":
		return true, nil
	case "false", "":
		return false, nil
	default:
		return false, fmt.Errorf("metadata causal is %q: it must be true or false", shorten(value))
	}
}
