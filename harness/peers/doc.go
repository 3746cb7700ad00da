// Package peers runs external implementations of attention, each in a process of its own, so that they are
// measured in turns with the suite's mechanisms, on the same inputs.
//
// A peer is declared by a few lines of JSON (see [Peer]): its name, what it computes, the command that starts
// its adapter. The adapters that come with the suite are Python scripts in the program; a user's own is named
// as --peers FILE.json and may be written in any language.
//
// # Protocol
//
// The suite writes one line to the adapter's standard input and waits for one line on its standard output.
// What libraries print must not get there: an adapter sends it to standard error, of which the suite shows
// the last line where the adapter dies.
//
//	suite: {"peer":"NAME","n":4096,"s":4096,"d":64,"e":64,"heads":8,...}     see [Request]
//	peer:  ready torch 2.15.0                what computes, with versions
//	suite: go 3                              call it three times
//	peer:  123456789 8388608                 nanoseconds of the three calls together, and peak bytes
//	suite: output                            write what the last call computed to the request's "output"
//	peer:  done
//	suite: quit
//
// Any question may be answered by "skip REASON", which says that the peer cannot do this (a missing library,
// a shape that it has no code for), or "fail REASON", which says that it should have been able to. Both are
// one line.
//
// Before "ready" an adapter reads the inputs, brings them into the library's own layout, compiles what must
// be compiled and makes a small call, so that code is paged in and threads are started. Between the clock
// readings of "go" there are calls of the library and nothing else. The peak is the process's high-water mark
// over those calls, less what it held before them with its inputs in memory; "-" where that is unknown. The
// answer comes once all threads of the process are asleep: threads that spin for more work would take a core
// from the next sample, which is somebody else's. While it waits for a line, an adapter reads and does
// nothing else; at the end of its input it exits.
//
// Inputs and outputs are tensor files (safetensors): q [batch, heads, n, d], k [batch, heads, s, d] and v
// [batch, heads, s, e] as float32, also where the request's number format is bf16; out has q's shape with e
// columns. With pass "backward" or "both" the inputs hold dout and the outputs dq, dk, dv too, the gradients
// of q, k and v alone; backward by itself is timed on the saved state of one untimed forward. Side inputs
// that the suite drew for its own mechanism (projections, random features, block lists) are in a file of
// their own: a peer that takes them computes the very same function.
//
// # Environment
//
// OMP_NUM_THREADS and its kin are set to the request's threads. The allocator is one of two settings, see
// [Malloc].
package peers
