package attnbench_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"attnbench/reports"
	"attnbench/results"
)

// TestPublished renders the committed results again: the README's numbers and the published reports are what
// they say, or make published is due.
func TestPublished(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	picture := regexp.MustCompile(`\((results/published/[^/]+)/`).FindSubmatch(readme)
	if picture == nil {
		t.Fatal("README.md shows no picture of published results")
	}
	all, err := filepath.Glob(string(picture[1]) + "/*.txt") // of the same machine
	if err != nil || len(all) == 0 {
		t.Fatalf("no published results: %v", err)
	}
	var block bytes.Buffer
	if err := rebuild(t, all).WriteBlock(&block); err != nil {
		t.Fatal(err)
	}
	renewed, err := reports.Splice(readme, block.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(renewed, readme) {
		t.Error("README.md differs from the published results: make published")
	}
	folders, err := filepath.Glob("results/published/*/report.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range folders {
		checkReport(t, path)
	}
}

// checkReport compares a published report with its results.
func checkReport(t *testing.T, path string) {
	t.Helper()
	files, err := filepath.Glob(filepath.ToSlash(filepath.Dir(path)) + "/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := rebuild(t, files).Write(&got, "markdown", reports.Options{}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s differs from its results: make published", path)
	}
}

func rebuild(t *testing.T, files []string) *reports.Report {
	t.Helper()
	for i, file := range files {
		files[i] = filepath.ToSlash(file)
	}
	set, err := results.Read(files...)
	if err != nil {
		t.Fatal(err)
	}
	report, err := reports.Build(set)
	if err != nil {
		t.Fatal(err)
	}
	return report
}
