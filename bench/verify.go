package main

import (
	"fmt"
	"strings"

	"attnbench/harness/check"
	"attnbench/variants/catalog"
	"attnbench/variants/kernel"
	"attnbench/variants/work"
)

// pathFlags choose what kernels run on.
type pathFlags struct {
	SIMD    string `name:"simd" env:"BENCH_SIMD" placeholder:"PATH" help:"SIMD path (default: the best)."`
	Threads int    `default:"1" help:"Threads."`
}

// engine opens the kernel set and the worker pool; the caller closes the pool.
func (f pathFlags) engine() (check.Engine, error) {
	set := kernel.Best()
	if f.SIMD != "" {
		var err error
		if set, err = kernel.Lookup(f.SIMD); err != nil {
			return check.Engine{}, err
		}
	}
	if f.Threads < 1 || f.Threads > maxThreads {
		return check.Engine{}, fmt.Errorf("--threads=%d: it must be between 1 and %d", f.Threads, maxThreads)
	}
	return check.Engine{Kernels: set, Pool: work.NewPool(f.Threads)}, nil
}

// maxThreads bounds --threads: more than any machine has is a typing error.
const maxThreads = 1024

type verifyCommand struct {
	pathFlags
	Files []string `arg:"" name:"file" help:"Golden files (safetensors)."`
}

// Run replays every file and prints one line for each mechanism that it is for, then the totals.
func (c *verifyCommand) Run(env *environment) error {
	engine, err := c.engine()
	if err != nil {
		return err
	}
	defer engine.Pool.Close()
	engine.Spread = true // golden files are small: what several threads compute is to be seen
	var passed, failed, skipped int
	for _, file := range c.Files {
		if err := env.ctx.Err(); err != nil {
			return err
		}
		replays, err := check.Golden(file, catalog.All(), engine)
		if err != nil {
			replays = []check.Replay{{Status: check.Fail, Reason: err.Error()}}
		}
		for _, r := range replays {
			fmt.Fprintln(env.stdout, replayLine(file, r))
			skipped += len(r.Skipped)
			switch r.Status {
			case check.Pass:
				passed++
			case check.Fail:
				failed++
			default:
				skipped++
			}
		}
	}
	fmt.Fprintf(env.stdout, "%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	switch {
	case failed > 0:
		return failure{fmt.Errorf("%d of %d replays failed", failed, passed+failed)}
	case passed == 0:
		return failure{fmt.Errorf("nothing was replayed: no file is for a mechanism of this build")}
	}
	return nil
}

func replayLine(file string, r check.Replay) string {
	line := fmt.Sprintf("%s  %-10s %s", r.Status, r.Variant, file)
	if r.Reason != "" {
		line += ": " + r.Reason
	} else {
		line += fmt.Sprintf(": largest error %.2g", r.Error)
	}
	if len(r.Skipped) > 0 {
		line += "; SKIP " + strings.Join(r.Skipped, " ")
	}
	return line
}
