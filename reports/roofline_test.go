package reports_test

import (
	"bytes"
	"testing"

	"attnbench/reports"
	"attnbench/results"
)

// TestIntensity: a call of forward moves q, k, v and out, one of the other passes their gradients too. Names
// leave out s = n and e = d.
func TestIntensity(t *testing.T) {
	var out bytes.Buffer
	w, err := results.NewWriter(&out, results.Header{{Key: "machine", Value: "m"}}, results.Run{ID: "r"})
	check(t, err)
	forward := usual().cell(makers()[1], 1024, "gaussian", 1)
	cross, both := forward, forward
	cross.S, cross.E, both.Pass = 512, 128, results.PassBoth
	const seconds, rate = 1e-3, 1e10 // 1e7 FLOPs in a call
	for _, c := range []results.Cell{forward, cross, both} {
		for range 8 {
			check(t, w.Sample(c, 1, results.Value{Unit: results.Time, Value: 1e9 * seconds},
				results.Value{Unit: results.FLOPRate, Value: rate}, results.Value{Unit: results.ExecRate, Value: rate},
				results.Value{Unit: results.PeakFrac, Value: 0.5}))
		}
		check(t, w.Cell(results.CellNote{Cell: c.Name(), Status: results.Done}))
	}
	set, err := results.ReadFrom(&out, "f.txt")
	check(t, err)
	report, err := reports.Build(set)
	check(t, err)
	var got []string
	for _, table := range report.Parts[0].Tables {
		if table.ID == "roofline" {
			got = append(got, table.Rows[0].Cells[4].Text)
		}
	}
	// 1e7 over 4·(2·1024·128), over 4·(1536·192), over twice the first.
	if want := []string{"9.54", "8.48", "4.77"}; len(got) != 3 || got[0] != want[0] || got[1] != want[1] ||
		got[2] != want[2] {
		t.Errorf("intensities %v, want %v FLOP/B", got, want)
	}
}

// TestRooflineChart: the limit rises with the memory's bandwidth up to the peak, and is flat from there.
func TestRooflineChart(t *testing.T) {
	var out bytes.Buffer
	header := results.Header{{Key: "machine", Value: "m"}, {Key: "stream-avx2-t1", Value: "1e9"}}
	w, err := results.NewWriter(&out, header, results.Run{ID: "r"})
	check(t, err)
	c := usual().cell(makers()[1], 1024, "gaussian", 1)
	for range 8 {
		check(t, w.Sample(c, 1, results.Value{Unit: results.Time, Value: 1e6},
			results.Value{Unit: results.FLOPRate, Value: 1e10}, results.Value{Unit: results.PeakFrac, Value: 0.5}))
	}
	set, err := results.ReadFrom(&out, "f.txt")
	check(t, err)
	report, err := reports.Build(set)
	check(t, err)
	limit := lineOf(t, chartOf(t, report, "roofline"), "limit")
	if limit.X[1] != 20 || limit.Y[1] != 2e10 || limit.Y[2] != limit.Y[1] || limit.Y[0] != 1e9*limit.X[0] {
		t.Errorf("the limit goes through %v, %v; want a ridge at 20 FLOP/B, 20 GFLOP/s", limit.X, limit.Y)
	}
}
