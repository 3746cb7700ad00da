package reports_test

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"attnbench/reports"
)

// TestNoiseFloor: it is what the noise of two medians leads to, and tells when it cannot be known.
func TestNoiseFloor(t *testing.T) {
	floor := func(s synthetic) string {
		report, err := reports.Build(s.set(t))
		check(t, err)
		for _, f := range report.Parts[0].Facts {
			if f.Key == "noise floor" {
				return f.Value
			}
		}
		t.Fatal("no noise floor")
		return ""
	}
	for _, noise := range []float64{0.01, 0.04} {
		s := usual()
		s.noise, s.samples = noise, 20
		words := strings.Fields(floor(s))
		got, err := strconv.ParseFloat(words[11], 64)
		check(t, err)
		// The median of 20 has a standard error of 0.27 times the noise; 95 % of differences keep to 1.96 √2 of it.
		want := 100 * 1.96 * math.Sqrt2 * 0.27 * noise
		if got < want/1.4 || got > 1.4*want {
			t.Errorf("noise of %v: %v %%, want about %.1f", noise, got, want)
		}
	}
	few := usual()
	few.samples = 6
	if text := floor(few); text != "too few cells to tell" {
		t.Error(text)
	}
}
