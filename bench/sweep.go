package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"attnbench/harness"
	"attnbench/harness/machine"
	"attnbench/variants/catalog"
	"attnbench/variants/kernel"
)

// defaultPython runs the adapters of peers where the user names no other: the default of its flag.
const defaultPython = "python3"

// sweepFlags say what to run; run and plan share them.
type sweepFlags struct {
	Variants string   `placeholder:"LIST" help:"Mechanisms, or all (default: all)."`
	N        string   `name:"n" placeholder:"AXIS" help:"Lengths: 64,1000 or 256..65536*2 or 100..500+100."`
	Heads    string   `placeholder:"AXIS" help:"Heads (default 1)."`
	Dim      string   `placeholder:"AXIS" help:"Head dimension (default 64)."`
	Batch    string   `placeholder:"AXIS" help:"Batch size (default 1)."`
	Causal   string   `placeholder:"0,1" help:"Causal or not (default 0)."`
	Pass     string   `placeholder:"LIST" help:"Passes: forward, backward, both, decode (default forward)."`
	DType    string   `name:"dtype" placeholder:"LIST" help:"Number formats (default f32)."`
	SIMD     string   `name:"simd" env:"BENCH_SIMD" placeholder:"LIST" help:"SIMD paths (default: the best)."`
	Threads  string   `placeholder:"AXIS" help:"Threads (default 1)."`
	Input    string   `placeholder:"LIST" help:"gaussian, smollm2-prose, minilm-prose, FILE.safetensors."`
	Set      []string `sep:"none" placeholder:"VARIANT.OPTION=VALUES" help:"An option, or an axis of it."`
	Peers    string   `placeholder:"LIST" help:"External implementations, all, or FILE.json (bench list)."`
	Python   string   `name:"peers-python" env:"BENCH_PYTHON" default:"python3" help:"Python that runs them."`
	Fidelity *bool    `negatable:"" help:"Also errors on real activations (default: without --n, --input)."`

	Shard string `placeholder:"I/N" help:"One part of N, from 1 to N; auto: as the scheduler says."`

	Samples int           `env:"BENCH_SAMPLES" placeholder:"N" help:"Samples of a cell (default: 10 to 100)."`
	Seed    uint64        `default:"4" help:"Seed of everything that is drawn."`
	Isolate bool          `help:"A process for each cell: a crash, a kill or a hang costs one cell."`
	Budget  time.Duration `default:"105s" help:"Wall time of the whole run; 0: no limit."`
	Timeout time.Duration `placeholder:"TIME" help:"Wall time of one cell's samples (default: no limit)."`
}

// layout checks the flags and lays the sweep out; nothing is measured. The caller closes the plan.
func (f *sweepFlags) layout(host *machine.Host) (*harness.Plan, error) {
	if f.Budget < 0 || f.Timeout < 0 {
		return nil, fmt.Errorf("--budget and --timeout must not be negative")
	}
	shard, err := f.part(os.Getenv)
	if err != nil {
		return nil, err
	}
	child, err := f.child()
	if err != nil {
		return nil, err
	}
	sweep, err := harness.ParseSweep(harness.Axes{
		Variants: f.Variants, N: f.N, Heads: f.Heads, Dim: f.Dim, Batch: f.Batch, Causal: f.Causal, Pass: f.Pass,
		DType: f.DType, SIMD: f.SIMD, Threads: f.Threads, Input: f.Input, Set: f.Set, Fidelity: f.Fidelity,
		Seed: f.Seed, Samples: f.Samples, Peers: f.Peers, Python: f.Python, Shard: shard,
	}, catalog.All())
	if err != nil {
		return nil, err
	}
	limits := harness.Limits{Budget: f.Budget, Timeout: f.Timeout}
	m := harness.Machine{Clock: harness.NewWallClock(), Host: host, Fastest: kernel.Best(), Child: child}
	plan, err := harness.Layout(sweep, limits, m)
	if err != nil {
		return nil, failure{err}
	}
	if err := plan.CheckShard(); err != nil {
		plan.Close()
		return nil, err
	}
	return plan, nil
}

// part is the shard that --shard names; zero: all of the sweep.
func (f *sweepFlags) part(getenv func(string) string) (harness.Shard, error) {
	switch f.Shard {
	case "":
		return harness.Shard{}, nil
	case "auto":
		return harness.AutoShard(getenv)
	}
	return harness.ParseShard(f.Shard)
}

// plainShard writes --shard auto as what it came to, so that the arguments mean the same elsewhere.
func plainShard(args []string, shard harness.Shard) []string {
	plain := slices.Clone(args)
	for i, a := range plain {
		switch {
		case a == "--shard=auto":
			plain[i] = "--shard=" + shard.String()
		case a == "auto" && i > 0 && plain[i-1] == "--shard":
			plain[i] = shard.String()
		}
	}
	return plain
}

// describeMachine reads the machine's facts.
func describeMachine(host *machine.Host) machine.Description {
	c := kernel.CPU()
	return host.Describe(machine.CPU{
		Brand: c.Brand, Vendor: c.Vendor, Features: c.Features, Cores: c.Cores,
		L1D: c.L1D, L2: c.L2, L3: c.L3, VM: c.VM,
	})
}

// paths names the kernel sets of this machine, the fastest last.
func paths() string {
	var names []string
	for _, set := range kernel.Available() {
		names = append(names, set.Name)
	}
	return strings.Join(names, " ")
}
