package reports_test

import (
	"bytes"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"attnbench/reports"
	"attnbench/results"
)

// withPeers is a report with peers in it.
func withPeers(t *testing.T) *reports.Report {
	t.Helper()
	s := usual()
	s.peers, s.heads = true, false
	report, err := reports.Build(s.set(t))
	check(t, err)
	return report
}

func tableOf(t *testing.T, r *reports.Report, id string) reports.Table {
	t.Helper()
	tables := r.Parts[0].Tables
	i := slices.IndexFunc(tables, func(table reports.Table) bool { return table.ID == id })
	if i < 0 {
		t.Fatalf("no table %s", id)
	}
	return tables[i]
}

// TestPeersShareTables: they stand in the tables of the setting that they were measured beside, below the
// others, under a heading.
func TestPeersShareTables(t *testing.T) {
	report := withPeers(t)
	times := 0
	for _, table := range report.Parts[0].Tables {
		if table.ID == "time" {
			times++
		}
	}
	if times != 1 {
		t.Errorf("%d tables of time, want 1", times)
	}
	var labels []string
	table := tableOf(t, report, "time")
	for _, r := range table.Rows {
		labels = append(labels, r.Cells[0].Text)
		if r.Peer != strings.HasPrefix(r.Cells[0].Text, "lib-") {
			t.Errorf("%s: a peer: %v", r.Cells[0].Text, r.Peer)
		}
	}
	want := []string{"lib-tiled", "lib-rank", "lib-rank[malloc=tuned]"}
	if got := labels[max(0, len(labels)-3):]; !slices.Equal(got, want) {
		t.Errorf("the last rows are %v", got)
	}
	for format, heading := range map[string]string{
		"text": "\n peers:\n", "markdown": "| *peers:* ", "html": `scope="rowgroup" colspan="8">peers</th>`,
		"latex": `\textit{peers:}`,
	} {
		var out bytes.Buffer
		check(t, report.Write(&out, format, reports.Options{}))
		if !strings.Contains(out.String(), heading) {
			t.Errorf("%s lacks the heading %q", format, heading)
		}
	}
}

// TestOnlyExactPeersAreRanked: lib-rank is the fastest of all, but it is no exact attention.
func TestOnlyExactPeersAreRanked(t *testing.T) {
	report := withPeers(t)
	for _, r := range tableOf(t, report, "time").Rows {
		for i, c := range r.Cells {
			if c.Best && strings.HasPrefix(r.Cells[0].Text, "lib-rank") {
				t.Errorf("%s is the best of column %d", r.Cells[0].Text, i)
			}
		}
	}
	lines := strings.Join(report.Parts[0].Headlines, "\n")
	if !strings.Contains(lines, "Fastest: lib-tiled at n = 64") {
		t.Errorf("the exact peer is the fastest at n = 64, but:\n%s", lines)
	}
}

func TestAgainstPeers(t *testing.T) {
	report := withPeers(t)
	table := tableOf(t, report, "against-peers")
	want := map[string]float64{
		"tiled / lib-tiled": 0.5, "rank / lib-rank": 0.25, "rank / lib-rank[malloc=tuned]": 0.125,
	}
	if len(table.Rows) != len(want) {
		t.Errorf("%d rows, want %d: k=64 has no peer", len(table.Rows), len(want))
	}
	for _, r := range table.Rows {
		truth := want[r.Cells[0].Text]
		for _, c := range r.Cells[1:] {
			if c.Figure == nil {
				continue // tiled stops
			}
			f := c.Figure
			if math.Abs(f.Median/truth-1) > 0.03 || f.Lo >= f.Median || f.Hi <= f.Median {
				t.Errorf("%s: %v in [%v, %v], want %v", r.Cells[0].Text, f.Median, f.Lo, f.Hi, truth)
			}
		}
	}
	lines := strings.Join(report.Parts[0].Headlines, "\n")
	sentence := regexp.MustCompile(`At n = 16384 rank is 0.2\S+ ±\d% times as fast as lib-rank ` +
		`and 0.1\S+ ±\d% times as fast as lib-rank\[malloc=tuned\]\.`)
	if !sentence.MatchString(lines) {
		t.Errorf("no sentence about rank and its peers:\n%s", lines)
	}
}

// TestCrossoverAgainstPeers: from which length a variant pays is also said against exact peers.
func TestCrossoverAgainstPeers(t *testing.T) {
	found := 0
	for _, r := range tableOf(t, withPeers(t), "crossover").Rows {
		switch variant, base := r.Cells[0].Text, r.Cells[1].Text; {
		case strings.HasPrefix(variant, "lib-") || strings.HasPrefix(base, "lib-rank"):
			t.Errorf("%s against %s", variant, base)
		case variant == "rank" && base == "lib-tiled": // 2 n² = 2000 n
			found++
			if f := r.Cells[2].Figure; f == nil || math.Abs(f.Median/1000-1) > 0.05 {
				t.Errorf("rank crosses lib-tiled at %+v, want 1000", r.Cells[2])
			}
		}
	}
	if found != 1 {
		t.Errorf("%d rows about rank against lib-tiled", found)
	}
}

func TestPeerTable(t *testing.T) {
	rows := tableOf(t, withPeers(t), "peers").Rows
	if len(rows) != 2 {
		t.Fatalf("%d rows", len(rows))
	}
	want := []string{"lib-tiled", "tiled", "lib-tiled 1.2", "example.org/lib-tiled", "code of others"}
	for i, c := range rows[0].Cells {
		if c.Text != want[i] {
			t.Errorf("%q, want %q", c.Text, want[i])
		}
	}
}

// TestLonelyPeers: a file of peers alone has tables of its own.
func TestLonelyPeers(t *testing.T) {
	var file bytes.Buffer
	w, err := results.NewWriter(&file, nil, results.Run{ID: "r"})
	check(t, err)
	check(t, w.Variant(results.Variant{Name: "lib", Role: results.RolePeer, Implements: "tiled", Exact: true}))
	c := results.Cell{Variant: "lib", N: 64, D: 8, Heads: 1, Batch: 1, Pass: "forward", DType: "f32",
		SIMD: results.External, Threads: 1, Input: "gaussian"}
	for i := range 7 {
		check(t, w.Sample(c, 1, results.Value{Unit: results.Time, Value: float64(1000 + i)}))
	}
	set, err := results.ReadFrom(&file, "lonely")
	check(t, err)
	report, err := reports.Build(set)
	check(t, err)
	if table := tableOf(t, report, "time"); len(table.Rows) != 1 || strings.Contains(table.Command, "OR") {
		t.Errorf("%d rows, %s", len(table.Rows), table.Command)
	}
}

// TestPeersInCharts: exact ones are drawn, dashed.
func TestPeersInCharts(t *testing.T) {
	found := false
	for _, line := range withPeers(t).Parts[0].Charts[0].Series {
		switch {
		case strings.HasPrefix(line.Label, "lib-rank"):
			t.Errorf("%s is drawn", line.Label)
		case line.Label == "lib-tiled":
			found = line.Dashed
		}
	}
	if !found {
		t.Error("lib-tiled is not drawn, or not dashed")
	}
}
