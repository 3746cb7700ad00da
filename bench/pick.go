package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"attnbench/reports"
	"attnbench/results"
)

type pickCommand struct {
	N         int      `name:"n" required:"" help:"The length; between two measured ones it is interpolated."`
	MaxErr    float64  `required:"" placeholder:"E" help:"Error at most, on the worst head of real input."`
	MaxMemory string   `placeholder:"SIZE" help:"Counted memory of a call at most: 512KiB, 1.5GiB, 100MB."`
	Input     []string `placeholder:"NAME" help:"Real inputs whose errors count (default: all in the files)."`
	Head      []string `placeholder:"NAME" help:"Heads or kinds of them, as sink (default: all)."`
	Pass      []string `default:"forward" enum:"forward,backward,both" help:"Of ${enum}."`
	Files     []string `arg:"" name:"file" help:"Results files."`
}

// Run prints the fastest variant of the results that satisfies the limits, for each setting that they hold.
func (c *pickCommand) Run(env *environment) error {
	wish := reports.Wish{
		N: c.N, MaxError: c.MaxErr, MaxMemory: math.Inf(1), Inputs: c.Input, Heads: c.Head, Passes: c.Pass,
	}
	if c.N < 1 || !(c.MaxErr >= 0) {
		return fmt.Errorf("--n must be at least 1, --max-err at least 0")
	}
	if c.MaxMemory != "" {
		var err error
		if wish.MaxMemory, err = parseSize(c.MaxMemory); err != nil {
			return fmt.Errorf("--max-memory %s: %w", c.MaxMemory, err)
		}
	}
	set, err := results.Read(c.Files...)
	if err != nil {
		return err
	}
	answers, err := reports.Pick(set, wish)
	if err != nil {
		return err
	}
	found := false
	for _, a := range answers {
		printAnswer(env.stdout, a)
		found = found || len(a.Fastest) > 0
	}
	switch {
	case len(answers) == 0:
		return failure{fmt.Errorf("nothing was measured around n = %d in pass %s: measure it (bench run --n)",
			c.N, strings.Join(c.Pass, ","))}
	case !found:
		return failure{fmt.Errorf("nothing satisfies the limits with a time that is ranked")}
	}
	return nil
}

// printAnswer prints what there is to say about one setting, a line a variant.
func printAnswer(w io.Writer, a reports.Answer) {
	fmt.Fprintln(w, a.Setting)
	line := func(what string, list ...reports.Choosable) {
		for _, c := range list {
			fmt.Fprintf(w, "  %-18s%s\n", what, c.Text())
		}
	}
	if len(a.Fastest) > 0 {
		line("fastest", a.Fastest[0])
		line("inside the noise", a.Fastest[1:]...)
	}
	line("not ranked", a.Uncertain...)
	line("too much memory", a.Dear...)
	if a.Nearest != nil {
		line("too much error", *a.Nearest)
	}
	if len(a.Unknown) > 0 {
		fmt.Fprintf(w, "  %-18s%s\n", "no error known", strings.Join(a.Unknown, ", "))
	}
}

// parseSize reads a number of bytes with a unit: of 1024 where it has an i or no B, of 1000 else.
func parseSize(text string) (float64, error) {
	digits := strings.TrimRight(text, "kKMGTiB ")
	value, err := strconv.ParseFloat(digits, 64)
	units := map[string]float64{
		"": 1, "B": 1, "K": 1 << 10, "KiB": 1 << 10, "M": 1 << 20, "MiB": 1 << 20, "G": 1 << 30, "GiB": 1 << 30,
		"T": 1 << 40, "TiB": 1 << 40, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
	}
	factor, known := units[strings.TrimSpace(text[len(digits):])]
	if err != nil || !known || !(value >= 0) || math.IsInf(value, 0) {
		return 0, fmt.Errorf("no size: write a number of bytes, or with a unit 512KiB, 1.5GiB, 100MB")
	}
	return value * factor, nil
}
