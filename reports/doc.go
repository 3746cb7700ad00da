// Package reports turns results into understanding: how each variant grows, from which length it pays against
// each baseline, what it costs in accuracy, and what was not measured and why.
//
// It knows no mechanism. Names, roles, claims and targets come with the results; what a variant does is of no
// concern here.
//
// [Build] makes a [Report] of tables, sentences and charts, which are values; [Report.Write] renders it. The
// rules behind the numbers:
//
//   - A figure is the median of its samples with a 95 % interval of order statistics, as in benchstat. Below
//     six samples there is no such interval.
//   - A cell whose interval is wider than ±5 %, or that the harness found unstable, is marked and never
//     ranked; so is one with fewer than six samples or one that sees more than half of all pairs. References
//     are shown and never ranked.
//   - Two cells differ where the exact U test says so at 5 %; else the table has ~ in place of their ratio.
//   - A comparison of two sides, [Compare] and [CompareBy], makes the same test for every pair of cells and
//     corrects p for all of them together, by Holm. Counted figures need no test.
//   - An exponent is the slope of log time over log n, fitted to the asymptotic range: see [FitGrowth].
//   - A crossover is interpolated between lengths at which both were measured, never beyond: see [Cross].
package reports
