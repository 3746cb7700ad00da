package reports_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"attnbench/reports"
	"attnbench/results"
)

// passSet holds a baseline that keeps its n² weights for the backward pass, one that keeps n numbers, and an
// approximation. Backward takes twice the time of forward; cells of backward alone have no rel-err.
func passSet(t *testing.T, passes ...string) *results.Set {
	t.Helper()
	var out bytes.Buffer
	header := results.Header{{Key: "machine", Value: "m"}}
	w, err := results.NewWriter(&out, header, results.Run{ID: "r", End: "e"})
	check(t, err)
	made := makers()[1:6]
	for _, m := range made {
		check(t, w.Variant(m.Variant))
	}
	factor := map[string]float64{results.PassForward: 1, results.PassBackward: 2, results.PassBoth: 3}
	for _, n := range []int{256, 512, 1024, 2048} {
		for _, pass := range passes {
			for i, m := range made {
				c := usual().cell(m, n, "gaussian", 1)
				c.Pass = pass
				x := float64(n)
				if m.Name == "window" && pass != results.PassForward {
					note := results.CellNote{Cell: c.Name(), Status: results.Skipped, Reason: "computes no gradients"}
					check(t, w.Cell(note))
					continue
				}
				saved := map[string]float64{"dense": 4 * x * x, "tiled": 4 * x}[m.Name]
				if pass == results.PassForward {
					saved = 0
				}
				for k := range 8 {
					values := []results.Value{
						{Unit: results.Time, Value: factor[pass] * float64(i+1) * x * (100 + 0.1*float64(k))},
						{Unit: results.WorkBytes, Value: 1024}, {Unit: results.SavedBytes, Value: saved},
						{Unit: results.ImplErr, Value: 1e-7},
					}
					if pass != results.PassBackward {
						values = append(values, results.Value{Unit: results.RelErr, Value: m.error})
					}
					check(t, w.Sample(c, 1, values...))
				}
				check(t, w.Cell(results.CellNote{Cell: c.Name(), Status: results.Done}))
			}
		}
	}
	for _, pass := range passes {
		c := usual().cell(made[2], 2048, "prose", 1)
		c.Pass, c.Head = pass, "sink"
		values := []results.Value{{Unit: results.Time, Value: 1e6}}
		if pass != results.PassBackward {
			values = append(values, results.Value{Unit: results.RelErr, Value: 0.5})
		}
		check(t, w.Sample(c, 1, values...))
		check(t, w.Cell(results.CellNote{Cell: c.Name(), Status: results.Done}))
	}
	set, err := results.ReadFrom(&out, "passes.txt")
	check(t, err)
	return set
}

// tables are the tables of a report with an id, by what they are about.
func tables(t *testing.T, set *results.Set, id string) map[string]reports.Table {
	t.Helper()
	report, err := reports.Build(set)
	check(t, err)
	found := map[string]reports.Table{}
	for _, table := range report.Parts[0].Tables {
		if table.ID == id {
			found[table.Setting] = table
		}
	}
	return found
}

const (
	forwardSetting  = "gaussian, bidirectional, forward, 1 head, d 64, f32, avx2, 1 thread"
	backwardSetting = "gaussian, bidirectional, backward alone, 1 head, d 64, f32, avx2, 1 thread"
	bothSetting     = "gaussian, bidirectional, forward and backward, 1 head, d 64, f32, avx2, 1 thread"
)

// TestPassesDoNotMix: every kind of table of time is there for each pass, with that pass's times only.
func TestPassesDoNotMix(t *testing.T) {
	set := passSet(t, results.PassForward, results.PassBackward, results.PassBoth)
	for _, id := range []string{"time", "scaling", "crossover", "speedup-dense"} {
		if found := tables(t, set, id); len(found) != 3 {
			t.Errorf("%d tables %s, want one for each pass", len(found), id)
		}
	}
	for setting, factor := range map[string]float64{forwardSetting: 1, backwardSetting: 2, bothSetting: 3} {
		table := tables(t, set, "time")[setting]
		if len(table.Rows) == 0 {
			t.Fatalf("no times of %s", setting)
		}
		figure := table.Rows[0].Cells[1].Figure
		want := factor * 256 * 100.35
		if figure.Samples != 8 || math.Abs(figure.Median-want) > 0.01*want {
			t.Errorf("%s: %+v, want 8 samples around %v", setting, figure, want)
		}
		verified := strings.Contains(strings.Join(table.Notes, " "), "Output and gradients of every cell agreed")
		if verified != (factor > 1) {
			t.Errorf("%s: %q", setting, table.Notes)
		}
	}
}

// TestSavedBytes: what is kept for backward has a table, and counts as memory that grows.
func TestSavedBytes(t *testing.T) {
	set := passSet(t, results.PassForward, results.PassBoth)
	saved := tables(t, set, "saved")
	if len(saved) != 1 || saved[bothSetting].Rows[0].Cells[1].Figure.Median != 4*256*256 {
		t.Errorf("%+v", saved)
	}
	growth := map[string]float64{}
	for setting, table := range tables(t, set, "scaling") {
		growth[setting] = table.Rows[0].Cells[6].Figure.Median
	}
	if growth[forwardSetting] != 0 || growth[bothSetting] < 1.9 {
		t.Errorf("memory of dense grows as %v", growth)
	}
}

// TestErrorsOfPasses: outputs of forward and backward are those of forward; backward alone has none.
func TestErrorsOfPasses(t *testing.T) {
	for _, c := range []struct {
		passes  []string
		setting string
	}{
		{[]string{results.PassForward, results.PassBackward, results.PassBoth}, forwardSetting},
		{[]string{results.PassBackward, results.PassBoth}, bothSetting},
		{[]string{results.PassBackward}, ""},
	} {
		set := passSet(t, c.passes...)
		found := tables(t, set, "error")
		if _, ok := found[c.setting]; len(found) > 1 || ok != (c.setting != "") {
			t.Errorf("%v: %d tables of errors, for %s: %v", c.passes, len(found), c.setting, ok)
		}
		report, err := reports.Build(set)
		check(t, err)
		told := strings.Count(strings.Join(report.Parts[0].Headlines, "\n"), "On prose (n = 2048)")
		if heads := tables(t, set, "fidelity"); len(heads) != len(found) || told != len(found) {
			t.Errorf("%v: %d tables and %d sentences of heads, want %d", c.passes, len(heads), told, len(found))
		}
	}
}

// TestGapsNameThePass where there are several.
func TestGapsNameThePass(t *testing.T) {
	gaps := tables(t, passSet(t, results.PassForward, results.PassBackward, results.PassBoth), "gaps")[""]
	if len(gaps.Rows) != 1 || gaps.Columns[3].Name != "pass" ||
		gaps.Rows[0].Cells[3].Text != "backward alone, forward and backward" {
		t.Errorf("%+v", gaps)
	}
	gaps = tables(t, passSet(t, results.PassBoth), "gaps")[""]
	if len(gaps.Rows) != 1 || len(gaps.Columns) != 5 {
		t.Errorf("%+v", gaps)
	}
}

// decodeSet holds a baseline that keeps its context and an approximation that keeps sums. Each takes a token
// in proportion to what it keeps.
func decodeSet(t *testing.T) *results.Set {
	t.Helper()
	var out bytes.Buffer
	header := results.Header{{Key: "machine", Value: "m"}}
	w, err := results.NewWriter(&out, header, results.Run{ID: "r", End: "e"})
	check(t, err)
	dense, sums := makers()[1], makers()[3]
	check(t, w.Variant(dense.Variant))
	check(t, w.Variant(sums.Variant))
	for _, n := range []int{256, 512, 1024, 2048, 4096} {
		for m, state := range map[*maker]float64{&dense: float64(n) * 512, &sums: 1 << 18} {
			c := usual().cell(*m, n, "gaussian", 1)
			c.Pass, c.Causal = results.PassDecode, true
			for k := range 8 {
				check(t, w.Sample(c, 1000, results.Value{Unit: results.Time, Value: state / 64 * (1 + 0.001*float64(k))},
					results.Value{Unit: results.WorkBytes, Value: 4096},
					results.Value{Unit: results.StateBytes, Value: state},
					results.Value{Unit: results.ImplErr, Value: 1e-7}))
			}
			check(t, w.Cell(results.CellNote{Cell: c.Name(), Status: results.Done}))
		}
	}
	set, err := results.ReadFrom(&out, "decode.txt")
	check(t, err)
	return set
}

// TestDecoding: tables say what a call is, growth is that of a token and of the state, and the crossover is
// in position.
func TestDecoding(t *testing.T) {
	const setting = "gaussian, causal, decoding, 1 head, d 64, f32, avx2, 1 thread"
	set := decodeSet(t)
	if title := tables(t, set, "time")[setting].Title; title != "Time of one more token at position n" {
		t.Errorf("time: %q", title)
	}
	if state := tables(t, set, "state")[setting]; len(state.Rows) != 2 {
		t.Errorf("state: %+v", state)
	}
	report, err := reports.Build(set)
	check(t, err)
	gain := chartOf(t, report, "speedup-dense")
	if gain.XLabel != "position n" || len(lineOf(t, gain, "rank").X) == 0 {
		t.Errorf("the gain over keys and values is drawn over %s", gain.XLabel)
	}
	if roof := tables(t, set, "roofline"); len(roof) != 0 {
		t.Errorf("a roofline of memory that may be in a cache: %+v", roof)
	}
	claims := map[string]string{}
	for _, row := range tables(t, set, "scaling")[setting].Rows {
		for _, c := range row.Cells[1:] {
			claims[row.Cells[0].Text] += c.Text + "; "
		}
	}
	for name, want := range map[string]string{
		"dense": "O(n); n^1.00 ±0.01; 256–4096; as claimed; O(n); n^1.00; as claimed; n or n log n; n; –; ",
		"rank":  "O(1); n^0.00 ±0.01; 256–4096; as claimed; O(1); n^0.00; as claimed; 1; 1; –; ",
	} {
		if claims[name] != want {
			t.Errorf("%s: %q, want %q", name, claims[name], want)
		}
	}
	if crossing := tables(t, set, "crossover")[setting]; len(crossing.Rows) != 1 {
		t.Errorf("crossovers: %+v", crossing)
	}
	if errors := tables(t, set, "error"); len(errors) != 0 {
		t.Errorf("errors of single tokens: %+v", errors)
	}
}
