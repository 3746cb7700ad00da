package reports_test

import (
	"bytes"
	"testing"

	"attnbench/reports"
	"attnbench/results"
)

// TestCompareGolden compares whole comparisons with those in testdata: see TestGolden.
func TestCompareGolden(t *testing.T) {
	old := synthetic{
		machine: "m1", lengths: []int{64, 1024}, samples: 10, noise: 0.01, inputs: []string{"gaussian"},
		threads: []int{1}, seed: 1,
	}
	new := old
	new.seed, new.lengths = 2, []int{64, 1024, 4096}
	text := bytes.NewReader(bytes.ReplaceAll(new.write(t), []byte("run-m1"), []byte("run-new")))
	other, err := results.ReadFrom(text, "new.txt")
	check(t, err)
	comparison, err := reports.Compare(old.set(t), other, reports.CompareOptions{})
	check(t, err)
	for format, extension := range map[string]string{
		"text": "txt", "markdown": "md", "csv": "csv", "json": "json", "latex": "tex",
	} {
		var out bytes.Buffer
		check(t, comparison.Write(&out, format, reports.Options{}))
		compareGolden(t, "compare."+extension, out.Bytes())
	}
}
