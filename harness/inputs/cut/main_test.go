package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nlpodyssey/safetensors"

	"attnbench/harness/tensorfile"
)

// capture writes a file of two heads of three rows of one half-precision column and returns its path.
func capture(t *testing.T, causal string) string {
	t.Helper()
	tensors := map[string]safetensors.TensorView{}
	for _, name := range []string{"q", "k", "v"} {
		view, err := safetensors.NewTensorView(safetensors.F16, []uint64{2, 3, 1},
			[]byte{0, 0x3c, 0, 0x40, 0, 0x42, 0, 0xbc, 0, 0xc0, 0, 0xc2}) // 1 2 3, -1 -2 -3
		if err != nil {
			t.Fatal(err)
		}
		tensors[name] = view
	}
	data, err := safetensors.Serialize(tensors, map[string]string{"causal": causal, "n": "3", "model": "toy"})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "in.safetensors")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCut(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.safetensors")
	if err := cut(capture(t, "true"), out, 2, "local,sink"); err != nil {
		t.Fatal(err)
	}
	got, err := tensorfile.Read(out)
	if err != nil {
		t.Fatal(err)
	}
	metadata := map[string]string{
		"causal": "true", "n": "2", "model": "toy", "kinds": "local,sink", "cut": "first 2 of 3 tokens",
	}
	if diff := cmp.Diff(metadata, got.Metadata); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"q", "k", "v"} {
		if diff := cmp.Diff([]float32{1, 2, -1, -2}, got.Tensors[name].F32); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestCutRefuses(t *testing.T) {
	for _, tt := range []struct {
		causal, kinds, want string
		rows                int
	}{
		{"true", "a,b", "-n 4 is out of range", 4},
		{"false", "a,b", "not causal", 2},
		{"false", "a", `kinds "a" for 2 heads`, 0},
	} {
		out := filepath.Join(t.TempDir(), "out.safetensors")
		err := cut(capture(t, tt.causal), out, tt.rows, tt.kinds)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("error %v, want one with %q", err, tt.want)
		}
		if _, err := os.Stat(out); err == nil {
			t.Error("wrote a file all the same")
		}
	}
}
