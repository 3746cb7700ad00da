package inputs

import (
	"fmt"
	"slices"

	"attnbench/harness/tensorfile"
	"attnbench/variants"
)

// ShapeOf returns the shape that a file's q [heads, n, d], k [heads, s, d] and v [heads, s, e] have,
// each with or without a leading batch axis, and its causality by metadata "causal". k may be absent,
// for mechanisms whose queries serve as keys. Its errors name the tensor that contradicts the others.
func ShapeOf(file *tensorfile.File) (variants.Shape, error) {
	var shape variants.Shape
	q, err := activations(file, "q", nil)
	if err != nil {
		return shape, err
	}
	v, err := activations(file, "v", q)
	if err != nil {
		return shape, err
	}
	if _, ok := file.Tensors["k"]; ok {
		k, err := activations(file, "k", q)
		if err != nil {
			return shape, err
		}
		if k[2] != v[2] {
			return shape, fmt.Errorf("k has %d rows and v %d: they must be equal", k[2], v[2])
		}
		if k[3] != q[3] {
			return shape, fmt.Errorf("k has d = %d and q d = %d: they must be equal", k[3], q[3])
		}
	}
	shape = variants.Shape{Batch: q[0], Heads: q[1], N: q[2], S: v[2], D: q[3], E: v[3]}
	if shape.Causal, err = causal(file); err != nil {
		return shape, err
	}
	return shape, shape.Validate()
}

// activations returns [batch, heads, rows, columns] of a tensor that must agree with q in rank, batch
// and heads.
func activations(file *tensorfile.File, name string, q []int) ([]int, error) {
	t, ok := file.Tensors[name]
	if !ok {
		return nil, fmt.Errorf("%s is missing: add it", name)
	}
	if t.Type() != variants.F32 {
		return nil, fmt.Errorf("%s is %v: it must be a float tensor", name, t.Type())
	}
	dims := t.Dims
	switch len(dims) {
	case 3:
		dims = slices.Insert(slices.Clone(dims), 0, 1)
	case 4:
	default:
		return nil, fmt.Errorf("%s is %s: it must be [heads, rows, columns], with or without a leading batch",
			name, variants.FormatDims(dims))
	}
	if q == nil {
		return dims, nil
	}
	if len(t.Dims) != len(file.Tensors["q"].Dims) || !slices.Equal(dims[:2], q[:2]) {
		return nil, fmt.Errorf("%s is %s and q is %s: batch and heads must agree (repeat grouped ones)", name,
			variants.FormatDims(t.Dims), variants.FormatDims(file.Tensors["q"].Dims))
	}
	return dims, nil
}

func causal(file *tensorfile.File) (bool, error) {
	switch value := file.Metadata["causal"]; value {
	case "true":
		return true, nil
	case "false", "":
		return false, nil
	default:
		return false, fmt.Errorf("metadata causal is %q: it must be true or false", value)
	}
}
