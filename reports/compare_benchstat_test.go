package reports_test

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"attnbench/reports"
	"attnbench/results"
)

// TestCompareCommands runs the benchstat command of every table of a comparison, as printed, and compares
// medians, deltas, p and the geometric mean with the table's, to the digits that benchstat prints.
func TestCompareCommands(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil || runtime.GOOS == "windows" {
		t.Skip("go or a POSIX shell is missing")
	}
	old := synthetic{
		machine: "m1", lengths: []int{64, 1000}, samples: 9, noise: 0.02,
		inputs: []string{"gaussian", "my prose-1024"}, threads: []int{1, 2}, seed: 1, heads: true,
	}
	new := old
	new.seed, new.samples = 2, 11
	files := writeFiles(t, []synthetic{old, new, old, new})
	for _, f := range files[2:] { // second runs of each
		text, err := os.ReadFile(f)
		check(t, err)
		text = []byte(strings.ReplaceAll(string(text), "run-m1", "again-m1"))
		check(t, os.WriteFile(f, text, 0o644))
	}
	rename(t, files[1])
	rename(t, files[3])
	read := func(names ...string) *results.Set {
		set, err := results.Read(names...)
		check(t, err)
		return set
	}
	by := func(key string, values ...string) *reports.Comparison {
		c, err := reports.CompareBy(read(files[0]), reports.Axis{Key: key, Values: values},
			reports.CompareOptions{})
		check(t, err)
		return c
	}
	sides := func(old, new *results.Set) *reports.Comparison {
		c, err := reports.Compare(old, new, reports.CompareOptions{})
		check(t, err)
		return c
	}
	for name, c := range map[string]*reports.Comparison{
		"old new":             sides(read(files[0]), read(files[1])),
		"old,old new,new":     sides(read(files[0], files[2]), read(files[1], files[3])),
		"variant":             by("variant", "tiled", "dense", "window"),
		"variant with option": by("variant", "tiled", "rank[k=64]"),
		"option first":        by("variant", "rank[k=64]", "tiled"),
		"threads":             by("threads", "2", "1"),
	} {
		tables := 0
		for _, table := range c.Parts[0].Tables {
			if table.ID == "compare-"+results.Time {
				tables++
				agrees(t, name, table)
			}
		}
		if tables < 2 {
			t.Errorf("%s: %d tables of times", name, tables)
		}
	}
}

// rename gives a file's runs an identity of their own.
func rename(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	check(t, err)
	check(t, os.WriteFile(file, []byte(strings.ReplaceAll(string(text), `m1"`, `new"`)), 0o644))
}

// agrees compares a table with what its command prints.
func agrees(t *testing.T, name string, table reports.Table) {
	t.Helper()
	command := strings.Replace(table.Command, "benchstat ", "benchstat -format csv ", 1)
	text, err := exec.Command("sh", "-c", command).CombinedOutput()
	if err != nil || strings.Contains(string(text), "vary") || strings.Contains(string(text), "parsing") {
		t.Fatalf("%s: %s\n%v\n%s", name, table.Command, err, text)
	}
	lines := comparisonLines(t, string(text), table.Columns[2].Name)
	for _, row := range table.Rows {
		key := benchstatRow(row.Cells[0].Text)
		got, found := lines[key]
		if !found {
			t.Fatalf("%s: benchstat has no row %q\n%s\n%s", name, key, table.Command, text)
		}
		old, new := row.Cells[1].Figure.Median/1e9, row.Cells[2].Figure.Median/1e9
		if short(old) != short(got.number(t, 0)) || short(new) != short(got.number(t, 1)) {
			t.Errorf("%s, %s: medians %v and %v, benchstat has %v", name, key, old, new, got)
		}
		if delta := fmt.Sprintf("%+.2f%%", 100*row.Cells[3].Figure.Median); got[2] != "~" && got[2] != delta {
			t.Errorf("%s, %s: delta %s, benchstat has %s", name, key, delta, got[2])
		}
		p, tied := row.Cells[4].Figure, slices.Contains(row.Cells[4].Marks, reports.MarkTies)
		if key != "geomean" && tied == strings.HasPrefix(got[3], fmt.Sprintf("p=%.3f ", p.Median)) {
			t.Errorf("%s, %s: p %.3f, benchstat has %s", name, key, p.Median, got[3])
		}
	}
}

// benchstatRow is what benchstat calls a row: variant, length and options, those that there are.
func benchstatRow(name string) string {
	parts := regexp.MustCompile(`^(?:([a-z]+)(?:\[k=(\d+)\])? )?n=(\d+)$`).FindStringSubmatch(name)
	if parts == nil {
		return name
	}
	return strings.Join(strings.Fields(parts[1]+" "+parts[3]+" "+parts[2]), " ")
}

// comparisonLine holds the two medians, the delta and p as benchstat prints them.
type comparisonLine [4]string

func (l comparisonLine) number(t *testing.T, i int) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(l[i], 64)
	check(t, err)
	return v
}

// comparisonLines reads benchstat's CSV: lines of column keys, a line of units, then rows. column names the
// side that is compared with the first.
func comparisonLines(t *testing.T, text, column string) map[string]comparisonLine {
	t.Helper()
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	check(t, err)
	lines := make(map[string]comparisonLine)
	var keys [][]string
	at := 0
	for _, row := range rows {
		switch {
		case slices.Contains(row, "CI"):
			at = columnOf(keys, column)
		case row[0] == "" && len(row) > 1:
			keys = append(keys, row)
		case at > 0 && len(row) > at+2:
			line := comparisonLine{row[1], row[at], row[at+2]}
			if len(row) > at+3 {
				line[3] = row[at+3]
			}
			lines[row[0]] = line
		}
	}
	return lines
}

// columnOf finds the column of a side by its name: of a variant, by its label.
func columnOf(keys [][]string, name string) int {
	for i := 2; len(keys) > 0 && i < len(keys[0]); i++ {
		label := keys[0][i]
		if len(keys) > 1 && i < len(keys[1]) && keys[1][i] != "" {
			label += "[k=" + keys[1][i] + "]"
		}
		if label == name || "threads="+label == name {
			return i
		}
	}
	return 0
}

// TestTiedSamples: where stock benchstat is wrong, the table has another p, and says so. It prints p=0.000
// for these samples; 0.056 is the enumeration's.
func TestTiedSamples(t *testing.T) {
	file := func(run string, times ...float64) *results.Set {
		var out strings.Builder
		w, err := results.NewWriter(&out, results.Header{{Key: "machine", Value: "m"}},
			results.Run{ID: run, End: "x"})
		check(t, err)
		cell := results.Cell{Variant: "v", N: 64, D: 64, Heads: 1, Batch: 1, Pass: "forward", DType: "f32",
			SIMD: "avx2", Threads: 1, Input: "gaussian"}
		for _, ns := range times {
			check(t, w.Sample(cell, 1, results.Value{Unit: results.Time, Value: ns}))
		}
		set, err := results.ReadFrom(strings.NewReader(out.String()), run)
		check(t, err)
		return set
	}
	c, err := reports.Compare(file("a", 1003, 1003, 1003, 1004, 1004, 1004),
		file("b", 1003, 1001, 1003, 1003, 1003, 1003, 1003, 1002), reports.CompareOptions{})
	check(t, err)
	cell := c.Parts[0].Tables[0].Rows[0].Cells[4]
	if !slices.Contains(cell.Marks, reports.MarkTies) || math.Abs(cell.Figure.Median-0.0559) > 1e-4 {
		t.Errorf("p is %v with marks %v", cell.Figure.Median, cell.Marks)
	}
}
