package reports_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"attnbench/reports"
	"attnbench/results"
)

// TestWidth: no line of text but a command is wider than asked for.
func TestWidth(t *testing.T) {
	s := usual()
	s.inputs, s.threads = []string{"gaussian", strings.Repeat("long-", 30) + "input"}, []int{1, 2}
	report, err := reports.Build(s.set(t))
	check(t, err)
	for _, width := range []int{72, 100, 160} {
		var out bytes.Buffer
		check(t, report.Write(&out, "text", reports.Options{Width: width}))
		for line := range strings.Lines(out.String()) {
			line = strings.TrimSuffix(line, "\n")
			n := utf8.RuneCountInString(line)
			unbreakable := strings.HasPrefix(line, "go tool benchstat ") || n-strings.LastIndex(line, " ") > width/2
			if n > width && !unbreakable {
				t.Errorf("width %d: a line of %d columns: %s", width, n, line)
			}
		}
	}
}

func TestColor(t *testing.T) {
	report, err := reports.Build(usual().set(t))
	check(t, err)
	var plain, coloured bytes.Buffer
	check(t, report.Write(&plain, "text", reports.Options{}))
	check(t, report.Write(&coloured, "text", reports.Options{Color: true}))
	stripped := strings.NewReplacer("\x1b[1m", "", "\x1b[2m", "", "\x1b[0m", "").Replace(coloured.String())
	if stripped != plain.String() || stripped == coloured.String() || strings.Contains(plain.String(), "\x1b") {
		t.Error("colour changes more than colours")
	}
}

// TestHostileNames: names from a file are text in every format, never markup.
func TestHostileNames(t *testing.T) {
	var file bytes.Buffer
	w, err := results.NewWriter(&file, results.Header{{Key: "machine", Value: "<m>|`x`"}}, results.Run{ID: "r"})
	check(t, err)
	name := `a|b<script>_*&%$#{}\`
	check(t, w.Variant(results.Variant{Name: name, Role: results.RoleApproximation}))
	for _, n := range []int{64, 128, 256} {
		c := results.Cell{Variant: name, N: n, D: 8, Heads: 1, Batch: 1, Pass: "forward", Input: "x|y", Threads: 1}
		for i := range 7 {
			check(t, w.Sample(c, 1, results.Value{Unit: results.Time, Value: float64(n*1000 + i)}))
		}
		check(t, w.Cell(results.CellNote{Cell: c.Name(), Status: results.Done}))
	}
	set, err := results.ReadFrom(&file, "f.txt")
	check(t, err)
	report, err := reports.Build(set)
	check(t, err)
	forbidden := map[string][]string{
		"html": {"<script>_", "<m>"}, "markdown": {"a|b", "<script", "x|y"}, "latex": {"b<script>_", "&%", "$#"},
		"text": {"\\|"},
	}
	for _, format := range reports.Formats() {
		var out bytes.Buffer
		check(t, report.Write(&out, format, reports.Options{}))
		for _, bad := range forbidden[format] {
			if line := lineWith(out.String(), bad); line != "" {
				t.Errorf("%s holds %q: %s", format, bad, line)
			}
		}
	}
}

// lineWith returns the first line that holds text and is no command or comment.
func lineWith(document, text string) string {
	for line := range strings.Lines(document) {
		skipped := strings.Contains(line, "go tool benchstat") || strings.HasPrefix(line, "%")
		if strings.Contains(line, text) && !skipped {
			return line
		}
	}
	return ""
}

// TestNumbers: CSV and JSON hold every figure of the tables, in base units.
func TestNumbers(t *testing.T) {
	report, err := reports.Build(usual().set(t))
	check(t, err)
	figures := 0
	for _, table := range report.Parts[0].Tables {
		for _, row := range table.Rows {
			if len(row.Cells) != len(table.Columns) {
				t.Errorf("%s: a row of %d cells in a table of %d columns", table.ID, len(row.Cells), len(table.Columns))
			}
			for _, c := range row.Cells {
				if c.Figure != nil {
					figures++
				}
			}
		}
	}
	var out bytes.Buffer
	check(t, report.Write(&out, "csv", reports.Options{}))
	rows, err := csv.NewReader(&out).ReadAll()
	check(t, err)
	if len(rows) != figures+1 {
		t.Errorf("CSV has %d rows, want a heading and %d figures", len(rows), figures)
	}
	out.Reset()
	check(t, report.Write(&out, "json", reports.Options{}))
	if n := strings.Count(out.String(), `"median":`); n != figures || !json.Valid(out.Bytes()) {
		t.Errorf("JSON has %d figures, want %d", n, figures)
	}
	err = report.Write(&out, "odt", reports.Options{})
	if err == nil || !strings.Contains(err.Error(), "text, markdown") {
		t.Errorf("unknown format: %v", err)
	}
}

// TestSpeed: a report over 100,000 lines takes less than 5 seconds and 500 MB, of few settings or many.
func TestSpeed(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	few, wide := many(), many()
	few.inputs, few.threads, few.samples = []string{"gaussian", "prose"}, []int{1, 2, 4}, 160
	wide.inputs, wide.threads, wide.samples = []string{"gaussian", "prose", "code"}, []int{1, 2, 3, 4}, 80
	for name, s := range map[string]synthetic{"6 settings": few, "12 settings": wide} {
		t.Run(name, func(t *testing.T) {
			file := s.write(t)
			if n := bytes.Count(file, []byte("\nBenchmark")); n < 100_000 {
				t.Fatalf("only %d lines", n)
			}
			took := reportTime(t, file)
			if took > 5*time.Second {
				t.Errorf("a report over 100,000 lines takes %v", took)
			}
			// What the process got from the system at most, this test's own making of the file included.
			var memory runtime.MemStats
			runtime.ReadMemStats(&memory)
			const limit = 500e6
			if memory.Sys > limit {
				t.Errorf("a report over 100,000 lines takes %d MB", memory.Sys/1e6)
			}
			t.Log(took, memory.Sys/1e6, "MB")
		})
	}
}

// reportTime reads a file and writes its page. It is the time of processors: the machine may be busy.
func reportTime(t *testing.T, file []byte) time.Duration {
	t.Helper()
	start := busy(t)
	set, err := results.ReadFrom(bytes.NewReader(file), "big.txt")
	check(t, err)
	report, err := reports.Build(set)
	check(t, err)
	var out bytes.Buffer
	check(t, report.Write(&out, "html", reports.Options{}))
	return busy(t) - start
}
