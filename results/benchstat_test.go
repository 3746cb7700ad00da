package results_test

import (
	"encoding/csv"
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"attnbench/results"
)

// TestBenchstat runs the stock tool on a file of ours: it must read every sample, and its medians must be
// those of the samples.
func TestBenchstat(t *testing.T) {
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("go is not on the path")
	}
	path := filepath.Join(t.TempDir(), "results.txt")
	w, err := results.Create(path, header("m1"), results.Run{ID: "r1"})
	if err != nil {
		t.Fatal(err)
	}
	want := make(map[string]float64) // by name
	for n := 64; n <= 512; n *= 2 {
		c := smallCell()
		c.N, c.Input = n, "a file-7"
		var times []float64
		for i := range 9 {
			ns := float64(n*n*10) * (1 + 0.01*float64(i*i%7))
			times = append(times, ns)
			if err := w.Sample(c, 1, results.Value{Unit: results.Time, Value: ns},
				results.Value{Unit: results.WorkBytes, Value: 64}); err != nil {
				t.Fatal(err)
			}
		}
		slices.Sort(times)
		want[c.Name()] = times[4]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tool, "tool", "benchstat", "-format", "csv", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	for name, ns := range want {
		cells := rowOf(t, string(out), name)
		got, err := strconv.ParseFloat(cells[1], 64)
		if err != nil || math.Abs(got*1e9-ns) > 1e-9*ns {
			t.Errorf("%s: benchstat says %s s, want %v ns", name, cells[1], ns)
		}
	}
	if strings.Contains(string(out), "vary") {
		t.Errorf("benchstat reports something that varies:\n%s", out)
	}
}

// rowOf returns the first row of benchstat's CSV that starts with name: the one of ns/op.
func rowOf(t *testing.T, text, name string) []string {
	t.Helper()
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if row[0] == name && len(row) > 1 {
			return row
		}
	}
	t.Fatal(fmt.Errorf("benchstat has no row %s:\n%s", name, text))
	return nil
}
