package reports_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"attnbench/reports"

	"github.com/google/go-cmp/cmp"
)

// TestGolden compares whole reports with those in testdata: go test -run Golden -args update writes them
// anew.
func TestGolden(t *testing.T) {
	report, err := reports.Build(usual().set(t))
	check(t, err)
	extensions := map[string]string{
		"text": "txt", "markdown": "md", "html": "html", "csv": "csv", "json": "json", "latex": "tex",
	}
	for _, format := range reports.Formats() {
		var out bytes.Buffer
		check(t, report.Write(&out, format, reports.Options{}))
		compareGolden(t, "report."+extensions[format], out.Bytes())
	}
}

// compareGolden compares a document with a file of testdata, or writes the file.
func compareGolden(t *testing.T, name string, document []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	got := portable(document)
	if updating() {
		check(t, os.WriteFile(file, got, 0o644))
	}
	want, err := os.ReadFile(file)
	check(t, err)
	want = bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n"))
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got)\n%s", file, diff)
	}
}

// portable leaves out pictures, which have tests of their own, and the digits that differ between processors.
func portable(document []byte) []byte {
	document = regexp.MustCompile(`(?s)<svg.*?</svg>`).ReplaceAll(document, []byte("<svg></svg>"))
	long := regexp.MustCompile(`[0-9]+\.[0-9]{5,}`)
	return long.ReplaceAllFunc(document, func(number []byte) []byte {
		v, err := strconv.ParseFloat(string(number), 64)
		if err != nil {
			return number
		}
		return strconv.AppendFloat(nil, v, 'g', 6, 64)
	})
}

// updating reports whether the golden files are to be written anew.
func updating() bool {
	for _, a := range flag.Args() {
		if a == "update" {
			return true
		}
	}
	return false
}
