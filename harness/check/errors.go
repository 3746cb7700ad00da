package check

import (
	"math"
	"runtime"
	"slices"
	"sync"

	"attnbench/variants"
	"attnbench/variants/exact"
)

// Tensors are the operands of a call over all heads, [batch, heads, rows, columns] each; K is nil where
// queries serve as keys.
type Tensors struct{ Q, K, V []float32 }

// Head returns one head in float64. slice counts batch × heads.
func (t Tensors) Head(s variants.Shape, slice int, rows []int) variants.Head {
	h := variants.Head{Batch: slice / s.Heads, Head: slice % s.Heads, Rows: rows}
	h.Q = variants.Float64(t.Q[slice*s.N*s.D : (slice+1)*s.N*s.D])
	if t.K != nil {
		h.K = variants.Float64(t.K[slice*s.S*s.D : (slice+1)*s.S*s.D])
	}
	h.V = variants.Float64(t.V[slice*s.S*s.E : (slice+1)*s.S*s.E])
	return h
}

// Float64 evaluates a definition on the given rows of every head, heads side by side on all cores:
// [slices][len(rows)·e].
func Float64(p *variants.Problem, definition variants.Definition, t Tensors, rows []int) [][]float64 {
	p.DrawInputs()
	out := make([][]float64, p.Shape.Slices())
	var wg sync.WaitGroup
	limit := make(chan struct{}, runtime.GOMAXPROCS(0))
	for slice := range out {
		wg.Go(func() {
			limit <- struct{}{}
			out[slice] = definition(p, t.Head(p.Shape, slice, rows))
			<-limit
		})
	}
	wg.Wait()
	return out
}

// Target is what a mechanism's fidelity is measured against: softmax attention, unless it declares another
// target.
func Target(m *variants.Mechanism) variants.Definition {
	if m.Target != nil {
		return m.Target
	}
	return exact.Attention
}

// MeanOfValues is the output of attending to everything alike: the mean of V over the keys that each row may
// see (0 where it sees none). An approximation that is no better has learnt nothing from the queries.
func MeanOfValues(p *variants.Problem, h variants.Head) []float64 {
	s := p.Shape
	valid := p.ValidKeys(h.Batch)
	out := make([]float64, 0, len(h.Rows)*s.E)
	sum := make([]float64, s.E)
	seen, next := 0.0, 0
	for _, row := range h.Rows {
		for visible := exact.Visible(s, row); next < visible; next++ {
			if valid != nil && !valid[next] {
				continue
			}
			seen++
			for c := range sum {
				sum[c] += h.V[next*s.E+c]
			}
		}
		for c := range sum {
			out = append(out, sum[c]/math.Max(seen, 1))
		}
	}
	return out
}

// AllRows are the rows 0 … n-1.
func AllRows(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

// SampleRows are count seeded rows and the first and the last of n, ascending, each once; all rows where n is
// not above limit.
func SampleRows(n, limit, count int, seed uint64) []int {
	if n <= limit {
		return AllRows(n)
	}
	rows := []int{0, n - 1}
	rng := variants.Stream(seed, "rows", n)
	for len(rows) < count+2 {
		rows = append(rows, rng.IntN(n))
	}
	slices.Sort(rows)
	return slices.Compact(rows)
}

// Limit and Count are the rule for errors on generated input: above Limit rows, Count seeded rows per head
// are compared.
const (
	SampleLimit = 2048
	SampleCount = 256
)

// LiveRows leaves out the rows that a key mask zeroes by definition: a masked position's own row, in
// mechanisms that say so.
func LiveRows(p *variants.Problem, batch int, rows []int) []int {
	valid := p.ValidKeys(batch)
	if valid == nil || !p.Mechanism.DeadRows {
		return rows
	}
	var live []int
	for _, r := range rows {
		if valid[r] {
			live = append(live, r)
		}
	}
	return live
}

// Distance accumulates ‖got - want‖ and ‖want‖ over rows.
type Distance struct{ difference, size float64 }

// Add takes one head: got [n, e] against the float64 rows that want holds.
func (d *Distance) Add(got []float32, want []float64, rows []int, e int) {
	for i, r := range rows {
		d.AddAll(got[r*e:(r+1)*e], want[i*e:(i+1)*e])
	}
}

// AddAll takes all elements of two arrays of the same size.
func (d *Distance) AddAll(got []float32, want []float64) {
	for i, w := range want {
		x := float64(got[i]) - w
		d.difference += x * x
		d.size += w * w
	}
}

// Relative is ‖got - want‖_F / ‖want‖_F. Where want is all zero it is 0 for a zero output and +Inf else.
func (d *Distance) Relative() float64 {
	switch {
	case d.difference == 0 && d.size == 0:
		return 0
	case d.size == 0:
		return math.Inf(1)
	}
	return math.Sqrt(d.difference / d.size)
}
