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
	peers   bool // with peers of tiled and of rank
	many    bool // of many variants
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
	const exact, approximation = results.RoleExact, results.RoleApproximation
	square := func(n float64) float64 { return 4 * n * n }
	linear := func(n float64) float64 { return 1024 * n }
	none := func(float64) float64 { return 0 }
	variant := func(name, role, time string, t float64, memory string, m float64) results.Variant {
		return results.Variant{
			Name: name, Title: name, Role: role, Baseline: role == exact,
			Time: results.Growth{Text: time, Exponent: t}, Memory: results.Growth{Text: memory, Exponent: m},
		}
	}
	rank := variant("rank", approximation, "n·k", 1, "n·k", 1)
	hash := variant("hash", approximation, "n log n", 1, "n", 1)
	hash.Target = "shared-query attention"
	k64 := []results.Option{{Name: "k", Value: "64"}}
	return []maker{
		{Variant: variant("copy", results.RoleReference, "n", 1, "1", 0),
			nanoseconds: 2, exponent: 1, work: none, error: 1.4},
		{Variant: variant("dense", exact, "n²", 2, "n²", 2),
			nanoseconds: 10, exponent: 2, work: square, error: 1.1e-7, pairs: 1, longest: 4096},
		{Variant: variant("tiled", exact, "n²", 2, "n", 1),
			nanoseconds: 4, exponent: 2, work: linear, error: 1.2e-7, pairs: 1, longest: 8192},
		{Variant: rank, nanoseconds: 2000, exponent: 1, work: linear, error: 0.9},
		{Variant: rank, nanoseconds: 1000, exponent: 1, work: linear, error: 1.2, options: k64},
		{Variant: variant("window", approximation, "n·w", 1, "n", 1),
			nanoseconds: 6000, exponent: 1, overhead: 20, work: linear, error: 0.3, pairs: 0.125},
		{Variant: hash, nanoseconds: 9000, exponent: 1.08, work: linear, error: 0.5, pairs: 0.07},
		{Variant: variant("liar", approximation, "n", 1, "n", 1),
			nanoseconds: 300, exponent: 1.5, work: square, error: 0.2, pairs: 0.6},
	}
}

// executed is the number of operations of a call: what is claimed, but for a variant that takes more time
// than it claims.
func (m maker) executed(n float64) float64 {
	exponent := m.Time.Exponent
	if m.exponent > exponent+0.2 {
		exponent = m.exponent
	}
	return 1000 * math.Pow(n, exponent)
}

func (s synthetic) makers() []maker {
	own := makers()
	if s.many {
		own = manyMakers()
	}
	if !s.peers {
		return own
	}
	declare := func(name, implements string, exact bool) results.Variant {
		return results.Variant{
			Name: name, Title: name, Summary: "code of others", Role: results.RolePeer, Implements: implements,
			Exact: exact, Paper: "example.org/" + name, Time: results.Growth{Text: "n", Exponent: 1},
		}
	}
	none := func(float64) float64 { return 0 }
	tuned := []results.Option{{Name: "malloc", Value: "tuned"}}
	// tiled takes 4 ns and rank 2000 ns, with k=64 1000.
	return append([]maker{
		{Variant: declare("lib-tiled", "tiled", true), nanoseconds: 2, exponent: 2, work: none, error: 1e-7},
		{Variant: declare("lib-rank", "rank", false), nanoseconds: 500, exponent: 1, work: none, error: 0.9},
		{Variant: declare("lib-rank", "rank", false), nanoseconds: 250, exponent: 1, work: none, error: 0.9,
			options: tuned},
	}, own...)
}

func (s synthetic) cell(m maker, n int, input string, threads int) results.Cell {
	simd := "avx2"
	if m.Role == results.RolePeer {
		simd = results.External
	}
	return results.Cell{
		Variant: m.Name, N: n, D: 64, Heads: 1, Batch: 1, Pass: "forward", DType: "f32", SIMD: simd,
		Threads: threads, Input: input, Options: m.options,
	}
}

// write returns a results file.
func (s synthetic) write(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	header := results.Header{
		{Key: "machine", Value: s.machine}, {Key: "cpu", Value: "Imaginary 3000"},
		{Key: "commit", Value: "0123abc"},
		{Key: "command", Value: "bench run --n 64..16384*2"}, {Key: "seed", Value: "1"},
	}
	guest := results.Warning{Code: "guest", Text: "this is a virtual machine", Remedy: "measure on bare metal"}
	run := results.Run{
		ID: "run-" + s.machine, Start: "2026-01-02T03:04:05Z", End: "2026-01-02T03:06:05Z",
		Noise: []results.Warning{guest},
	}
	w, err := results.NewWriter(&out, header, run)
	check(t, err)
	for _, m := range s.makers() {
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
		for _, m := range s.makers() {
			if m.longest > 0 && n > m.longest {
				continue
			}
			x := float64(n)
			ns := m.nanoseconds * math.Pow(x, m.exponent) * (1 + m.overhead/x) / float64(threads)
			took := math.Round(ns * math.Exp(s.noise*rng.NormFloat64()))
			values := []results.Value{
				{Unit: results.Time, Value: took},
				{Unit: results.ExecRate, Value: m.executed(x) / took * 1e9},
				{Unit: results.WorkBytes, Value: m.work(x)},
				{Unit: results.PeakBytes, Value: 1024*x + m.work(x)*1.02 + 65536},
				{Unit: results.ParamBytes, Value: 0}, {Unit: results.PeakFrac, Value: 0.5},
				{Unit: results.RelErr, Value: m.error}, {Unit: results.RelErrZero, Value: 1},
				{Unit: results.RelErrMeanV, Value: 0.95},
			}
			if m.pairs > 0 {
				values = append(values, results.Value{Unit: results.PairFrac, Value: m.pairs})
			}
			check(t, w.Sample(s.cell(m, n, input, threads), 1, values...))
		}
	}
	for _, m := range s.makers() {
		note := results.CellNote{Cell: s.cell(m, n, input, threads).Name(), Status: results.Done}
		if m.Role == results.RolePeer {
			note.Versions = m.Name + " 1.2"
		}
		switch {
		case m.longest > 0 && n > m.longest:
			note.Status, note.Code = results.Skipped, "budget"
			note.Reason = "a call is predicted to take 4.1 s, more than the cell's share of the budget"
		case input == "gaussian" && m.Role == results.RoleApproximation:
			note.Warnings = []results.Warning{{
				Code: results.CodeInput, Text: "Gaussian input ranks mechanisms backwards",
				Remedy: "read fidelity on real activations",
			}}
		}
		check(t, w.Cell(note))
	}
}

// fidelity writes cells of single heads.
func (s synthetic) fidelity(t testing.TB, w *results.Writer) {
	for _, m := range s.makers() {
		if m.Role == results.RolePeer {
			continue
		}
		for i, head := range []string{"diffuse", "local", "sink"} {
			c := s.cell(m, 2048, "prose", 1)
			c.Head, c.Causal = head, true
			values := []results.Value{
				{Unit: results.Time, Value: 1e6}, {Unit: results.RelErr, Value: m.error * (0.5 + 0.5*float64(i))},
				{Unit: results.RelErrZero, Value: 1}, {Unit: results.RelErrMeanV, Value: 0.95 - 0.1*float64(i)},
			}
			if m.pairs > 0 {
				seen := math.Min(1, m.pairs*(1+0.01*float64(i)))
				values = append(values, results.Value{Unit: results.PairFrac, Value: seen})
			}
			check(t, w.Sample(c, 1, values...))
			note := results.CellNote{Cell: c.Name(), Status: results.Done}
			if m.Name == "rank" {
				note.Label = "untrained"
			}
			check(t, w.Cell(note))
		}
	}
}

// usual is what most tests look at.
func usual() synthetic {
	return synthetic{
		machine: "m1", lengths: []int{64, 256, 1000, 1024, 4096, 8192, 16384}, samples: 10, noise: 0.01,
		inputs: []string{"gaussian"}, threads: []int{1}, seed: 1, heads: true,
	}
}

func (s synthetic) set(t testing.TB) *results.Set {
	t.Helper()
	set, err := results.ReadFrom(bytes.NewReader(s.write(t)), "results.txt")
	check(t, err)
	return set
}
