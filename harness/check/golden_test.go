package check

import (
	"path/filepath"
	"strings"
	"testing"

	"attnbench/variants/catalog"
	"attnbench/variants/kernel"
	"attnbench/variants/work"
)

// TestGolden replays the small golden files that the repository carries, on every path and with several
// threads.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.safetensors")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, set := range kernel.Available() {
		for _, threads := range []int{1, 2, 3} {
			pool := work.NewPool(threads)
			defer pool.Close()
			for _, file := range files {
				t.Run(set.Name+"/"+strings.TrimSuffix(filepath.Base(file), ".safetensors"), func(t *testing.T) {
					replayFile(t, file, Engine{Kernels: set, Pool: pool, Spread: true})
				})
			}
		}
	}
}

func replayFile(t *testing.T, file string, e Engine) {
	replays, err := Golden(file, catalog.All(), e)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range replays {
		if r.Status == Fail {
			t.Errorf("%s: %s", r.Variant, r.Reason)
		}
		if strings.ContainsRune(r.Reason, '\n') {
			t.Errorf("%s: the reason is more than one line: %q", r.Variant, r.Reason)
		}
	}
}
