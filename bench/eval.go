package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"path/filepath"
	"time"

	"attnbench/harness/check"
	"attnbench/harness/tensorfile"
	"attnbench/results"
	"attnbench/variants"
	"attnbench/variants/catalog"
)

type evalCommand struct {
	pathFlags
	Variant        string  `required:"" help:"Mechanism (see bench list)."`
	Options        string  `placeholder:"A=1,B=2" help:"Its options; a list is written 1|2|3."`
	Causal         bool    `help:"Causal attention."`
	Input          string  `required:"" placeholder:"FILE" help:"Tensor file with q, k, v and side inputs."`
	Output         string  `required:"" placeholder:"FILE" help:"Tensor file to write: out, gradients, traces."`
	Backward       bool    `help:"Also the gradients of sum(out*dout), for dout of the input."`
	Seed           *uint64 `help:"Draw absent side inputs from this seed; without it they must be given."`
	DType          string  `name:"dtype" default:"f32" enum:"f32,bf16" help:"Number format: f32 or bf16."`
	AllowNonfinite bool    `help:"Accept NaN and Inf in the input."`
}

// Run computes the output, writes it and prints one result line. Nothing is left behind when it fails.
func (c *evalCommand) Run(env *environment) error {
	m, err := catalog.Lookup(c.Variant)
	if err != nil {
		return err
	}
	engine, err := c.engine()
	if err != nil {
		return err
	}
	defer engine.Pool.Close()
	call, err := c.call(m, engine)
	if err != nil {
		return err
	}
	if err := tensorfile.CheckWritable(c.Output); err != nil {
		return err
	}
	out, attention, memory := call.Plan()
	call.Forward(attention, out) // touches fresh memory
	start := time.Now()
	call.Forward(attention, out)
	elapsed := time.Since(start)
	tensors := map[string]variants.Tensor{"out": {Dims: call.OutDims(), F32: out.F32, BF16: out.BF16}}
	if tracer, ok := attention.(variants.Tracer); ok {
		for name, t := range tracer.Traces() {
			tensors[name] = t
		}
	}
	lines := []evalLine{c.forwardLine(call, out, elapsed, memory)}
	if c.Backward {
		named, line, err := c.backward(env.ctx, call, attention, out, memory)
		if err != nil {
			return err
		}
		maps.Copy(tensors, named)
		lines = append(lines, line)
	}
	if err := tensorfile.Write(c.Output, tensors,
		map[string]string{"variant": m.Name, "options": c.Options}); err != nil {
		return err
	}
	return c.print(env, call, lines)
}

func (c *evalCommand) elements() variants.ElementType {
	if c.DType == variants.BF16.Short() {
		return variants.BF16
	}
	return variants.F32
}

func (c *evalCommand) seed() uint64 {
	if c.Seed == nil {
		return 0
	}
	return *c.Seed
}

func (c *evalCommand) call(m *variants.Mechanism, e check.Engine) (*check.Call, error) {
	var accept []tensorfile.Option
	if c.AllowNonfinite {
		accept = append(accept, tensorfile.AllowNonFinite)
	}
	f, err := tensorfile.Read(c.Input, accept...)
	if err != nil {
		return nil, err
	}
	call, err := check.NewCall(m, f, check.Settings{
		Options: c.Options, Causal: c.Causal, Type: c.elements(),
		Draw: c.Seed != nil, Seed: c.seed(), AllowNonfinite: c.AllowNonfinite, Backward: c.Backward,
	}, e)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Input, err)
	}
	return call, nil
}

// evalLine is what a result line says of one pass.
type evalLine struct {
	pass   string
	values []results.Value
}

func (c *evalCommand) forwardLine(
	call *check.Call, out variants.Floats, elapsed time.Duration, memory variants.Memory,
) evalLine {
	errors := call.Errors(check.Widened(out), c.seed())
	values := costs(elapsed, memory)
	if !math.IsNaN(errors.Relative) { // the mechanism is meant to be near softmax attention
		values = append(values, results.Value{Unit: results.RelErr, Value: errors.Relative})
	}
	values = append(values, results.Value{Unit: results.ImplErr, Value: errors.Implementation})
	return evalLine{results.PassForward, values}
}

// backward computes the gradients and their line: the time of Backward alone, on what Forward saved.
func (c *evalCommand) backward(
	ctx context.Context, call *check.Call, attention variants.Attention, out variants.Floats,
	memory variants.Memory,
) (map[string]variants.Tensor, evalLine, error) {
	gradients := call.NewGradients()
	call.Backward(attention, gradients, out) // touches fresh memory
	start := time.Now()
	call.Backward(attention, gradients, out)
	elapsed := time.Since(start)
	worst, err := call.GradientError(ctx, attention, gradients, out, c.seed())
	return call.Named(gradients), evalLine{results.PassBackward, append(costs(elapsed, memory),
		results.Value{Unit: results.ImplErr, Value: worst.Worst})}, err
}

func costs(elapsed time.Duration, memory variants.Memory) []results.Value {
	values := []results.Value{
		{Unit: results.Time, Value: float64(max(elapsed, 1))},
		{Unit: results.WorkBytes, Value: float64(memory.Work)},
	}
	if memory.Saved > 0 {
		values = append(values, results.Value{Unit: results.SavedBytes, Value: float64(memory.Saved)})
	}
	return values
}

// print writes one result line for each pass.
func (c *evalCommand) print(env *environment, call *check.Call, lines []evalLine) error {
	p, s := call.Problem, call.Problem.Shape
	cell := results.Cell{
		Variant: p.Mechanism.Name, N: s.N, S: s.S, D: s.D, E: s.E, Heads: s.Heads, Batch: s.Batch, Causal: s.Causal,
		DType: c.DType, SIMD: p.Kernels.Name, Threads: p.Pool.Threads(), Input: filepath.Base(c.Input),
	}
	for _, o := range p.Settings() {
		cell.Options = append(cell.Options, results.Option{Name: o.Name, Value: o.Value})
	}
	for _, l := range lines {
		cell.Pass = l.pass
		line, err := results.Line(cell, 1, l.values...)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(env.stdout, line); err != nil {
			return err
		}
	}
	return nil
}
