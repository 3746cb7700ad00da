package results_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"attnbench/results"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func header(machine string) results.Header {
	return results.Header{
		{Key: "machine", Value: machine}, {Key: "cpu", Value: "Some CPU @ 2.0GHz"},
		{Key: "command", Value: "bench run --n 64"},
	}
}

// writeSmall writes a file of two cells, interleaved, and a skipped one.
func writeSmall(t *testing.T, w *results.Writer, samples int) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(w.Variant(results.Variant{Name: "alpha", Title: "Alpha", Role: results.RoleExact,
		Time: results.Growth{Text: "n²", Exponent: 2}}))
	a, b := smallCell(), smallCell()
	b.Options = []results.Option{{Name: "k", Value: "64"}}
	for i := range samples {
		ns := float64(1_000_000 + 1000*i)
		must(w.Sample(a, 1, results.Value{Unit: results.WorkBytes, Value: 4096},
			results.Value{Unit: results.Time, Value: ns}))
		must(w.Sample(b, 3, results.Value{Unit: results.Time, Value: 2 * ns},
			results.Value{Unit: results.PlanTime, Value: 12.5}))
	}
	must(w.Cell(results.CellNote{Cell: a.Name(), Status: results.Done, Output: "0badcafe",
		Warnings: []results.Warning{{Code: "short", Text: "a | b", Remedy: "run longer"}}}))
	a.N = 1 << 20
	must(w.Cell(results.CellNote{Cell: a.Name(), Status: results.Skipped, Code: "memory",
		Reason: "needs 8 TiB, limit 4 GiB"}))
}

func smallFile(t *testing.T, machine, run string, samples int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "results.txt")
	w, err := results.Create(path, header(machine), results.Run{ID: run, Start: "2026-01-02T03:04:05Z"})
	if err != nil {
		t.Fatal(err)
	}
	writeSmall(t, w, samples)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWriteRead(t *testing.T) {
	path := smallFile(t, "m1", "r1", 4)
	set, err := results.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Runs) != 1 || len(set.Runs[0].Cells) != 3 || len(set.Warnings) != 0 {
		t.Fatalf("got %d runs, warnings %v", len(set.Runs), set.Warnings)
	}
	run := set.Runs[0]
	want := append(results.Header{{Key: "schema", Value: "1"}}, header("m1")...)
	if diff := cmp.Diff(want, run.Header); diff != "" {
		t.Errorf("header (-want +got)\n%s", diff)
	}
	first := run.Cells[0]
	if diff := cmp.Diff([]float64{1000000, 1001000, 1002000, 1003000}, first.Values(results.Time)); diff != "" {
		t.Errorf("times, as written and in order (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]float64{12.5, 12.5, 12.5, 12.5}, run.Cells[1].Values(results.PlanTime)); diff != "" {
		t.Errorf("plan-ns (-want +got)\n%s", diff)
	}
	if first.Note.Output != "0badcafe" || first.Note.Run != "r1" ||
		first.Note.Warnings[0].Remedy != "run longer" {
		t.Errorf("note %+v", first.Note)
	}
	if seq := []int{first.Samples[0].Seq, first.Samples[1].Seq}; !cmp.Equal(seq, []int{0, 2}) {
		t.Errorf("places of the interleaved samples: %v, want [0 2]", seq)
	}
	if skipped := run.Cells[2]; skipped.Note.Status != results.Skipped || len(skipped.Samples) != 0 ||
		skipped.Cell.N != 1<<20 {
		t.Errorf("skipped cell %+v", skipped)
	}
	if v, ok := set.Variant("alpha"); !ok || v.Time.Exponent != 2 {
		t.Errorf("variant %+v, %v", v, ok)
	}
}

func TestLines(t *testing.T) {
	text, err := os.ReadFile(smallFile(t, "m1", "r1", 1))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"schema: 1\nmachine: m1\n",
		"\nUnit ns/op better=lower\n", "\nUnit work-B assume=exact\n", "\nUnit FLOP/s better=higher\n",
		"/input=gaussian 1 1000000 ns/op 4096 work-B\n",
		"/input=gaussian/k=64 3 2000000 ns/op 12.5 plan-ns\n",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the file lacks %q:\n%s", want, text)
		}
	}
}

func TestCreateKeepsExisting(t *testing.T) {
	path := smallFile(t, "m1", "r1", 1)
	if _, err := results.Create(path, header("m1"), results.Run{ID: "r2"}); err == nil {
		t.Fatal("an existing file was opened")
	}
	fresh := filepath.Join(t.TempDir(), "fresh.txt")
	if _, err := results.Create(fresh, results.Header{{Key: "Bad", Value: "1"}},
		results.Run{ID: "r"}); err == nil {
		t.Fatal("a bad header was written")
	}
	if _, err := os.Stat(fresh); !os.IsNotExist(err) {
		t.Errorf("a refused file was left behind: %v", err)
	}
}

func TestWriterRefuses(t *testing.T) {
	ns := func(v float64) results.Value { return results.Value{Unit: results.Time, Value: v} }
	clash, twice := smallCell(), smallCell()
	clash.Options = []results.Option{{Name: "head", Value: "1"}}
	twice.Options = []results.Option{{Name: "k", Value: "1"}, {Name: "k", Value: "2"}}
	tests := map[string]func(w *results.Writer) error{
		"no time": func(w *results.Writer) error {
			return w.Sample(smallCell(), 1,
				results.Value{Unit: results.WorkBytes})
		},
		"zero time":    func(w *results.Writer) error { return w.Sample(smallCell(), 1, ns(0)) },
		"not a number": func(w *results.Writer) error { return w.Sample(smallCell(), 1, ns(math.NaN())) },
		"no iteration": func(w *results.Writer) error { return w.Sample(smallCell(), 0, ns(1)) },
		"unknown unit": func(w *results.Writer) error {
			return w.Sample(smallCell(), 1, ns(1),
				results.Value{Unit: "bananas"})
		},
		"unit twice":    func(w *results.Writer) error { return w.Sample(smallCell(), 1, ns(1), ns(2)) },
		"option is key": func(w *results.Writer) error { return w.Sample(clash, 1, ns(1)) },
		"option twice":  func(w *results.Writer) error { return w.Sample(twice, 1, ns(1)) },
		"note's name":   func(w *results.Writer) error { return w.Cell(results.CellNote{Cell: "nonsense"}) },
		"long line": func(w *results.Writer) error {
			return w.Variant(results.Variant{Title: strings.Repeat("x", results.MaxLine)})
		},
		"another run":    func(w *results.Writer) error { return w.Run(results.Run{ID: "other"}) },
		"run without id": func(w *results.Writer) error { return w.Run(results.Run{}) },
	}
	for name, write := range tests {
		var out bytes.Buffer
		w, err := results.NewWriter(&out, header("m"), results.Run{ID: "r"})
		if err != nil {
			t.Fatal(err)
		}
		before := out.Len()
		if err := write(w); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line", name, err)
		}
		if out.Len() != before {
			t.Errorf("%s: refused, but wrote %q", name, out.String()[before:])
		}
	}
}

func TestTornLine(t *testing.T) {
	path := smallFile(t, "m1", "r1", 4)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// Cut the file inside the last sample: what is left of the line still parses, as a wrong number.
	cut := bytes.LastIndex(text, []byte("1003000 ns/op")) + len("1003")
	set, err := results.ReadFrom(bytes.NewReader(text[:cut]), "torn.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got := set.Runs[0].Cells[0].Values(results.Time); len(got) != 3 {
		t.Errorf("got %v, want the three whole samples", got)
	}
	if len(set.Warnings) != 1 || !strings.HasPrefix(set.Warnings[0], "torn.txt:") {
		t.Errorf("warnings %q", set.Warnings)
	}
}

func TestReadRefuses(t *testing.T) {
	name := smallCell().Name()
	head := "schema: 1\n#run {\"run\":\"r\"}\n"
	tests := map[string]struct{ text, want string }{
		"schema":       {"schema: 2\n#run {\"run\":\"r\"}\n", "bad.txt: schema 2, but this build reads schema 1"},
		"stock":        {"goos: linux\nBenchmarkCopy 1 2 ns/op\n", "bad.txt:2: not a results file"},
		"no schema":    {"#run {\"run\":\"r\"}\n", "bad.txt: not a results file"},
		"empty":        {"", "bad.txt: no results"},
		"foreign name": {head + "BenchmarkCopy 1 2 ns/op\n", "bad.txt:3: benchmark \"Copy\""},
		"no value":     {head + "Benchmark" + name + " 1\n", "bad.txt:3: missing measurements"},
		"bad json":     {head + "#cell {\n", "bad.txt:2: line 3: bad #cell line"},
		"other run":    {head + `#cell {"cell":"` + name + `","run":"q"}` + "\n", "belongs to run \"q\""},
		"two files":    {head + "schema: 1\n", "line 3: a second file begins here: join files with bench merge"},
		"no run id":    {"schema: 1\n#run {}\n", "it has no run id"},
		"long line":    {head + "# " + strings.Repeat("x", results.MaxLine) + "\n", "line 3 is longer"},
	}
	for what, test := range tests {
		_, err := results.ReadFrom(strings.NewReader(test.text), "bad.txt")
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line with %q", what, err, test.want)
		}
	}
}

func TestMerge(t *testing.T) {
	short, long, other := smallFile(t, "m1", "r1", 2), smallFile(t, "m1", "r1", 5), smallFile(t, "m2", "r2", 3)
	var out bytes.Buffer
	remarks, err := results.Merge(&out, short, long, other, long)
	if err != nil {
		t.Fatal(err)
	}
	if len(remarks) != 3 || remarks[2] != "1 cells of several runs gave the same bits, 0 did not" ||
		!strings.Contains(remarks[0], "both hold run r1: it counts once") {
		t.Errorf("remarks %q", remarks)
	}
	merged, err := results.ReadFrom(bytes.NewReader(out.Bytes()), "merged")
	if err != nil {
		t.Fatalf("%v in\n%s", err, out.String())
	}
	want, err := results.Read(long, other)
	if err != nil {
		t.Fatal(err)
	}
	ignore := cmp.Options{cmpopts.IgnoreUnexported(results.RunResults{}),
		cmpopts.IgnoreFields(results.RunResults{}, "File")}
	if diff := cmp.Diff(want, merged, ignore, cmp.Transformer("sorted", byName)); diff != "" {
		t.Errorf("merged file (-want +got)\n%s", diff)
	}
}

// byName removes the order of first appearance, which notes before samples change.
func byName(cells []*results.CellResults) map[string]results.CellResults {
	m := make(map[string]results.CellResults)
	for _, c := range cells {
		m[c.Cell.Name()] = *c
	}
	return m
}

func TestMergeRefusesEditedCopy(t *testing.T) {
	path := smallFile(t, "m1", "r1", 3)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	edited := filepath.Join(t.TempDir(), "edited.txt")
	if err := os.WriteFile(edited, bytes.Replace(text, []byte(" 1001000 "), []byte(" 1001 "), 1),
		0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := results.Merge(new(bytes.Buffer), path, edited); err == nil ||
		!strings.Contains(err.Error(), "both hold run r1") {
		t.Errorf("error %v", err)
	}
}

func TestLine(t *testing.T) {
	line, err := results.Line(smallCell(), 1, results.Value{Unit: results.Time, Value: 12})
	if want := fmt.Sprintf("Benchmark%s 1 12 ns/op\n", smallCell().Name()); err != nil || line != want {
		t.Errorf("got %q, %v, want %q", line, err, want)
	}
}
