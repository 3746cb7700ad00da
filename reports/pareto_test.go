package reports_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"attnbench/reports"
	"attnbench/results"
)

// knob is a mechanism under one setting.
type knob struct {
	maker
	value       string  // "" where there is none
	time, bytes float64 // ns of a token, or of a pair where the variant is exact; bytes of a call
	local, sink float64 // errors
	pairs       float64
}

func knobs() []knob {
	made := makers()
	dense, tiled, rank, window, hash := made[1], made[2], made[3], made[5], made[6]
	return []knob{
		{dense, "", 8, 1 << 24, 1e-7, 1e-7, 1}, {tiled, "", 4, 1 << 16, 1e-7, 1e-7, 1},
		{rank, "64", 2000, 1 << 18, 0.7, 0.15, 0}, {rank, "128", 4000, 1 << 19, 0.4, 0.06, 0},
		{rank, "32", 4100, 1 << 19, 0.8, 0.16, 0}, // dearer than 64, and worse
		{window, "64", 1000, 1 << 15, 0.08, 0.99, 0.03}, {window, "256", 4000, 1 << 15, 0.01, 0.3, 0.12},
		{window, "4096", 500, 1 << 10, 0, 0, 0.9},  // nearly exact by coverage
		{hash, "2", 100, 1 << 10, 0.01, 0.01, 0.1}, // of another target
	}
}

// sweptSet holds two mechanisms under several settings and two baselines, on two heads over lengths.
func sweptSet(t *testing.T) *results.Set {
	t.Helper()
	var out bytes.Buffer
	header := results.Header{{Key: "machine", Value: "m"}, {Key: "commit", Value: "0123abc"}}
	w, err := results.NewWriter(&out, header, results.Run{ID: "r", End: "e"})
	check(t, err)
	settings := knobs()
	for _, m := range settings {
		check(t, w.Variant(m.Variant))
	}
	rng := rand.New(rand.NewPCG(9, 9))
	for _, n := range []int{512, 1024, 2048, 4096} {
		for _, head := range []string{"local", "sink"} {
			for _, m := range settings {
				m.options = nil
				if m.value != "" {
					m.options = []results.Option{{Name: "size", Value: m.value}}
				}
				c := usual().cell(m.maker, n, "prose", 1)
				c.Head, c.Causal = head, true
				took, lost := m.time*float64(n), m.local
				if m.Role == results.RoleExact {
					took *= float64(n)
				}
				if head == "sink" {
					lost = m.sink
				}
				for range 10 {
					values := []results.Value{
						{Unit: results.Time, Value: math.Round(took * math.Exp(0.01*rng.NormFloat64()))},
						{Unit: results.WorkBytes, Value: m.bytes}, {Unit: results.ParamBytes, Value: 0},
						{Unit: results.RelErr, Value: lost},
						{Unit: results.RelErrZero, Value: 1}, {Unit: results.RelErrMeanV, Value: 0.95},
					}
					if m.pairs > 0 {
						values = append(values, results.Value{Unit: results.PairFrac, Value: m.pairs})
					}
					check(t, w.Sample(c, 1, values...))
				}
				check(t, w.Cell(results.CellNote{Cell: c.Name(), Status: results.Done}))
			}
		}
	}
	set, err := results.ReadFrom(&out, "swept.txt")
	check(t, err)
	return set
}

// rowTexts are the rows of a table as one text a row.
func rowTexts(t reports.Table) string {
	var rows []string
	for _, r := range t.Rows {
		var cells []string
		for _, c := range r.Cells {
			cells = append(cells, c.Shown())
		}
		rows = append(rows, strings.Join(cells, " | "))
	}
	return strings.Join(rows, "\n")
}

// TestGoldenSweep compares the tables and sentences of a sweep over knobs with those in testdata.
func TestGoldenSweep(t *testing.T) {
	report, err := reports.Build(sweptSet(t))
	check(t, err)
	part := &report.Parts[0]
	var keep []reports.Table
	for _, table := range part.Tables {
		if table.ID == "pareto" || table.ID == "iso-error" {
			keep = append(keep, table)
		}
	}
	part.Tables = keep
	for format, name := range map[string]string{"text": "sweep.txt", "markdown": "sweep.md"} {
		var out bytes.Buffer
		check(t, report.Write(&out, format, reports.Options{}))
		compareGolden(t, name, out.Bytes())
	}
}

// TestPareto: what is dominated, marked or of another target is on no front with the rest.
func TestPareto(t *testing.T) {
	const setting = "prose, causal, forward, 1 head, d 64, f32, avx2, 1 thread, n 4096"
	got := rowTexts(tables(t, sweptSet(t), "pareto")[setting])
	for _, absent := range []string{
		"rank[size=32]", "window[size=4096]", "hash", "sink | window[size=64]", "dense",
	} {
		if strings.Contains(got, absent) {
			t.Errorf("%s is on a front:\n%s", absent, got)
		}
	}
	for _, want := range []string{
		"local | window[size=64] | 0.080 | ", "local | window[size=256] | 0.010 | ", "local | tiled | ",
		"sink | rank[size=64] | 0.150 | ", "sink | rank[size=128] | 0.060 | ",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in:\n%s", want, got)
		}
	}
	other := tables(t, sweptSet(t), "pareto")[setting+", against shared-query attention"]
	if len(other.Rows) == 0 {
		t.Error("the other target has no fronts of its own")
	}
}

// TestIsoError: tiled takes 4·n² ns, so what takes c ns a token is faster from n = c/4.
func TestIsoError(t *testing.T) {
	const setting = "prose, causal, forward, 1 head, d 64, f32, avx2, 1 thread"
	got := rowTexts(tables(t, sweptSet(t), "iso-error")[setting])
	for _, want := range []string{
		"local ≤ 0.5 | 4096 | window[size=64] | 0.080 | window[size=64] | at every measured length",
		"local ≤ 0.05 | 4096 | window[size=256] | 0.010 | ",
		"sink ≤ 0.5 | 4096 | rank[size=64] | 0.150 | window[size=256] | ",
		"sink ≤ 0.1 | 4096 | rank[size=128] | 0.060 | rank[size=128] | ",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in:\n%s", want, got)
		}
	}
	if strings.Contains(got, "sink ≤ 0.05") {
		t.Errorf("a level that no mechanism reaches:\n%s", got)
	}
	report, err := reports.Build(sweptSet(t))
	check(t, err)
	told := strings.Join(report.Parts[0].Headlines, "\n")
	const want = "On prose, head sink: at an error ≤ 0.2 the fastest is rank[size=64], faster than dense"
	if !strings.Contains(told, want) {
		t.Errorf("%q is not in:\n%s", want, told)
	}
}
