// Package claims settles published tables and statements on the results of a machine. A claim is a file: who
// said what, under which conditions, the numbers that were printed, and tests that would confirm or refute it
// on a CPU. [Published] are those that are shipped, [Load] reads a user's own; CONTRIBUTING.md says how to
// write one.
//
// Like is compared with like. A claim's conditions select the cells that may decide it: pass, heads, width,
// causality, number format, threads, input, and every option that it names. What it leaves open, the machine,
// the build and the SIMD path, must agree among the cells of a verdict. A cell whose time is unstable decides
// nothing.
//
// A test is decided by the 95 % interval of its figure, estimated as everywhere in reports: inside the bounds
// it is supported, outside not supported, and inconclusive where it straddles one of them, or where cells are
// missing. Then the verdict says what would settle it, with the flags of the run that measures the cells.
// What was printed passes through the same estimators: exponent, crossover and ratio of the original follow
// from its table and are never typed.
package claims
