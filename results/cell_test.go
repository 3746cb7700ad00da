package results_test

import (
	"regexp"
	"strings"
	"testing"

	"attnbench/results"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// smallCell is a cell with every key that is always written.
func smallCell() results.Cell {
	return results.Cell{
		Variant: "alpha", N: 4096, D: 64, Heads: 8, Batch: 1, Pass: "forward", DType: "f32", SIMD: "avx2",
		Threads: 1, Input: "gaussian",
	}
}

func TestCellName(t *testing.T) {
	tests := []struct {
		name string
		edit func(c *results.Cell)
		want string // behind variant=alpha/
	}{
		{"plain", func(*results.Cell) {},
			"n=4096/d=64/h=8/b=1/causal=0/pass=forward/dtype=f32/simd=avx2/threads=1/input=gaussian"},
		{"s and e", func(c *results.Cell) { c.S, c.E = 128, 32 },
			"n=4096/s=128/d=64/e=32/h=8/b=1/causal=0/pass=forward/dtype=f32/simd=avx2/threads=1/input=gaussian"},
		{"s and e as usual", func(c *results.Cell) { c.S, c.E, c.Causal = 4096, 64, true },
			"n=4096/d=64/h=8/b=1/causal=1/pass=forward/dtype=f32/simd=avx2/threads=1/input=gaussian"},
		{"options", func(c *results.Cell) {
			c.Head, c.Options = "sink", []results.Option{
				{Name: "eps", Value: "1e-06"}, {Name: "dilation", Value: "1|2|3"},
			}
		}, "n=4096/d=64/h=8/b=1/causal=0/pass=forward/dtype=f32/simd=avx2/threads=1/input=gaussian" +
			"/head=sink/eps=0.000001/dilation=1%7C2%7C3"},
		{"gomaxprocs", func(c *results.Cell) { c.Input = "my prose-1024" },
			"n=4096/d=64/h=8/b=1/causal=0/pass=forward/dtype=f32/simd=avx2/threads=1/input=my%20prose%2D1024"},
		{"file", func(c *results.Cell) { c.Input = `a/b=c\d-7.safetensors` },
			"n=4096/d=64/h=8/b=1/causal=0/pass=forward/dtype=f32/simd=avx2/threads=1" +
				"/input=a%2Fb%3Dc%5Cd-7.safetensors"},
	}
	for _, test := range tests {
		c := smallCell()
		test.edit(&c)
		if got, want := c.Name(), "Attention/variant=alpha/"+test.want; got != want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, want)
		}
	}
}

func TestCellLabel(t *testing.T) {
	c := smallCell()
	if got := c.Label(); got != "alpha" {
		t.Errorf("without options: %q", got)
	}
	c.Options = []results.Option{{Name: "eps", Value: "1e-3"}, {Name: "k", Value: "64"}}
	if got := c.Label(); got != "alpha[eps=0.001,k=64]" {
		t.Errorf("with options: %q", got)
	}
}

func TestParseCellRefuses(t *testing.T) {
	good := smallCell().Name()
	tests := map[string]string{
		"other benchmark": "Copy/size=4",
		"no keys":         "Attention",
		"missing key":     strings.Replace(good, "/threads=1", "", 1),
		"order": "Attention/n=4096/variant=alpha" +
			strings.TrimPrefix(good, "Attention/variant=alpha/n=4096"),
		"twice":         good + "/n=8",
		"option twice":  good + "/k=8/k=9",
		"not a number":  strings.Replace(good, "d=64", "d=wide", 1),
		"not a flag":    strings.Replace(good, "causal=0", "causal=2", 1),
		"gomaxprocs":    good + "-8",
		"bad escape":    good + "/k=%zz",
		"cut escape":    good + "/k=%2",
		"not key=value": good + "/k",
	}
	for name, text := range tests {
		if c, err := results.ParseCell(text); err == nil {
			t.Errorf("%s: ParseCell(%q) = %+v, want an error", name, text, c)
		}
	}
}

// TestCellRoundTrip holds for any text in any place.
func TestCellRoundTrip(t *testing.T) {
	clean := regexp.MustCompile(`^[!-~]*$`)
	gomaxprocs := regexp.MustCompile(`-[0-9]+$`)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z/ =|%"-]{0,4}-[0-9]{1,4}`))
		c := smallCell()
		c.Variant, c.Pass, c.Input, c.Head = text.Draw(t, "variant"), text.Draw(t, "pass"),
			text.Draw(t, "input"), text.Draw(t, "head")
		c.Causal = rapid.Bool().Draw(t, "causal")
		for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"k", "eps", "window"}),
			rapid.ID[string]).Draw(t, "options") {
			value := rapid.StringMatching(`[a-df-z/|%-]{0,3}-?[0-9.]{0,4}`).Draw(t, name)
			c.Options = append(c.Options, results.Option{Name: name, Value: value})
		}
		name := c.Name()
		if !clean.MatchString(name) || gomaxprocs.MatchString(name) {
			t.Fatalf("name %q is no benchmark name", name)
		}
		back, err := results.ParseCell(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c, back); diff != "" {
			t.Fatalf("%s: (-want +got)\n%s", name, diff)
		}
	})
}
