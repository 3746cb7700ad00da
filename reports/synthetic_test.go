package reports_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"attnbench/results"
)

// synthetic makes results of which the truth is known: time = scale·n^exponent·(1 + overhead/n) with
// log-normal noise.
type synthetic struct {
	machine string
	lengths []int
	samples int
	noise   float64 // standard deviation of log time
	inputs  []string
	threads []int
	seed    uint64
	heads   bool // with cells of single heads on real input
}

// maker is a made-up variant.
type maker struct {
	results.Variant
	nanoseconds, exponent, overhead float64
	work                            func(n float64) float64
	options                         []results.Option
	error                           float64
	pairs                           float64 // share of pairs scored, 0 where none
	longest                         int     // skipped beyond
}

func makers() []maker {
	claim := func(text string, e float64) results.Growth { return results.Growth{Text: text, Exponent: e} }
	square := func(n float64) float64 { return 4 * n * n }
	linear := func(n float64) float64 { return 1024 * n }
	none := func(float64) float64 { return 0 }
	return []maker{
		{Variant: results.Variant{Name: "copy", Title: "Copy", Role: results.RoleReference, Time: claim("n", 1), Memory: claim("1", 0)},
			nanoseconds: 2, exponent: 1, work: none, error: 1.4, pairs: 0},
		{Variant: results.Variant{Name: "dense", Title: "Dense", Role: results.RoleExact, Baseline: true, Time: claim("n²", 2), Memory: claim("n²", 2)},
			nanoseconds: 10, exponent: 2, work: square, error: 1.1e-7, pairs: 1, longest: 4096},
		{Variant: results.Variant{Name: "tiled", Title: "Tiled", Role: results.RoleExact, Baseline: true, Time: claim("n²", 2), Memory: claim("n", 1)},
			nanoseconds: 4, exponent: 2, work: linear, error: 1.2e-7, pairs: 1, longest: 8192},
		{Variant: results.Variant{Name: "rank", Title: "Low rank", Role: results.RoleApproximation, Time: claim("n·k", 1), Memory: claim("n·k", 1)},
			nanoseconds: 2000, exponent: 1, work: linear, error: 0.9},
		{Variant: results.Variant{Name: "rank", Title: "Low rank", Role: results.RoleApproximation, Time: claim("n·k", 1), Memory: claim("n·k", 1)},
			nanoseconds: 1000, exponent: 1, work: linear, error: 1.2, options: []results.Option{{Name: "k", Value: "64"}}},
		{Variant: results.Variant{Name: "window", Title: "Window", Role: results.RoleApproximation, Time: claim("n·w", 1), Memory: claim("n", 1)},
			nanoseconds: 6000, exponent: 1, overhead: 20, work: linear, error: 0.3, pairs: 0.125},
		{Variant: results.Variant{Name: "hash", Title: "Hash", Role: results.RoleApproximation, Time: claim("n log n", 1), Memory: claim("n", 1),
			Target: "shared-query attention"},
			nanoseconds: 9000, exponent: 1.08, work: linear, error: 0.5, pairs: 0.07},
		{Variant: results.Variant{Name: "liar", Title: "Liar", Role: results.RoleApproximation, Time: claim("n", 1), Memory: claim("n", 1)},
			nanoseconds: 300, exponent: 1.5, work: square, error: 0.2, pairs: 0.6},
	}
}

func (s synthetic) cell(m maker, n int, input string, threads int) results.Cell {
	return results.Cell{
		Variant: m.Name, N: n, D: 64, Heads: 1, Batch: 1, Pass: "forward", DType: "f32", SIMD: "avx2", Threads: threads,
		Input: input, Options: m.options,
	}
}

// write returns a results file.
func (s synthetic) write(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	header := results.Header{
		{Key: "machine", Value: s.machine}, {Key: "cpu", Value: "Imaginary 3000"}, {Key: "commit", Value: "0123abc"},
		{Key: "command", Value: "bench run --n 64..16384*2"}, {Key: "seed", Value: "1"},
	}
	run := results.Run{ID: "run-" + s.machine, Start: "2026-01-02T03:04:05Z", End: "2026-01-02T03:06:05Z",
		Noise: []results.Warning{{Code: "guest", Text: "this is a virtual machine", Remedy: "measure on bare metal"}}}
	w, err := results.NewWriter(&out, header, run)
	check(t, err)
	for _, m := range makers() {
		check(t, w.Variant(m.Variant))
	}
	rng := rand.New(rand.NewPCG(s.seed, 7))
	for _, threads := range s.threads {
		for _, input := range s.inputs {
			for _, n := range s.lengths {
				s.block(t, w, rng, n, input, threads)
			}
		}
	}
	if s.heads {
		s.fidelity(t, w)
	}
	return out.Bytes()
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// block writes the cells of one length, interleaved.
func (s synthetic) block(t testing.TB, w *results.Writer, rng *rand.Rand, n int, input string, threads int) {
	for range s.samples {
		for _, m := range makers() {
			if m.longest > 0 && n > m.longest {
				continue
			}
			x := float64(n)
			ns := m.nanoseconds * math.Pow(x, m.exponent) * (1 + m.overhead/x) / float64(threads) * math.Exp(s.noise*rng.NormFloat64())
			values := []results.Value{
				{Unit: results.Time, Value: math.Round(ns)}, {Unit: results.WorkBytes, Value: m.work(x)}, {Unit: results.RelErr, Value: m.error},
				{Unit: results.PeakFrac, Value: 0.5}, {Unit: results.PeakBytes, Value: m.work(x)*1.01 + 65536},
				{Unit: results.RelErrZero, Value: 1}, {Unit: results.RelErrMeanV, Value: 0.95}, {Unit: results.ParamBytes, Value: 0},
			}
			if m.pairs > 0 {
				values = append(values, results.Value{Unit: results.PairFrac, Value: m.pairs})
			}
			check(t, w.Sample(s.cell(m, n, input, threads), 1, values...))
		}
	}
	for _, m := range makers() {
		note := results.CellNote{Cell: s.cell(m, n, input, threads).Name(), Status: results.Done}
		if m.longest > 0 && n > m.longest {
			note.Status, note.Code, note.Reason = results.Skipped, "budget", "a call is predicted to take 4.1 s, more than the cell's share of the budget"
		} else if input == "gaussian" && m.Role == results.RoleApproximation {
			note.Warnings = []results.Warning{{Code: results.CodeInput, Text: "Gaussian input ranks mechanisms backwards", Remedy: "read fidelity on real activations"}}
		}
		check(t, w.Cell(note))
	}
}

// fidelity writes cells of single heads.
func (s synthetic) fidelity(t testing.TB, w *results.Writer) {
	for _, m := range makers() {
		for i, head := range []string{"diffuse", "local", "sink"} {
			c := s.cell(m, 2048, "prose", 1)
			c.Head, c.Causal = head, true
			values := []results.Value{
				{Unit: results.Time, Value: 1e6}, {Unit: results.RelErr, Value: m.error * (0.5 + 0.5*float64(i))},
				{Unit: results.RelErrZero, Value: 1}, {Unit: results.RelErrMeanV, Value: 0.95 - 0.1*float64(i)},
			}
			if m.pairs > 0 {
				values = append(values, results.Value{Unit: results.PairFrac, Value: math.Min(1, m.pairs*(1+0.01*float64(i)))})
			}
			check(t, w.Sample(c, 1, values...))
			check(t, w.Cell(results.CellNote{Cell: c.Name(), Status: results.Done, Label: map[bool]string{true: "untrained"}[m.Name == "rank"]}))
		}
	}
}

// usual is what most tests look at.
func usual() synthetic {
	return synthetic{
		machine: "m1", lengths: []int{64, 128, 256, 512, 1000, 1024, 2048, 4096, 5000, 8192, 16384}, samples: 10, noise: 0.01,
		inputs: []string{"gaussian"}, threads: []int{1}, seed: 1, heads: true,
	}
}

func (s synthetic) set(t testing.TB) *results.Set {
	t.Helper()
	set, err := results.ReadFrom(bytes.NewReader(s.write(t)), "results.txt")
	check(t, err)
	return set
}
