package harness

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"attnbench/harness/machine"
	"attnbench/harness/process"
	"attnbench/harness/share"
	"attnbench/harness/tensorfile"
	"attnbench/results"
	"attnbench/variants"
	"attnbench/variants/catalog"
	"attnbench/variants/kernel"
)

// cellWord makes this test binary serve a cell.
const cellWord = "cell"

func serveTestCell() {
	all := append(catalog.All(), faultyMechanisms(&fakeClock{})...)
	all = append(all, fatalMechanisms()...)
	m := Machine{Clock: NewWallClock(), Host: machine.This(), Fastest: kernel.Best()}
	if err := Serve(process.Stdin(), os.Stdout, m, all); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// fatal are faults that nothing in the process survives, by name.
func fatal() map[string]func(call int, out []float32) {
	return map[string]func(call int, out []float32){
		"exits": func(int, []float32) { os.Exit(3) },
		"killed": func(call int, _ []float32) {
			if p, err := os.FindProcess(os.Getpid()); call > 3 && err == nil && p.Kill() == nil {
				time.Sleep(time.Hour)
			}
		},
		"strays": func(int, []float32) {
			go func() { panic("nobody looks\nafter me") }()
			time.Sleep(time.Hour)
		},
		"sleeps": func(call int, _ []float32) {
			if call > 3 {
				time.Sleep(time.Hour)
			}
		},
		"spins": func(call int, _ []float32) {
			time.Sleep(3 * time.Millisecond) // so that a sample is one call
			for ; call > 5; call++ {         // for centuries
			}
		},
		"prints": func(int, []float32) { fmt.Println("hello") },
	}
}

func fatalMechanisms() []*variants.Mechanism {
	var all []*variants.Mechanism
	for name, wrong := range fatal() {
		m := fakeMechanism(&fakeClock{}, name, 100, 1)
		m.New = func(*variants.Problem, *variants.Workspace) variants.Attention {
			return &fakePlan{advance: func() {}, wrong: wrong}
		}
		all = append(all, m)
	}
	return all
}

// isolatedPlan runs each cell in a process that is this binary.
func isolatedPlan(t *testing.T, axes Axes, limits Limits, all []*variants.Mechanism) *Plan {
	t.Helper()
	if !share.Supported {
		t.Skip("processes cannot share memory on this system")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	sweep, err := ParseSweep(axes, all)
	if err != nil {
		t.Fatal(err)
	}
	m := Machine{Clock: NewWallClock(), Host: machine.This(), Fastest: kernel.Best()}
	m.Child = []string{program, cellWord}
	plan := planned(NewPlan(sweep, limits, m))
	t.Cleanup(plan.Close)
	return plan
}

// What nothing in a process survives costs one cell too, with the reason.
func TestIsolatedFaultsCostOneCell(t *testing.T) {
	want := reasons()
	want["exits"] = Refusal{codeCrash, "it ended its process (exit status 3)"}
	want["killed"] = Refusal{codeCrash, "killed by signal 9 (out of memory?)"}
	want["strays"] = Refusal{codePanic, "panic: nobody looks"}
	want["prints"] = Refusal{codeCrash, `its process answered "hello"`}
	j := &journal{}
	all := append(faultyMechanisms(&fakeClock{}), fatalMechanisms()...)
	all = slices.DeleteFunc(all, func(m *variants.Mechanism) bool {
		return m.Name == "sleeps" || m.Name == "spins"
	})
	plan := isolatedPlan(t, Axes{N: "64", Dim: "8"}, Limits{Timeout: 5 * time.Minute}, all)
	totals, err := plan.Run(context.Background(), j)
	if err != nil || totals.Done != 1 || totals.Failed != len(want) {
		t.Errorf("%+v %v", totals, err)
	}
	checkFaults(t, j, want)
}

// What does not answer costs its cell the timeout, and the run goes on. It runs alone: on a slow machine
// sound cells may need longer.
func TestIsolatedTimeout(t *testing.T) {
	j := &journal{}
	axes := Axes{Variants: "sleeps", N: "64", Dim: "8"}
	plan := isolatedPlan(t, axes, Limits{Timeout: 2 * time.Second}, fatalMechanisms())
	totals, err := plan.Run(context.Background(), j)
	if err != nil || totals.Failed != 1 {
		t.Fatalf("%+v %v", totals, err)
	}
	const reason = "no answer within the timeout ("
	o := j.outcome("sleeps", 64)
	if o.Refusal.Code != codeTimeout || !strings.HasPrefix(o.Refusal.Reason, reason) {
		t.Errorf("%s %+v", o.Status, o.Refusal)
	}
}

// A cell's process finds out what this one would have.
func TestIsolationAgrees(t *testing.T) {
	for _, axes := range []Axes{
		{N: "40", Heads: "2", Dim: "8", Causal: "0,1", Pass: "forward,decode", DType: "f32,bf16"},
		{N: "520", Dim: "8", Causal: "1", Pass: "backward,both", Threads: "2"},
		{Input: sideInputs(t)},
	} {
		inside, outside := &journal{}, &journal{}
		plan := isolatedPlan(t, axes, Limits{}, catalog.All())
		if _, err := plan.Run(context.Background(), outside); err != nil {
			t.Fatal(err)
		}
		here := isolatedPlan(t, axes, Limits{}, catalog.All())
		here.machine.Child = nil
		if _, err := here.Run(context.Background(), inside); err != nil {
			t.Fatal(err)
		}
		if got, want := findings(outside), findings(inside); !reflect.DeepEqual(got, want) {
			for name := range want {
				if got[name] != want[name] {
					t.Errorf("%s: isolated %s, want %s", name, got[name], want[name])
				}
			}
		}
	}
}

// sideInputs is a file with a key mask.
func sideInputs(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "masked.safetensors")
	writeMasked(t, path)
	return path
}

// findings are what is true of a cell wherever it runs, by name.
func findings(j *journal) map[string]string {
	found := map[string]string{}
	for _, o := range j.outcomes {
		e := o.Errors
		found[o.Name().Name()] = fmt.Sprintf("%s %v %016x %v %v %v %v %v", o.Status, o.Refusal, o.Hash, e.Relative,
			e.Zero, e.Mean, e.Impl, e.Pairs)
	}
	for _, s := range j.samples {
		found[s.Name().Name()+" figures"] = fmt.Sprintf("%v %v %v", s.Memory, s.FLOPs, s.Executed)
	}
	return found
}

// The high-water mark is the child's own: a large parent does not show in it.
func TestIsolatedPeak(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("no high-water mark on this system")
	}
	ballast := make([]float32, 64<<20)
	for i := range ballast {
		ballast[i] = 1
	}
	const n, d = 4096, 64
	j := &journal{}
	plan := isolatedPlan(t, Axes{N: fmt.Sprint(n), Dim: fmt.Sprint(d), Variants: "sound"}, Limits{},
		faultyMechanisms(&fakeClock{}))
	if _, err := plan.Run(context.Background(), j); err != nil || len(j.samples) == 0 {
		t.Fatal(err)
	}
	runtime.KeepAlive(ballast)
	const operands, plans, slack = 4 * 4 * n * d, 4 * 4 * n, 4 << 20
	if peak := j.samples[0].PeakBytes; !peak.Known || math.Abs(peak.Value-operands-plans) > slack {
		t.Errorf("peak %v, want about %d", peak, operands+plans)
	}
}

// Cells that do not fit together run one after the other, and say so.
func TestApart(t *testing.T) {
	j := &journal{}
	plan := isolatedPlan(t, Axes{N: "64", Dim: "8", Variants: "sound,definition"}, Limits{},
		faultyMechanisms(&fakeClock{}))
	b := plan.Blocks[0]
	together := fixedBytes(b, true) + 2*processBytes(b.Cells[0])
	together += b.Cells[0].Predicted.Bytes + b.Cells[1].Predicted.Bytes
	available := machine.Figure{Value: float64(together-1) / memoryFraction, Known: true}
	plan.machine.Host = &fakeHost{available: available}
	totals, err := plan.Run(context.Background(), j)
	if err != nil || totals.Done != 1 || totals.Failed != 1 {
		t.Fatalf("%+v %v", totals, err)
	}
	o := j.outcome("sound", 64)
	var warned bool
	for _, w := range o.Warnings {
		warned = warned || w.Code == "apart"
	}
	if o.Status != results.Done || !warned {
		t.Errorf("%+v", o)
	}
}

func writeMasked(t *testing.T, path string) {
	t.Helper()
	const n, d = 30, 8
	tensors := map[string]variants.Tensor{"key_mask": {Dims: []int{n}, U8: make([]uint8, n)}}
	for i := range n {
		tensors["key_mask"].U8[i] = uint8(min(1, i%5))
	}
	for _, name := range []string{"q", "k", "v"} {
		x := variants.Tensor{Dims: []int{2, n, d}, F32: make([]float32, 2*n*d)}
		variants.Normal(variants.Stream(1, name, 0), x.F32, 1)
		tensors[name] = x
	}
	if err := tensorfile.Write(path, tensors, nil); err != nil {
		t.Fatal(err)
	}
}

// A plan knows that processes take time to start.
func TestPlanCountsProcesses(t *testing.T) {
	plan := isolatedPlan(t, Axes{N: "64", Dim: "8", Variants: "sound"}, Limits{}, faultyMechanisms(&fakeClock{}))
	here := newPlan(t, &fakeClock{}, Axes{N: "64", Dim: "8", Variants: "sound"}, Limits{},
		faultyMechanisms(&fakeClock{}))
	for plan, want := range map[*Plan]time.Duration{plan: childTime, here: 0} {
		c := plan.Blocks[0].Cells[0]
		if rest := c.gating() - c.Predicted.Gate; rest != want {
			t.Errorf("%v, want %v", rest, want)
		}
	}
}
