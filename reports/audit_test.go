package reports_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"attnbench/reports"
	"attnbench/results"
)

// audited is a variant that claims O(n) of time and O(1) of memory, and what is counted and measured of it.
type audited struct {
	name                    string
	time, work, bytes, peak func(n float64) float64
}

// auditOf returns what a report says about it.
func auditOf(t *testing.T, a audited) string {
	t.Helper()
	var out bytes.Buffer
	header := results.Header{{Key: "machine", Value: "m"}}
	w, err := results.NewWriter(&out, header, results.Run{ID: "r", End: "e"})
	check(t, err)
	m := maker{Variant: results.Variant{
		Name: a.name, Role: results.RoleApproximation, Time: results.Growth{Text: "n", Exponent: 1},
		Memory: results.Growth{Text: "1"},
	}}
	check(t, w.Variant(m.Variant))
	for _, n := range doublings(256, 16384) {
		c := usual().cell(m, n, "gaussian", 1)
		x := float64(n)
		for i := range 8 {
			took := a.time(x) * (1 + 0.001*float64(i))
			check(t, w.Sample(c, 1, results.Value{Unit: results.Time, Value: took},
				results.Value{Unit: results.ExecRate, Value: a.work(x) / took * 1e9},
				results.Value{Unit: results.WorkBytes, Value: a.bytes(x)},
				results.Value{Unit: results.PeakBytes, Value: 1024*x + a.peak(x)}))
		}
		check(t, w.Cell(results.CellNote{Cell: c.Name(), Status: results.Done}))
	}
	set, err := results.ReadFrom(&out, "audit.txt")
	check(t, err)
	report, err := reports.Build(set)
	check(t, err)
	var lines []string
	for _, line := range report.Parts[0].Headlines {
		if strings.HasPrefix(line, "Audit: ") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// TestAudit: each kind of disagreement has its sentence, and nothing else is accused.
func TestAudit(t *testing.T) {
	power := func(factor, exponent float64) func(float64) float64 {
		return func(n float64) float64 { return factor * math.Pow(n, exponent) }
	}
	flat := power(1<<16, 0)
	beside := func(fixed, each float64) func(float64) float64 {
		return func(n float64) float64 { return fixed + each*n }
	}
	const claimed, constant = ", where O(n) is claimed.", ", where O(1) is claimed, which does not grow."
	tests := []struct {
		audited
		want []string
	}{
		{audited{"fine", power(1e3, 1), power(1e3, 1), flat, flat}, []string{
			"Audit: claimed growth, counted work, measured time and memory agree wherever enough lengths were " +
				"measured.",
		}},
		{audited{"busy", power(1e3, 1), power(1, 2), flat, flat}, []string{
			"Audit: busy: counted work grows as n^2.00" + claimed,
			"Audit: busy: measured time grows only as n^1.00 ±0.01, where its counted work grows as n^2.00.",
		}},
		{audited{"slow", power(1e3, 1.3), power(1e3, 1), flat, flat}, []string{
			"Audit: slow: measured time grows as n^1.30 ±0.01" + claimed,
		}},
		{audited{"waiting", power(1e3, 1), power(1e3, 0.8), flat, flat}, []string{
			"Audit: waiting: measured time grows as n^1.00 ±0.01, where its counted work grows as n^0.80.",
		}},
		{audited{"idle", power(1e5, 0.6), power(1e3, 1), flat, flat}, []string{
			"Audit: idle: measured time grows only as n^0.60 ±0.01, where its counted work grows as n^1.00.",
		}},
		{audited{"fat", power(1e3, 1), power(1e3, 1), power(4, 1), flat}, []string{
			"Audit: fat: counted memory grows as n^1.00" + constant,
		}},
		{audited{"creeping", power(1e3, 1), power(1e3, 1), beside(1<<20, 4), flat}, []string{
			"Audit: creeping: counted memory grows as n beside a fixed part of 94 %" + constant,
		}},
		{audited{"hiding", power(1e3, 1), power(1e3, 1), flat, power(4, 2)}, []string{
			"Audit: hiding: the measured peak is 1.02 GiB at n = 16384, where operands and counted bytes are " +
				"16.1 MiB.",
			"Audit: hiding: the measured peak grows as n^1.95, where operands grow as n and O(1) of memory is " +
				"claimed.",
		}},
		// Less than 2 MiB are of pages and the runtime of the language: however it grows, it accuses nobody.
		{audited{"paging", power(1e3, 1), power(1e3, 1), flat, func(n float64) float64 {
			return power(160, 1.2)(n) - 1024*n
		}}, []string{
			"Audit: claimed growth, counted work, measured time and memory agree wherever enough lengths were " +
				"measured.",
		}},
		{audited{"hoarding", power(1e3, 1), power(1e3, 1), flat, beside(1<<20, 512)}, []string{
			"Audit: hoarding: the measured peak is 25.0 MiB at n = 16384, where operands and counted bytes are " +
				"16.1 MiB.",
		}},
	}
	for _, test := range tests {
		if got := auditOf(t, test.audited); got != strings.Join(test.want, "\n") {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, strings.Join(test.want, "\n"))
		}
	}
}
