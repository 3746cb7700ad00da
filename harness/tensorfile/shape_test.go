package tensorfile_test

import (
	"strings"
	"testing"

	"attnbench/harness/tensorfile"
	"attnbench/variants"
)

// withDims is a file of tensors without data: shapes are all that Shape looks at.
func withDims(dims map[string][]int) *tensorfile.File {
	f := &tensorfile.File{Tensors: map[string]variants.Tensor{}, Metadata: map[string]string{}}
	for name, d := range dims {
		f.Tensors[name] = variants.Tensor{Dims: d}
	}
	return f
}

func TestShape(t *testing.T) {
	tests := []struct {
		name     string
		dims     map[string][]int
		sharedQK bool
		want     variants.Shape
		batched  bool
	}{
		{"cross", map[string][]int{"q": {2, 3, 4}, "k": {2, 5, 4}, "v": {2, 5, 6}}, false,
			variants.Shape{Batch: 1, Heads: 2, N: 3, S: 5, D: 4, E: 6}, false},
		{"batch", map[string][]int{"q": {7, 2, 3, 4}, "k": {7, 2, 5, 4}, "v": {7, 2, 5, 6}}, false,
			variants.Shape{Batch: 7, Heads: 2, N: 3, S: 5, D: 4, E: 6}, true},
		{"queries serve as keys", map[string][]int{"q": {2, 3, 4}, "v": {2, 3, 6}}, true,
			variants.Shape{Batch: 1, Heads: 2, N: 3, S: 3, D: 4, E: 6}, false},
		{"a k that is ignored", map[string][]int{"q": {2, 3, 4}, "k": {9}, "v": {2, 8, 6}}, true,
			variants.Shape{Batch: 1, Heads: 2, N: 3, S: 8, D: 4, E: 6}, false},
	}
	for _, tt := range tests {
		got, batched, err := withDims(tt.dims).Shape(tt.sharedQK)
		if err != nil || got != tt.want || batched != tt.batched {
			t.Errorf("%s: %+v, %t, %v", tt.name, got, batched, err)
		}
	}
}

func TestShapeRefuses(t *testing.T) {
	for want, change := range map[string]func(map[string][]int){
		"q is missing":                func(s map[string][]int) { delete(s, "q") },
		"k is missing":                func(s map[string][]int) { delete(s, "k") },
		"v is missing":                func(s map[string][]int) { delete(s, "v") },
		"q is 3x4: ":                  func(s map[string][]int) { s["q"] = []int{3, 4} },
		"k is 1x5x4: batch":           func(s map[string][]int) { s["k"] = []int{1, 5, 4} },
		"v is 1x2x5x6: all or none":   func(s map[string][]int) { s["v"] = []int{1, 2, 5, 6} },
		"k has 4 rows and v has 5":    func(s map[string][]int) { s["k"] = []int{2, 4, 4} },
		"q has d = 4 and k has d = 8": func(s map[string][]int) { s["k"] = []int{2, 5, 8} },
	} {
		dims := map[string][]int{"q": {2, 3, 4}, "k": {2, 5, 4}, "v": {2, 5, 6}}
		change(dims)
		if _, _, err := withDims(dims).Shape(false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	f := withDims(map[string][]int{"q": {2, 3, 4}, "k": {2, 5, 4}})
	f.Tensors["v"] = variants.Tensor{Dims: []int{2, 5, 1}, I64: make([]int64, 10)}
	if _, _, err := f.Shape(false); err == nil || !strings.Contains(err.Error(), "v is int64") {
		t.Errorf("integers as values: %v", err)
	}
}

func TestCausal(t *testing.T) {
	for text, want := range map[string]bool{"true": true, "false": false, "": false} {
		f := tensorfile.File{Metadata: map[string]string{"causal": text}}
		if got, err := f.Causal(); got != want || err != nil {
			t.Errorf("%q: %t, %v", text, got, err)
		}
	}
	f := tensorfile.File{Metadata: map[string]string{"causal": "yes"}}
	if _, err := f.Causal(); err == nil {
		t.Error("causal=yes was accepted")
	}
}
