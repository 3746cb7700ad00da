package results

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestAbsent(t *testing.T) {
	for _, test := range []struct {
		present []int
		count   int
		want    string
	}{
		{nil, 1, "1"}, {nil, 4, "1-4"}, {[]int{1, 2}, 2, ""}, {[]int{2}, 4, "1, 3-4"}, {[]int{4, 1, 4}, 4, "2-3"},
		{[]int{1, 3, 5}, 6, "2, 4, 6"},
	} {
		if got := absent(test.present, test.count); got != test.want {
			t.Errorf("%v of %d: %q, want %q", test.present, test.count, got, test.want)
		}
	}
}

// FuzzMerge: nothing that the reader accepts makes merging panic, and a file merged with itself is itself.
func FuzzMerge(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds in testdata: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, "2/4", "p")
	}
	f.Fuzz(func(t *testing.T, text []byte, shard, plan string) {
		set, err := ReadFrom(bytes.NewReader(text), "a")
		if err != nil {
			return
		}
		set.Runs[0].Run.Shard, set.Runs[0].Run.Plan = shard, plan
		again, err := ReadFrom(bytes.NewReader(text), "b")
		if err != nil {
			t.Fatal(err)
		}
		runs := len(set.Runs)
		set.gaps()
		if _, err := set.overlaps(); err != nil {
			return
		}
		if err := set.join(again); err != nil || len(set.Runs) != runs {
			t.Fatalf("%d runs and the same again are %d: %v", runs, len(set.Runs), err)
		}
	})
}

// FuzzParseCell: a name that is accepted is the one that the cell has.
func FuzzParseCell(f *testing.F) {
	const usual, rare = "h=1/b=1/causal=0/pass=forward/dtype=f32/simd=avx2/threads=1/input=gaussian",
		"h=1/b=1/causal=1/pass=both/dtype=f32/simd=x/threads=1/input=a%2D1/k=1"
	f.Add("Attention/variant=a/n=64/d=8/" + usual)
	f.Add("Attention/variant=a/n=64/s=9/d=8/e=4/" + rare)
	f.Fuzz(func(t *testing.T, name string) {
		c, err := ParseCell(name)
		if err == nil && c.Name() != name {
			t.Fatalf("%q is read as %q", name, c.Name())
		}
	})
}
