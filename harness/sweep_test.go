package harness

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseInts(t *testing.T) {
	for text, want := range map[string][]int{
		"64":                  {64},
		"64,128, 1000":        {64, 128, 1000},
		"256..65536*2":        {256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536},
		"100..500+100":        {100, 200, 300, 400, 500},
		"1..30*3,1000":        {1, 3, 9, 27, 1000},
		"256..1024*2,512,768": {256, 512, 1024, 768},
		"5..5*2":              {5},
	} {
		got, err := parseInts("n", text, 1, 1<<24)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", text, err, diff)
		}
	}
}

func TestParseIntsRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                   "not a whole number",
		"64,":                "not a whole number",
		"1e3":                "not a whole number",
		"99999999999999":     "not a whole number",
		"0":                  "not between 1 and 16777216",
		"-64":                "not between",
		"33554432":           "not between",
		"256..65536":         "has no step: write 256..65536*2 or 256..65536+256",
		"512..256*2":         "runs backwards",
		"1..9*1":             "factor must be at least 2",
		"0..9*2":             "factor must be at least 2 and the start at least 1",
		"1..9+0":             "step must be at least 1",
		"1..9+-1":            "step must be at least 1",
		"1..16777216+1":      "more than 1000 values",
		"1..x*2":             `"x" is not a whole number`,
		"1..8*":              "not a whole number",
		"1..2147483647*9999": "",
	} {
		_, err := parseInts("n", text, 1, 1<<24)
		if want == "" {
			continue // only must not hang or overflow
		}
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "--n") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func FuzzParseInts(f *testing.F) {
	for _, seed := range []string{"64", "256..65536*2", "1..9+3,4", "..", "1..*2", "-1..5*2", "9..1*2", ",,"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		values, err := parseInts("n", text, 1, 1<<24)
		if (err == nil) != (len(values) > 0) {
			t.Fatalf("%q: %v and %v", text, values, err)
		}
		for i, v := range values {
			if v < 1 || v > 1<<24 || len(values) > maxAxis {
				t.Fatalf("%q: value %d of %d is %d", text, i, len(values), v)
			}
		}
	})
}

func TestParseSweepRefuses(t *testing.T) {
	clock := &fakeClock{}
	all := mechanisms(clock)
	yes := true
	for want, axes := range map[string]Axes{
		`unknown "lina": did you mean "linear"?`:             {Variants: "square,lina"},
		`unknown "" (`:                                       {Variants: "square,"},
		"--set square: write it as":                          {Set: []string{"square"}},
		"write it as VARIANT.OPTION":                         {Set: []string{"square.k="}},
		`"squire" is not among the variants of this sweep`:   {Set: []string{"squire.k=1"}},
		`"linear" is not among the variants`:                 {Variants: "square", Set: []string{"linear.k=1"}},
		`no option "kk": did you mean "k"?`:                  {Set: []string{"square.kk=1"}},
		"k=101: it must be between 1 and 100":                {Set: []string{"square.k=1,101"}},
		"the option is given twice":                          {Set: []string{"square.k=1", "square.k=2"}},
		`--pass: unknown "decoding"`:                         {Pass: "both,decoding"},
		`--pass: unknown "forwards": did you mean "forward"`: {Pass: "forwards"},
		`--dtype: unknown "fp16"`:                            {DType: "f32,fp16"},
		"--simd: ":                                           {SIMD: "sse9"},
		"--causal 2: 2 is not between 0 and 1":               {Causal: "2"},
		"--heads × --batch is up to 8192":                    {Heads: "4096", Batch: "1,2"},
		"--threads 0: 0 is not between":                      {Threads: "0"},
		`unknown input "gausian"`:                            {Input: "gausian"},
		"is not causal, a prefix of it is another problem":   {Input: "minilm-prose", N: "256"},
		"input smollm2-prose has 4096 tokens":                {Input: "gaussian,smollm2-prose", N: "8192"},
		"--dim 32: --input smollm2-prose brings its own":     {Input: "smollm2-prose", Dim: "32"},
		"absent.safetensors":                                 {Input: "absent.safetensors", Fidelity: &yes},
	} {
		_, err := ParseSweep(axes, all)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: %v, want %q", axes, err, want)
		}
	}
}

func TestBlocks(t *testing.T) {
	clock := &fakeClock{}
	yes, no := true, false
	for _, c := range []struct {
		axes          Axes
		blocks, cells int
		first         string
	}{
		{Axes{N: "256,64", Variants: "linear,square"}, 2, 4, "square"},
		{Axes{N: "64", Heads: "1,2", Dim: "8..32*2", Causal: "0,1", Threads: "1,2", Batch: "1,3"}, 48, 96,
			"square"},
		{Axes{N: "64", Set: []string{"square.k=1,4", "linear.k=9"}}, 1, 3, "square[k=1]"},
		{Axes{N: "64", Set: []string{"square.k=4"}}, 1, 2, "square"},
		{Axes{N: "64", Pass: "forward,both,forward"}, 2, 4, "square"},
		{Axes{N: "64", Pass: "forward,decode", Causal: "0,1"}, 3, 6, "square"},
		{Axes{N: "64", Pass: "decode"}, 1, 2, "square"},
		{Axes{Fidelity: &no}, 13, 26, "square"},
		{Axes{}, 13 + 17, 60, "square"},
		{Axes{Input: "smollm2-prose,minilm-prose"}, 17, 34, "square"},
		{Axes{Input: "smollm2-prose", N: "512,1024"}, 10, 20, "square"},
		{Axes{Input: "smollm2-prose", Fidelity: &yes}, 17, 34, "square"},
	} {
		sweep, err := ParseSweep(c.axes, mechanisms(clock))
		if err != nil {
			t.Fatal(err)
		}
		plan := planned(NewPlan(sweep, Limits{}, fakeMachine(clock)))
		cells, n := 0, 0
		for _, b := range plan.Blocks {
			cells += len(b.Cells)
			if !b.Fidelity() && b.Shape.N < n {
				t.Errorf("%+v: n = %d comes after n = %d", c.axes, b.Shape.N, n)
			}
			if !b.Fidelity() {
				n = b.Shape.N
			}
		}
		got := plan.Blocks[0].Cells[0].Label()
		if len(plan.Blocks) != c.blocks || cells != c.cells || got != c.first {
			t.Errorf("%+v: %d blocks, %d cells, first %s; want %d, %d, %s",
				c.axes, len(plan.Blocks), cells, got, c.blocks, c.cells, c.first)
		}
		plan.Close()
	}
}

func FuzzParseSet(f *testing.F) {
	for _, seed := range []string{"square.k=1", "square.k=1,2", ".k=1", "square.=1", "square.k=1|2"} {
		f.Add(seed)
	}
	all := mechanisms(&fakeClock{})
	f.Fuzz(func(t *testing.T, text string) {
		axis, err := parseSet(text, all)
		if err == nil && (axis.name != "k" || len(axis.values) == 0) {
			t.Fatalf("%q: %+v", text, axis)
		}
	})
}
