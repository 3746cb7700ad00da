package tensorfile_test

import (
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"attnbench/harness/tensorfile"
	"attnbench/variants"
)

var one = map[string]variants.Tensor{"out": {Dims: []int{2}, F32: []float32{1, 2}}}

func TestWriteReplacesWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.safetensors")
	if err := os.WriteFile(path, make([]byte, 1000), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := tensorfile.CheckWritable(path); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != 1000 {
		t.Fatal("CheckWritable touched the file")
	}
	if err := tensorfile.Write(path, one, nil); err != nil {
		t.Fatal(err)
	}
	if f, err := tensorfile.Read(path); err != nil || f.Tensors["out"].F32[1] != 2 {
		t.Errorf("read back %v, %v", f, err)
	}
	if left := list(t, filepath.Dir(path)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestWriteThroughLink(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	if os.Symlink(target, link) != nil {
		t.Skip("no symbolic links here")
	}
	if err := tensorfile.Write(link, one, nil); err == nil || !strings.Contains(err.Error(), "link to nothing") {
		t.Errorf("a link to nothing: %v", err)
	}
	if err := os.WriteFile(target, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := tensorfile.Write(link, one, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := tensorfile.Read(target); err != nil {
		t.Errorf("the link was replaced, not its target: %v", err)
	}
}

func TestUnwritable(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	paths := []string{dir, filepath.Join(dir, "absent", "x"), filepath.Join(plain, "x")}
	if runtime.GOOS == "linux" {
		paths = append(paths, "/dev/null")
	}
	for _, path := range paths {
		for name, err := range map[string]error{
			"Write": tensorfile.Write(path, one, nil), "CheckWritable": tensorfile.CheckWritable(path),
		} {
			if err == nil || !strings.HasPrefix(err.Error(), path+": cannot be written: ") {
				t.Errorf("%s(%s): %v", name, path, err)
			}
		}
	}
	if left := list(t, dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestWriteProtected(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	if err := os.WriteFile(path, []byte("precious"), 0o444); err != nil {
		t.Fatal(err)
	}
	if f, err := os.OpenFile(path, os.O_WRONLY, 0); err == nil {
		f.Close()
		t.Skip("this user may write to everything")
	}
	if err := tensorfile.Write(path, one, nil); err == nil {
		t.Error("a write-protected file was replaced")
	}
}

func TestWriteChecksTensors(t *testing.T) {
	for name, tensors := range map[string]map[string]variants.Tensor{
		"no tensor":         nil,
		"valid tensor name": {"__metadata__": one["out"]},
		"do not fill":       {"x": {Dims: []int{3}, F32: []float32{1, 2}}},
		"below 1":           {"x": {Dims: []int{0}, F32: []float32{}}},
		"below 0":           {"x": {Dims: []int{-1, -1}, F32: []float32{1}}},
	} {
		dir := t.TempDir()
		err := tensorfile.Write(filepath.Join(dir, "x"), tensors, nil)
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v, want one with %q", err, name)
		}
		if left := list(t, dir); len(left) != 0 {
			t.Errorf("%s: left behind %v", name, left)
		}
	}
}

func TestWriteKeepsNonFinite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	nan := map[string]variants.Tensor{"x": {Dims: []int{1}, F32: []float32{float32(math.NaN())}}}
	if err := tensorfile.Write(path, nan, nil); err != nil {
		t.Fatal(err)
	}
	if f, err := tensorfile.Read(path, tensorfile.AllowNonFinite); err != nil || f.Tensors["x"].F32[0] == 0 {
		t.Errorf("%v, %v", f, err)
	}
}
