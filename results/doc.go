// Package results is the schema of a results file: what a measurement is called, which units it has, what the
// file says about the machine, and the notes that a sample cannot carry. It writes and reads files and knows
// nothing of how a number came about.
//
// A results file is Go's benchmark format, so that the stock benchstat reads it as it is; this package is the
// only one that knows.
//
//	schema: 1
//	machine: 9f2c51
//	cpu: AMD EPYC 7B13
//	Unit work-B assume=exact
//	#run {"run":"9f2c51-20260102T030405","start":"2026-01-02T03:04:05Z","budget_s":110}
//	#variant {"variant":"NAME","title":"...","role":"approximation","time":{"text":"n·k","exponent":1},...}
//	#cell {"cell":"Attention/variant=NAME/...","run":"...","status":"done","output":"5d41402a"}
//	BenchmarkAttention/variant=NAME/n=4096/d=64/... 1 41234567 ns/op 1.05e+11 FLOP/s ...
//
// # Lines
//
// "key: value" lines are the [Header]: what is constant over a run. A value that changed from sample to
// sample would split benchstat's tables, so such things belong in the name, in a unit or in a note. Keys that
// the suite writes: schema, machine, cpu, simd, cores, caches, memory, memory-limit, cpus, os, go, goflags,
// commit, command, seed, and for every instruction set and thread count of the run fma-peak-SIMD-tTHREADS and
// bf16-peak-SIMD-tTHREADS in FLOP/s and stream-SIMD-tTHREADS, memory bandwidth, in bytes a second.
//
// Every Benchmark line is one sample of one [Cell], ns/op first. Units are listed by [Units].
//
// Lines that start with # are notes in JSON, ignored by every other reader. A #run line starts a run: the
// samples and notes behind it belong to it until the next #run line. A later note about the same thing
// replaces the earlier one; #run may be repeated to add what is known at the end. Unknown fields are ignored,
// so that a later version can add some.
//
// A peer, an implementation from elsewhere, is a variant of role "peer": its cells stand beside those of the
// same name but for simd, which is "external", and leave out the units that nobody knows of it.
//
// # Names
//
// A name holds the keys variant n [s] d [e] h b causal pass dtype simd threads input [head], then the
// options; s is left out where it equals n, e where it equals d. Values are escaped so that the name survives
// benchfmt: %XX stands for /, =, |, %, ", \, space, control and non-ASCII bytes, and for the last minus sign
// of a value that ends in minus and digits, because benchfmt would read "-1024" at the end of a name as
// GOMAXPROCS. [ParseCell] undoes it. Numbers among option values are written without exponent.
//
// # Journal
//
// [CreateWith] makes a file appear with all of its head, on the disk: header, #run, and in #plan lines the
// cells of every block that the run is to do. What the machine can do at most is measured after that and
// follows as more header lines, with #run repeated behind them. A [Writer] hands every line to the file at
// once, so that an interrupted run loses at most the line being written; after each block it repeats #run
// with the time spent and syncs. A reader ignores a last line without line end, [Append] cuts it off and
// goes on behind it. Files are joined by [Merge], never by
// concatenation: a header key would carry over into the next file.
package results
