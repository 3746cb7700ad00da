package reports_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"attnbench/reports"
	"attnbench/results"
)

// TestCommands runs the benchstat command of every table, as printed, on files with several inputs, thread
// counts, options, heads and machines, and compares every median with the table's, digit for digit as
// benchstat prints it.
func TestCommands(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("go is not on the path")
	}
	if runtime.GOOS == "windows" {
		t.Skip("the commands are quoted for a POSIX shell")
	}
	small := synthetic{
		machine: "m1", lengths: []int{64, 1000, 8192}, samples: 7, noise: 0.02, inputs: []string{"gaussian"},
		threads: []int{1}, seed: 1,
	}
	rich := small
	rich.inputs, rich.threads, rich.heads = []string{"gaussian", "my prose-1024", "(odd):@,"}, []int{1, 2}, true
	other := small
	other.machine, other.seed = "m2", 2
	beside := rich
	beside.heads, beside.peers = false, true
	tests := map[string][]synthetic{
		"plain": {small}, "rich": {rich}, "two machines": {rich, other}, "peers": {beside},
	}
	for name, sets := range tests {
		files := writeFiles(t, sets)
		set, err := results.Read(files...)
		check(t, err)
		report, err := reports.Build(set)
		check(t, err)
		commands := 0
		for _, p := range report.Parts {
			for _, table := range p.Tables {
				if table.Command != "" && (table.ID == "time" || table.ID == "workspace" && name == "plain") {
					commands++
					compareTable(t, name, table)
				}
			}
		}
		if commands < 2*len(sets) {
			t.Errorf("%s: only %d commands", name, commands)
		}
	}
}

// TestPooledRuns: two runs of one machine are pooled, by us and by the command.
func TestPooledRuns(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil || runtime.GOOS == "windows" {
		t.Skip("go or a POSIX shell is missing")
	}
	one := synthetic{
		machine: "m1", lengths: []int{64, 128}, samples: 4, noise: 0.02, inputs: []string{"gaussian"},
		threads: []int{1},
	}
	two := one
	two.seed = 9
	files := writeFiles(t, []synthetic{one, two})
	text, err := os.ReadFile(files[1])
	check(t, err)
	again := strings.NewReplacer("run-m1", "run-again", "seed: 1", "seed: 2").Replace(string(text))
	check(t, os.WriteFile(files[1], []byte(again), 0o644))
	set, err := results.Read(files...)
	check(t, err)
	report, err := reports.Build(set)
	check(t, err)
	if n := len(report.Parts); n != 1 {
		t.Fatalf("%d parts", n)
	}
	table := report.Parts[0].Tables[0]
	if n := table.Rows[0].Cells[1].Figure.Samples; n != 8 {
		t.Errorf("%d samples in a cell of two runs with 4 each", n)
	}
	compareTable(t, "pooled", table)
}

func writeFiles(t *testing.T, sets []synthetic) []string {
	t.Helper()
	dir, err := os.MkdirTemp(t.TempDir(), "it's a dir")
	check(t, err)
	var files []string
	for i, s := range sets {
		files = append(files, filepath.Join(dir, fmt.Sprintf("r%d.txt", i)))
		check(t, os.WriteFile(files[i], s.write(t), 0o644))
	}
	return files
}

// compareTable runs a table's command in a shell and looks its medians up.
func compareTable(t *testing.T, name string, table reports.Table) {
	t.Helper()
	command := strings.Replace(table.Command, "benchstat ", "benchstat -format csv ", 1)
	text, err := exec.Command("sh", "-c", command).CombinedOutput()
	if err != nil || strings.Contains(string(text), "vary") || strings.Contains(string(text), "parsing") {
		t.Fatalf("%s: %s\n%v\n%s", name, table.Command, err, text)
	}
	medians := readMedians(t, string(text))
	found := 0
	for _, row := range table.Rows {
		for i, cell := range row.Cells {
			if cell.Figure == nil {
				continue
			}
			found++
			label := row.Cells[0].Text
			want := cell.Figure.Median
			if cell.Figure.Unit == results.Time {
				want /= 1e9
			}
			got := medians[label+" "+table.Columns[i].Name]
			if short(got) != short(want) {
				t.Errorf("%s, %s, %s at %s: benchstat has %v, the table %v",
					name, table.ID, label, table.Columns[i].Name, got, want)
			}
		}
	}
	if found == 0 || found != len(medians) {
		t.Errorf("%s, %s: the table has %d figures, benchstat %d\n%s\n%s",
			name, table.ID, found, len(medians), table.Command, text)
	}
}

// short writes a figure with more digits than benchstat's tables have.
func short(v float64) string { return strconv.FormatFloat(v, 'g', 12, 64) }

// readMedians reads benchstat's CSV: lines of column keys, a line of units, then rows that start with the
// length.
func readMedians(t *testing.T, text string) map[string]float64 {
	t.Helper()
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	check(t, err)
	medians := make(map[string]float64)
	var keys [][]string
	for _, row := range rows {
		switch n, err := strconv.Atoi(row[0]); {
		case err == nil:
			addMedians(t, medians, keys, n, row)
		case row[0] == "" && slices.Contains(row, "CI"):
		case row[0] == "" && len(row) > 1:
			keys = append(keys, row)
		}
	}
	return medians
}

func addMedians(t *testing.T, medians map[string]float64, keys [][]string, n int, row []string) {
	t.Helper()
	for i := 1; i < len(row); i++ {
		named := func(key []string) bool { return i < len(key) && key[i] != "" }
		if !slices.ContainsFunc(keys, named) || row[i] == "" {
			continue
		}
		label := keys[0][i]
		for k := i; label == "" && k > 0; k-- {
			label = keys[0][k] // a key that spans columns stands over the first
		}
		for k, option := range []string{"k", "malloc"} { // no cell has both
			if len(keys) > k+1 && named(keys[k+1]) {
				label += "[" + option + "=" + keys[k+1][i] + "]"
			}
		}
		v, err := strconv.ParseFloat(row[i], 64)
		check(t, err)
		medians[label+" "+strconv.Itoa(n)] = v
	}
}
