package reports_test

import (
	"math"
	"strings"
	"testing"

	"attnbench/reports"
)

// lines are what an answer says.
func lines(a reports.Answer) string {
	var all []string
	for what, list := range map[string][]reports.Choosable{
		"fastest": a.Fastest, "uncertain": a.Uncertain, "dear": a.Dear,
	} {
		for _, c := range list {
			all = append(all, what+" "+c.Text())
		}
	}
	return strings.Join(append(all, "unknown "+strings.Join(a.Unknown, ", ")), "\n")
}

// TestPick: times and errors of the same heads. rank with 64 takes 2 µs a token and errs by 0.15 on sinks.
func TestPick(t *testing.T) {
	set := sweptSet(t)
	tests := []struct {
		wish         reports.Wish
		want, absent []string
	}{
		{reports.Wish{N: 4096, MaxError: 0.2, MaxMemory: math.Inf(1), Heads: []string{"sink"}},
			[]string{"fastest rank[size=64]: 8.", "error 0.150 on prose at n = 4096, worst head sink",
				"uncertain window[size=4096]: ", "not ranked: nearly exact by coverage", "unknown hash[size=2]"},
			[]string{"window[size=256]", "fastest tiled"}},
		{reports.Wish{N: 4096, MaxError: 0.2, MaxMemory: math.Inf(1)}, // on the worst head nothing else does
			[]string{"fastest tiled: 6"}, []string{"rank[", "window[size=64]"}},
		{reports.Wish{N: 2900, MaxError: 0.35, MaxMemory: 1 << 17, Heads: []string{"sink"}},
			[]string{"fastest window[size=256]: 11.", "time interpolated between n = 2048 and 4096",
				"dear rank[size=128]: 11.", "dear rank[size=64]: 5.", "on prose at n = 2048 and 4096"}, nil},
		{reports.Wish{N: 2900, MaxError: 0.1, MaxMemory: math.Inf(1), Heads: []string{"sink"}},
			[]string{"fastest rank[size=128]: 11."}, []string{"fastest window", "fastest rank[size=64]"}},
		{reports.Wish{N: 2900, MaxError: 0.45, MaxMemory: math.Inf(1), Inputs: []string{"prose"}},
			[]string{"fastest rank[size=128]: 11.", "fastest window[size=256]: 11."}, // 4 µs a token both
			[]string{"fastest tiled"}},
	}
	for _, test := range tests {
		answers, err := reports.Pick(set, test.wish)
		check(t, err)
		if len(answers) != 1 {
			t.Fatalf("%+v: %d answers, want one for the heads of all lengths", test.wish, len(answers))
		}
		got := lines(answers[0])
		for _, want := range test.want {
			if !strings.Contains(got, want) {
				t.Errorf("%+v: %q is not in:\n%s", test.wish, want, got)
			}
		}
		for _, absent := range test.absent {
			if strings.Contains(got, absent) {
				t.Errorf("%+v: %q is in:\n%s", test.wish, absent, got)
			}
		}
	}
	for _, n := range []int{511, 4097} {
		if answers, err := reports.Pick(set, reports.Wish{N: n, MaxError: 1}); err != nil || len(answers) > 0 {
			t.Errorf("n = %d: %v, was extrapolated: %+v", n, err, answers)
		}
	}
}
