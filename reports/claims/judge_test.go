package claims_test

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"attnbench/reports"
	"attnbench/reports/claims"
	"attnbench/results"

	"github.com/google/go-cmp/cmp"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// world makes results of which the truth is known: dense takes 10·n² ns and rank 2000·n ns, so that they
// cross at n = 200, with log-normal noise.
type world struct {
	lengths  []int
	noise    float64
	samples  int
	rank     float64 // ns for a token
	unstable []int   // lengths of rank whose note says so
	skipped  []int   // lengths at which dense was skipped
}

func usual() world {
	return world{lengths: []int{64, 128, 256, 512, 1024, 2048}, noise: 0.005, samples: 12, rank: 2000}
}

func (w world) cell(variant string, n int) results.Cell {
	c := results.Cell{
		Variant: variant, N: n, D: 64, Heads: 1, Batch: 1, Pass: "forward", DType: "f32", SIMD: "avx2", Threads: 1,
		Input: "gaussian",
	}
	if variant == "rank" {
		c.Options = []results.Option{{Name: "k", Value: "64"}}
	}
	return c
}

func (w world) set(t testing.TB) *results.Set {
	t.Helper()
	var out bytes.Buffer
	header := results.Header{
		{Key: "machine", Value: "m1"}, {Key: "commit", Value: "abc"}, {Key: "seed", Value: "1"},
	}
	writer, err := results.NewWriter(&out, header, results.Run{ID: "r1", End: "now"})
	check(t, err)
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range w.lengths {
		x := float64(n)
		w.measure(t, writer, rng, "dense", n, [2]float64{10 * x * x, 4 * x * x})
		w.measure(t, writer, rng, "rank", n, [2]float64{w.rank * x, 512 * x})
	}
	set, err := results.ReadFrom(&out, "results.txt")
	check(t, err)
	return set
}

func (w world) measure(
	t testing.TB, writer *results.Writer, rng *rand.Rand, variant string, n int, figures [2]float64,
) {
	c := w.cell(variant, n)
	note := results.CellNote{Cell: c.Name(), Status: results.Done}
	if variant == "dense" && slices.Contains(w.skipped, n) {
		note.Status, note.Reason = results.Skipped, "past this run's budget"
		check(t, writer.Cell(note))
		return
	}
	if variant == "rank" && slices.Contains(w.unstable, n) {
		note.Warnings = []results.Warning{{Code: results.CodeUnstable, Text: "scatters"}}
	}
	for range w.samples {
		check(t, writer.Sample(c, 1,
			results.Value{Unit: results.Time, Value: math.Round(figures[0] * math.Exp(w.noise*rng.NormFloat64()))},
			results.Value{Unit: results.WorkBytes, Value: figures[1]}))
	}
	check(t, writer.Cell(note))
}

// head is the part of a claim above its tests.
const head = `title = "Rank against dense"
source = "Somebody 2020, table 1"
url = "https://example.org/1"
statement = "Rank grows linearly and is faster from 200 tokens on."
conditions = "one accelerator."
differs = "one thread of a CPU."

[cells]
values = [64, 128, 256, 512, 1024, 2048]

[[series]]
name = "softmax"
variant = "dense"
published = [0.1, 0.4, 1.6, 6.4, 25.6, 102.4]

[[series]]
name = "Rank-64"
variant = "rank"
options = { k = 64 }
published = [0.8, 0.8, 1.6, 3.2, 6.4, 12.8]

`

func parse(t testing.TB, tests string) *claims.Claim {
	t.Helper()
	c, err := claims.Parse("rank.toml", []byte(head+tests))
	check(t, err)
	return c
}

func judge(t testing.TB, w world, tests string) claims.Judgement {
	t.Helper()
	all := claims.Judge(w.set(t), []*claims.Claim{parse(t, tests)}, nothing{})
	if len(all) != 1 || len(all[0].Judgements) != 1 {
		t.Fatalf("%d places", len(all))
	}
	return all[0].Judgements[0]
}

func TestVerdicts(t *testing.T) {
	const (
		exponent = "[[test]]\nmeasure = \"exponent\"\nof = \"Rank-64\"\n"
		cross    = "[[test]]\nmeasure = \"crossover\"\nof = \"Rank-64\"\nagainst = \"softmax\"\n"
		ratio    = "[[test]]\nmeasure = \"ratio\"\nof = \"Rank-64\"\nagainst = \"softmax\"\nat = [1024]\n"
		value    = "[[test]]\nmeasure = \"value\"\nof = \"Rank-64\"\nat = [1024]\n"
		memory   = "quantity = \"memory\"\n"
	)
	noisy, missing, skipped, unstable, slow, gap := usual(), usual(), usual(), usual(), usual(), usual()
	gap.unstable = []int{256}
	noisy.noise, missing.lengths, slow.rank = 0.02, []int{64, 128, 256}, 50000
	skipped.skipped, unstable.unstable = []int{1024, 2048}, []int{1024}
	for _, test := range []struct {
		name, tests string
		world       world
		want        claims.Verdict
		why         string
	}{
		{"exponent inside", exponent + "min = 0.9\nmax = 1.1", usual(), claims.Supported, ""},
		{"exponent outside", exponent + "min = 1.5", usual(), claims.NotSupported, ""},
		{"exponent on the limit", exponent + "min = 1.0", noisy, claims.Inconclusive, "straddles"},
		{"exponent of bytes", exponent + memory + "min = 0.999\nmax = 1.001", noisy, claims.Supported, ""},
		{"exponent without the end", exponent + "max = 1.1", missing, claims.Inconclusive, "not measured"},
		{"crossing inside", cross + "min = 150\nmax = 250", usual(), claims.Supported, ""},
		{"crossing outside", cross + "max = 150", usual(), claims.NotSupported, ""},
		{"crossing on the limit", cross + "max = 200", noisy, claims.Inconclusive, "straddles"},
		{"crossing at what is unstable", cross + "min = 150\nmax = 250", gap, claims.Inconclusive, "unstable"},
		{"crossing around what is unstable", cross + "min = 100\nmax = 512", gap, claims.Supported, ""},
		{"crossing beyond", cross + "max = 1000", slow, claims.NotSupported, ""},
		{"crossing beyond the range", cross + "max = 4000", slow, claims.Inconclusive, "straddles"},
		{"never crosses", cross + "min = 2048", slow, claims.Supported, ""},
		{"crossing of bytes", cross + memory + "min = 100\nmax = 256", usual(), claims.Supported, ""},
		{"crossing of bytes between", cross + memory + "max = 200", usual(), claims.Inconclusive, "straddles"},
		{"ratio like the original", ratio + "factor = 1.5", usual(), claims.Supported, ""}, // 5.12 and 4
		{"ratio unlike the original", ratio + "factor = 1.2", usual(), claims.NotSupported, ""},
		{"ratio", ratio + "min = 5\nmax = 5.3", usual(), claims.Supported, ""},
		{"ratio on the limit", ratio + "min = 5.12", noisy, claims.Inconclusive, "straddles"},
		{"ratio of what was skipped", ratio + "min = 5", skipped, claims.Inconclusive, "skipped: past this run's"},
		{"ratio of what is unstable", ratio + "min = 5", unstable, claims.Inconclusive, "unstable"},
		{"bytes of what is unstable", ratio + memory + "min = 7.9\nmax = 8.1", unstable, claims.Supported, ""},
		{"ratio over lengths", strings.Replace(ratio, "1024", "256", 1) + memory +
			"against_at = 2048\nmin = 127\nmax = 129", usual(), claims.Supported, ""},
		{"value", value + "min = 2.0e6\nmax = 2.1e6", usual(), claims.Supported, ""},
		{"one refutes", value + "max = 1.0e6\n" + exponent + "max = 1.1", usual(), claims.NotSupported, ""},
		{"one is open", ratio + "min = 5\n" + exponent + "max = 1.1", skipped, claims.Inconclusive, ""},
	} {
		j := judge(t, test.world, test.tests)
		f := j.Findings[0]
		if j.Verdict != test.want || !strings.Contains(f.Why, test.why) {
			t.Errorf("%s: %s (%q), ours %+v, want %s", test.name, j.Verdict, f.Why, f.Ours, test.want)
		}
		if len(j.Findings) == 1 {
			checkTrace(t, test.name, f)
		}
	}
}

// checkTrace: an open test says what would settle it, and every cell that counted can be found.
func checkTrace(t *testing.T, name string, f claims.Finding) {
	if f.Verdict == claims.Inconclusive && (f.Settle == "" || len(f.Runs) == 0) {
		t.Errorf("%s: nothing says what would settle it", name)
	}
	for _, e := range f.Evidence {
		if e.Problem == "" && (e.Name == "" || !slices.Equal(e.Files, []string{"results.txt"})) {
			t.Errorf("%s: no trace of %+v", name, e)
		}
	}
}

// TestLikeWithLike: cells of another shape or with other options decide nothing.
func TestLikeWithLike(t *testing.T) {
	tests := "[[test]]\nmeasure = \"value\"\nof = \"Rank-64\"\nat = [512]\nmin = 1"
	set := usual().set(t)
	for _, edit := range []struct{ old, new string }{
		{"[cells]", "[cells]\nheads = 8"}, {"[cells]", "[cells]\npass = \"both\""},
		{"[cells]", "[cells]\ncausal = true"},
		{"[cells]", "[cells]\nd = 32"}, {"[cells]", "[cells]\nthreads = 2"},
		{"[cells]", "[cells]\ninput = \"prose\""},
		{"[cells]", "[cells]\ndtype = \"bf16\""}, {"k = 64", "k = 32"}, {"k = 64", "k = 64, sharing = \"kv\""},
	} {
		c, err := claims.Parse("rank.toml", []byte(strings.Replace(head, edit.old, edit.new, 1)+tests))
		check(t, err)
		j := claims.Judge(set, []*claims.Claim{c}, nothing{})[0].Judgements[0]
		if j.Verdict != claims.Inconclusive || !strings.Contains(j.Findings[0].Why, "not measured") {
			t.Errorf("%s: %s", edit.new, j.Verdict)
		}
	}
	named := strings.Replace(head, "k = 64", `k = 64, sharing = "none"`, 1)
	c, err := claims.Parse("rank.toml", []byte(named+tests))
	check(t, err)
	if j := claims.Judge(set, []*claims.Claim{c}, declared{})[0].Judgements[0]; j.Verdict != claims.Supported {
		t.Errorf("an option at its default: %s, %s", j.Verdict, j.Findings[0].Why)
	}
}

// declared is a catalog with defaults.
type declared struct{}

func (declared) Default(_, option string) (string, bool) { return "none", option == "sharing" }

// TestDraws: an error is estimated over seeds, and too few of them decide nothing.
func TestDraws(t *testing.T) {
	text := strings.Replace(head, "[cells]", "[cells]\nquantity = \"error\"\ndraws = 6", 1) +
		"[[test]]\nmeasure = \"value\"\nof = \"Rank-64\"\nat = [512]\nmin = 1.0"
	c, err := claims.Parse("rank.toml", []byte(text))
	check(t, err)
	for seeds, want := range map[int]claims.Verdict{5: claims.Inconclusive, 6: claims.Supported} {
		set := new(results.Set)
		for seed := range seeds {
			var out bytes.Buffer
			header := results.Header{{Key: "machine", Value: "m1"}, {Key: "seed", Value: fmt.Sprint(seed)}}
			w, err := results.NewWriter(&out, header, results.Run{ID: fmt.Sprint("r", seed)})
			check(t, err)
			for range 10 { // samples of one draw are no draws
				check(t, w.Sample(usual().cell("rank", 512), 1, results.Value{Unit: results.Time, Value: 1},
					results.Value{Unit: results.RelErr, Value: 1.1 + 0.01*float64(seed)}))
			}
			one, err := results.ReadFrom(&out, "r.txt")
			check(t, err)
			set.Runs = append(set.Runs, one.Runs...)
		}
		f := claims.Judge(set, []*claims.Claim{c}, nothing{})[0].Judgements[0].Findings[0]
		if f.Verdict != want {
			t.Errorf("%d seeds: %s, %s", seeds, f.Verdict, f.Why)
		}
	}
}

// TestGolden compares the formats with those in testdata: go test -run Golden -args update writes them anew.
func TestGolden(t *testing.T) {
	w := usual()
	w.unstable = []int{1024}
	c := parse(t, `[[test]]
measure = "exponent"
of = "Rank-64"
min = 0.9
max = 1.1

[[test]]
measure = "crossover"
of = "Rank-64"
against = "softmax"
min = 256
max = 1024

[[test]]
measure = "ratio"
of = "Rank-64"
against = "softmax"
at = [512, 1024]
factor = 1.5
note = "Ratios within a factor of 1.5."
`)
	text := head[:strings.Index(head, "[cells]")] + "needs = \"whole layers\"\n"
	text = strings.Replace(text, "Rank against", "Layers of rank against", 1)
	layers, err := claims.Parse("layers.toml", []byte(text))
	check(t, err)
	all := claims.Judge(w.set(t), []*claims.Claim{c, layers}, nothing{})
	for _, format := range claims.Formats() {
		var out bytes.Buffer
		check(t, claims.Write(&out, format, all, reports.Options{}, nothing{}))
		if !strings.Contains(out.String(), "not supported") {
			t.Errorf("%s has no verdict", format)
		}
	}
	for format, name := range map[string]string{
		"text": "claims.txt", "markdown": "claims.md", "json": "claims.json", "csv": "claims.csv",
		"latex": "claims.tex",
	} {
		var out bytes.Buffer
		check(t, claims.Write(&out, format, all, reports.Options{}, nothing{}))
		file := filepath.Join("testdata", name)
		if slices.Contains(flag.Args(), "update") {
			check(t, os.WriteFile(file, out.Bytes(), 0o644))
		}
		want, err := os.ReadFile(file)
		check(t, err)
		if diff := cmp.Diff(portable(string(want)), portable(out.String())); diff != "" {
			t.Errorf("%s (-want +got)\n%s", file, diff)
		}
	}
}

// portable leaves out the digits that differ between processors.
func portable(document string) string {
	long := regexp.MustCompile(`[0-9]+\.[0-9]{5,}`)
	return long.ReplaceAllStringFunc(strings.ReplaceAll(document, "\r\n", "\n"), func(number string) string {
		v, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return number
		}
		return strconv.FormatFloat(v, 'g', 6, 64)
	})
}

// TestPlaces: machines, builds and SIMD paths have verdicts of their own, those without any cell none.
func TestPlaces(t *testing.T) {
	set := usual().set(t)
	other := usual()
	other.rank = 50000
	slow := other.set(t)
	slow.Runs[0].Run.ID, slow.Runs[0].Header[1].Value = "r2", "m2"
	stranger := usual().set(t)
	stranger.Runs[0].Header[1].Value = "m3"
	for _, c := range stranger.Runs[0].Cells {
		c.Cell.Heads = 4
	}
	set.Runs = slices.Concat(set.Runs, slow.Runs, stranger.Runs)
	tests := "[[test]]\nmeasure = \"ratio\"\nof = \"Rank-64\"\nagainst = \"softmax\"\nat = [512]\nmin = 1.0"
	all := claims.Judge(set, []*claims.Claim{parse(t, tests)}, nothing{})
	var got []string
	for _, v := range all {
		got = append(got, v.Machine+" "+v.SIMD+" "+string(v.Judgements[0].Verdict))
	}
	if want := []string{"m1 avx2 supported", "m2 avx2 not supported"}; !slices.Equal(got, want) {
		t.Errorf("verdicts are %q, want %q", got, want)
	}
	all = claims.Judge(&results.Set{Runs: stranger.Runs}, []*claims.Claim{parse(t, tests)}, nothing{})
	if len(all) != 1 || all[0].Judgements[0].Verdict != claims.Inconclusive {
		t.Errorf("nothing that decides: %+v", all)
	}
}

// TestAgain: what was unstable counts once it was measured again, and samples of several runs count together.
func TestAgain(t *testing.T) {
	tests := "[[test]]\nmeasure = \"value\"\nof = \"Rank-64\"\nat = [512]\nmin = 1000000.0\nmax = 1050000.0"
	noisy, few := usual(), usual()
	noisy.unstable, noisy.rank, few.samples = []int{512}, 9000, 4
	for _, test := range []struct {
		name    string
		worlds  []world
		want    claims.Verdict
		samples int
	}{
		{"unstable", []world{noisy}, claims.Inconclusive, 1},
		{"measured again", []world{noisy, usual()}, claims.Supported, 12},
		{"measured before", []world{usual(), noisy}, claims.Supported, 12},
		{"twice", []world{usual(), usual()}, claims.Supported, 24},
		{"few", []world{few}, claims.Inconclusive, 1},
		{"twice few", []world{few, few}, claims.Supported, 8},
	} {
		set := new(results.Set)
		for _, w := range test.worlds {
			set.Runs = append(set.Runs, w.set(t).Runs...)
		}
		f := claims.Judge(set, []*claims.Claim{parse(t, tests)}, nothing{})[0].Judgements[0].Findings[0]
		if f.Verdict != test.want || f.Ours.Samples != test.samples {
			t.Errorf("%s: %s of %d samples (%s)", test.name, f.Verdict, f.Ours.Samples, f.Why)
		}
	}
}
