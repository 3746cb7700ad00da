package reports_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"attnbench/reports"

	"github.com/google/go-cmp/cmp"
)

// TestGolden compares whole reports with those in testdata: go test -run Golden -args -update writes them
// anew.
func TestGolden(t *testing.T) {
	report, err := reports.Build(usual().set(t))
	if err != nil {
		t.Fatal(err)
	}
	extension := map[string]string{"text": "txt", "markdown": "md", "html": "html", "csv": "csv", "json": "json", "latex": "tex"}
	for _, format := range reports.Formats() {
		var out bytes.Buffer
		if err := report.Write(&out, format, reports.Options{}); err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		file := filepath.Join("testdata", "report."+extension[format])
		if updating() {
			if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want = bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n"))
		if diff := cmp.Diff(string(want), out.String()); diff != "" {
			t.Errorf("%s differs from %s (-want +got)\n%s", format, file, diff)
		}
	}
}

// updating reports whether the golden files are to be written anew.
func updating() bool {
	for _, a := range flag.Args() {
		if a == "-update" || a == "update" {
			return true
		}
	}
	return false
}
