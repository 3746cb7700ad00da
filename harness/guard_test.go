package harness

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"testing"

	"attnbench/results"
	"attnbench/variants"
	"attnbench/variants/catalog"
)

// live is what the process's heap holds that is still needed.
func live() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// The guard's prediction is what a block really holds while its definitions run, when it holds most: never
// less, and not much more.
func TestGuardPredictsWhatIsHeld(t *testing.T) {
	const n, heads = 4096, 2
	for _, pass := range []string{results.PassForward, results.PassBoth} {
		ctx, cancel := context.WithCancel(context.Background())
		most := int64(0)
		var linear *variants.Mechanism
		for _, m := range catalog.All() {
			if m.Name == "linear" {
				linear = m
			}
		}
		definition, gradient, before := linear.Definition, linear.Gradient, live()
		linear.Definition = func(p *variants.Problem, h variants.Head) []float64 {
			kept := make([]float64, len(h.K)) // as much as it keeps, of which nothing is there yet
			most = max(most, live()-before)
			runtime.KeepAlive(kept)
			cancel() // what follows is of no interest
			return definition(p, h)
		}
		linear.Gradient = func(p *variants.Problem, h variants.Head, dout []float64) variants.HeadGradients {
			g := gradient(p, h, dout)
			most = max(most, live()-before)
			return g
		}
		axes := Axes{N: fmt.Sprint(n), Heads: fmt.Sprint(heads), Pass: pass}
		plan := newPlan(t, &fakeClock{}, axes, Limits{}, []*variants.Mechanism{linear})
		b := plan.Blocks[0]
		cores := runtime.GOMAXPROCS(1) // one definition at a time
		predicted := fixedBytes(b, false) + b.Cells[0].Predicted.Bytes
		_, err := plan.Run(ctx, &journal{})
		runtime.GOMAXPROCS(cores)
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		const slack = 1 << 20
		if most > predicted+slack || float64(predicted) > 1.5*float64(most) {
			t.Errorf("%s: %s are held, predicted %s", pass, FormatBytes(most), FormatBytes(predicted))
		}
	}
}

// With processes the inputs are there once more, which is known to the byte, and what those processes hold is
// left to them.
func TestGuardCountsWhatIsShared(t *testing.T) {
	for _, axes := range []Axes{
		{N: "100", Heads: "3", Dim: "8", DType: "bf16"}, {N: "100", Dim: "8", Pass: results.PassBoth},
	} {
		plan := isolatedPlan(t, axes, Limits{}, catalog.All())
		r, b := &run{Machine: plan.machine, plan: plan, heap: 1 << 40}, plan.Blocks[0]
		file, err := r.share(newOperands(b))
		if err != nil {
			t.Fatal(err)
		}
		info, err := file.Stat()
		if err != nil {
			t.Fatal(err)
		}
		file.Close()
		if more := fixedBytes(b, true) - fixedBytes(b, false); more != info.Size() || more != sharedBytes(b) {
			t.Errorf("%+v: %d B more with processes, the file has %d", axes, more, info.Size())
		}
		cells, before := b.Cells[:2], debug.SetMemoryLimit(-1)
		want := r.heap - sharedBytes(b)
		for _, c := range cells {
			want -= c.Predicted.Bytes + processBytes(c)
		}
		release := r.restrain(b, cells)
		during := debug.SetMemoryLimit(-1)
		release()
		if after := debug.SetMemoryLimit(-1); during != want || after != before {
			t.Errorf("%+v: the heap may have %d B, want %d, afterwards %d, want %d", axes, during, want, after, before)
		}
	}
}
