package main

import (
	"fmt"
	"os"

	"attnbench/harness"
	"attnbench/harness/machine"
	"attnbench/harness/process"
	"attnbench/harness/share"
	"attnbench/variants/catalog"
	"attnbench/variants/kernel"
)

// cellWord is the command line of a cell's own process: no command, but for this program alone.
const cellWord = "cell"

// serveCell is the other end of run --isolate: it serves one cell to the process that started this one.
func serveCell(env *environment) error {
	m := harness.Machine{Clock: harness.NewWallClock(), Host: machine.This(), Fastest: kernel.Best()}
	return harness.Serve(process.Stdin(), env.stdout, m, catalog.All())
}

// child is the command of a cell's own process, where --isolate asks for one.
func (f *sweepFlags) child() ([]string, error) {
	if !f.Isolate {
		return nil, nil
	}
	if !share.Supported {
		return nil, fmt.Errorf("--isolate: processes cannot share memory on this system: leave it out")
	}
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("--isolate: %w", err)
	}
	return []string{program, cellWord}, nil
}
