package harness

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"attnbench/variants"
)

// heapWatch measures the heap once so many cells are through.
type heapWatch struct {
	journal
	cells int
	at    map[int]uint64
}

func (h *heapWatch) Sample(Sample) error { return nil }

func (h *heapWatch) Cell(Outcome) error {
	h.cells++
	if _, wanted := h.at[h.cells]; wanted {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		h.at[h.cells] = m.HeapAlloc
	}
	return nil
}

// A run holds nothing of the cells that are behind it: what it needs after 10,000 is what it needs after
// 1,000, though each of them draws a parameter.
func TestMemoryIsFlat(t *testing.T) {
	few, many := 1000, 10_000
	if testing.Short() {
		few, many = 200, 2000
	}
	clock := &fakeClock{}
	m := fakeMechanism(clock, "drawing", 2e6, 0)
	m.Options[0].Max = 1000
	m.Inputs = []variants.Input{{
		Name: "weights", Dims: func(*variants.Problem) [][]int { return [][]int{{1 << 10}} },
		Draw: func(_ *variants.Problem, dims []int, _ func(int) *rand.Rand) variants.Tensor {
			return variants.Tensor{Dims: dims, F32: make([]float32, dims[0])}
		},
	}}
	made := m.New
	m.New = func(p *variants.Problem, ws *variants.Workspace) variants.Attention {
		p.Input("weights")
		return made(p, ws)
	}
	var values []string
	for k := range 100 {
		values = append(values, fmt.Sprint(k+1))
	}
	axes := Axes{N: "4,8", Dim: "1..5+1", Heads: fmt.Sprintf("1..%d+1", many/1000),
		Set: []string{"drawing.k=" + strings.Join(values, ",")}}
	plan := newPlan(t, clock, axes, Limits{}, []*variants.Mechanism{m})
	watch := &heapWatch{at: map[int]uint64{few: 0, many: 0}}
	totals, err := plan.Run(context.Background(), watch)
	if err != nil || totals.Done != many {
		t.Fatalf("%+v %v", totals, err)
	}
	growth := int64(watch.at[many]) - int64(watch.at[few])
	if perCell := growth / int64(many-few); perCell > 100 {
		t.Errorf("the heap grew by %d bytes from cell %d to cell %d: %d for each", growth, few, many, perCell)
	}
}
