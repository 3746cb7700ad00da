package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"attnbench/harness/peers/peerstest"
	"attnbench/harness/tensorfile"
	"attnbench/results"
	"attnbench/variants"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"bench": main, "peerstest": peer})
}

// peer is an adapter whose flaw is its argument.
func peer() {
	if err := peerstest.Serve(os.Stdin, os.Stdout, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// TestScripts runs the program as people do. "exits CODE COMMAND" checks an exit code.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", Setup: tensorFiles,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": exits, "holds": holds, "cells": cells,
		},
	})
}

// tensorFiles writes small inputs into the folder of a script.
func tensorFiles(env *testscript.Env) error {
	env.Setenv("BENCH_SAMPLES", "10") // not what this machine happens to need
	tensor := func(dims ...int) variants.Tensor {
		t := variants.Tensor{Dims: dims}
		for i := range t.Len() {
			t.F32 = append(t.F32, float32(i%7)-3)
		}
		return t
	}
	for name, dout := range map[string]variants.Tensor{
		"plain": {}, "dout": tensor(2, 5, 4), "transposed": tensor(5, 2, 4),
		"integers": {Dims: []int{2, 5, 4}, I64: make([]int64, 40)},
	} {
		tensors := map[string]variants.Tensor{"q": tensor(2, 5, 3), "k": tensor(2, 5, 3), "v": tensor(2, 5, 4)}
		if dout.Dims != nil {
			tensors["dout"] = dout
		}
		if err := tensorfile.Write(filepath.Join(env.WorkDir, name+".safetensors"), tensors, nil); err != nil {
			return err
		}
	}
	batched := map[string]variants.Tensor{
		"q": tensor(1, 2, 5, 3), "k": tensor(1, 2, 5, 3), "v": tensor(1, 2, 5, 4), "dout": tensor(1, 2, 5, 4),
		"want.out": tensor(1, 2, 5, 4), "want.dv": tensor(1, 2, 5, 4), "want.dq": {Dims: []int{1, 2, 5, 3},
			F32: make([]float32, 30)},
	}
	metadata := map[string]string{"variant": "identity", "rtol": "1e-6", "grad_rtol": "1e-6"}
	return tensorfile.Write(filepath.Join(env.WorkDir, "batched.safetensors"), batched, metadata)
}

// holds checks that a tensor file holds the named tensors of the given dims, "dq=2x3x4", and no others.
func holds(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: holds FILE NAME=DIMS ...")
	}
	f, err := tensorfile.Read(ts.MkAbs(args[0]))
	ts.Check(err)
	var have []string
	for name, t := range f.Tensors {
		have = append(have, name+"="+variants.FormatDims(t.Dims))
	}
	slices.Sort(have)
	if want := slices.Sorted(slices.Values(args[1:])); !slices.Equal(have, want) {
		ts.Fatalf("%s holds %v, want %v", args[0], have, want)
	}
}

// cells writes what a results file says of each cell, but for times: seed, status, whether it has samples,
// hash of the output.
func cells(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: cells RESULTS FILE")
	}
	set, err := results.Read(ts.MkAbs(args[0]))
	ts.Check(err)
	var lines []string
	for _, r := range set.Runs {
		for _, c := range r.Cells {
			lines = append(lines, fmt.Sprintln(c.Cell.Name(), r.Header.Get(results.KeySeed), c.Note.Status,
				c.Note.Reason, len(c.Samples) > 0, c.Note.Output))
		}
	}
	slices.Sort(lines)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(strings.Join(lines, "")), 0o644))
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}
