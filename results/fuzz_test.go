package results_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"attnbench/results"
)

// FuzzRead: nothing makes the reader panic, and what it accepts it can write and read again to the same
// bytes.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds in testdata: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		set, err := results.ReadFrom(bytes.NewReader(text), "fuzz")
		if err != nil {
			return
		}
		var once, twice bytes.Buffer
		if err := set.Write(&once); err != nil {
			return // the reader takes samples that the writer refuses, such as unknown units
		}
		again, err := results.ReadFrom(bytes.NewReader(once.Bytes()), "again")
		if err != nil {
			t.Fatalf("own output refused: %v\n%s", err, once.Bytes())
		}
		if err := again.Write(&twice); err != nil {
			t.Fatalf("own output not written again: %v", err)
		}
		if !bytes.Equal(once.Bytes(), twice.Bytes()) {
			t.Fatalf("not stable:\n%s\n---\n%s", once.Bytes(), twice.Bytes())
		}
	})
}
