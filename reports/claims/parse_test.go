package claims_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"attnbench/reports/claims"
)

// whole is a claim that is in order; the tests of errors change a line of it.
const whole = `title = "Rank against dense"
source = "Somebody 2020, table 1"
url = "https://example.org/1"
statement = "Rank is faster."
conditions = "one accelerator"

[cells]
heads = 2
values = [256, 512, 1024]

[[series]]
name = "dense"
variant = "dense"
published = [1.0, 4.0, nan]

[[series]]
name = "rank"
variant = "rank"
options = { k = [32, 64, 64] }
published = [2.0, 4.0, 8.0]

[[test]]
measure = "ratio"
of = "rank"
against = "dense"
at = [256, 512]
factor = 2.0
`

func TestParse(t *testing.T) {
	c, err := claims.Parse("folder/rank.toml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	x := c.Cells
	if c.Name != "rank" || x.Along != "n" || x.Pass != "forward" || x.Dim != 64 || x.Heads != 2 || x.Draws != 1 {
		t.Errorf("parsed %+v", c)
	}
	want := []string{
		"variant=dense/n=256/d=64/h=2", "variant=dense/n=512/d=64/h=2", "variant=rank/n=256/d=64/h=2",
		"variant=rank/n=512/d=64/h=2",
	}
	wants := c.Wants()
	if len(wants) != len(want) {
		t.Fatalf("%d cells are wanted: %v", len(wants), wants)
	}
	for _, w := range wants {
		found := false
		for _, start := range want {
			found = found || strings.Contains(w.Cell.Name(), start)
		}
		k := map[int]string{256: "k=32", 512: "k=64"}[w.Cell.N]
		if !found || w.Cell.Variant == "rank" && !strings.HasSuffix(w.Cell.Name(), k) {
			t.Errorf("wants %s", w.Cell.Name())
		}
	}
}

// TestErrors: every error is one line that names file and line.
func TestErrors(t *testing.T) {
	for _, test := range []struct{ old, new, want string }{
		{`heads = 2`, `head = 2`, `c.toml:8: no key "cells.head" (there are quantity`},
		{`of = "rank"`, `off = "rank"`, `c.toml:24: no key "test.off" (there are measure`},
		{`title =`, `titel =`, `c.toml:1: no key "titel" (there are title`},
		{`title = "Rank against dense"`, ``, `c.toml:1: title is missing`},
		{`statement = "Rank is faster."`, `statement = " "`, `c.toml:4: statement is missing`},
		{`heads = 2`, `heads = "two"`, `c.toml:8: `},
		{`heads = 2`, `heads = -2`, `c.toml:8: heads = -2: it must be at least 1`},
		{`heads = 2`, `heads = `, `c.toml:8: `},
		{`heads = 2`, `quantity = "speed"`, `c.toml:8: "speed": it must be time, memory, footprint, error`},
		{`heads = 2`, `pass = "sideways"`, `c.toml:8: "sideways": it must be forward`},
		{`heads = 2`, `draws = 3`, `c.toml:8: draws = 3: an interval over draws needs 6`},
		{`heads = 2`, `n = 5`, `c.toml:8: n is given where the axis is another`},
		{`heads = 2`, `along = "k"`, `c.toml:7: n is given where the axis is another`},
		{`[256, 512, 1024]`, `[512, 256, 1024]`, `c.toml:9: values must be at least 1 and ascend`},
		{`values = [256, 512, 1024]`, ``, `c.toml:7: values, the places on the axis n, is missing`},
		{`[2.0, 4.0, 8.0]`, `[2.0]`, `c.toml:20: series "rank" has 1 published numbers for 3`},
		{`[32, 64, 64]`, `[32, 64]`, `c.toml:19: option k has 2 values for 3 of the axis`},
		{`[32, 64, 64]`, `{}`, `c.toml:19: option k:`},
		{`name = "rank"`, `name = "dense"`, `c.toml:17: two series are called "dense"`},
		{`of = "rank"`, `of = "ranks"`, `c.toml:24: no series is called "ranks"`},
		{`against = "dense"`, ``, `c.toml:22: measure ratio needs against`},
		{`measure = "ratio"`, `measure = "value"`, `c.toml:25: measure value has no against`},
		{`measure = "ratio"`, `measure = "speed"`, `c.toml:23: "speed": it must be exponent`},
		{`at = [256, 512]`, `at = [300]`, `c.toml:26: at: 300 is not among the values of the axis`},
		{`at = [256, 512]`, `at = [512, 256]`, `c.toml:26: at must ascend`},
		{`at = [256, 512]`, `against_at = 256`, `c.toml:26: against_at is for a ratio at one place`},
		{`at = [256, 512]`, ``, `c.toml:27: factor: there is no published number`},
		{`factor = 2.0`, ``, `c.toml:22: a test has min or max or both, or else factor`},
		{`factor = 2.0`, `factor = 0.5`, `c.toml:27: factor = 0.5: it must be above 1`},
		{`factor = 2.0`, `min = 3.0
max = 2.0`, `c.toml:27: min = 3 is above max = 2`},
		{`factor = 2.0`, `min = 1.0
original = 3.0`, `c.toml:28: original is one number, but the test looks at 2 places`},
		{`[[test]]`, `[[test`, `c.toml:22: `},
		{whole, ``, `c.toml:1: title is missing`},
		{whole[strings.Index(whole, "[[test]]"):], ``, `c.toml:1: there is no [[test]]`},
	} {
		_, err := claims.Parse("c.toml", []byte(strings.Replace(whole, test.old, test.new, 1)))
		if err == nil || !strings.HasPrefix(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q for %q:\n got %v\nwant %s", test.new, test.old, err, test.want)
		}
	}
}

// FuzzParse: whatever is in a file, it is a claim or an error of one line that names the file.
func FuzzParse(f *testing.F) {
	f.Add(whole)
	files, err := filepath.Glob("published/*.toml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := claims.Parse("c.toml", []byte(text))
		if err == nil {
			claims.Plan(c.Wants(), nothing{})
			return
		}
		if !strings.HasPrefix(err.Error(), "c.toml:") || strings.ContainsAny(err.Error(), "\n\r") {
			t.Errorf("error %q", err)
		}
	})
}

// nothing is a catalog that knows no option.
type nothing struct{}

func (nothing) Default(_, _ string) (string, bool) { return "", false }
