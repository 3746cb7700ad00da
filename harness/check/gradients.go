package check

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"

	"attnbench/variants"
	"attnbench/variants/work"
)

// negligible is the part of the largest norm among dq, dk and dv below which a gradient is judged by that
// part of the largest instead of by itself: some are 0 but for rounding, such as dq where a row sees one key.
const negligible = 1e-2

// GradientLimit is the number of rows up to which gradients are compared for all rows of dout: a definition's
// gradient takes several times as long as its output. Above, SampleCount seeded rows are taken.
const GradientLimit = 512

// GradientsAtOnce is how many parts of a gradient are computed side by side at most: each has a copy of a
// head and of its gradients in float64.
const GradientsAtOnce = 4

// GradientRows are the rows of dout that gradients are compared for.
func GradientRows(n int, seed uint64) []int { return SampleRows(n, GradientLimit, SampleCount, seed) }

// CopyRows copies the given rows of every head, [batch, heads, n, e], and sets all others to 0.
func CopyRows(dst, src []float32, s variants.Shape, rows []int) {
	clear(dst)
	for slice := range s.Slices() {
		for _, r := range rows {
			at := (slice*s.N + r) * s.E
			copy(dst[at:at+s.E], src[at:])
		}
	}
}

// GradientError is how far gradients are from their definition.
type GradientError struct {
	Name  string  // of the worst: "dq", "dk", "dv" or that of a learned side input
	Worst float64 // its ‖got - want‖_F / ‖want‖_F
}

// CompareGradients compares gradients of the loss Σ out∘dout with the mechanism's definition. dout is
// [batch, heads, n, e] and is 0 outside the given rows: all of every gradient is compared, and the definition
// has to differentiate these rows only. Heads run side by side, a single one in parts. It stops between parts
// when the context ends, with its error; a panic of the definition is a *work.Panic.
func CompareGradients(
	ctx context.Context, p *variants.Problem, t Tensors, dout []float32, rows []int, got variants.Gradients,
) (GradientError, error) {
	p.DrawInputs()
	c := newComparison(p, got)
	atOnce := min(GradientsAtOnce, runtime.GOMAXPROCS(0))
	parts := split(rows, max(1, atOnce/p.Shape.Slices()))
	var wg sync.WaitGroup
	limit := make(chan struct{}, atOnce)
	before := make(chan struct{}) // closed when the part before is added: sums do not depend on who is first
	close(before)
	for slice := range p.Shape.Slices() {
		head := &partial{left: len(parts)}
		for _, part := range parts {
			limit <- struct{}{}
			earlier, added := before, make(chan struct{})
			before = added
			wg.Go(func() {
				defer func() { <-limit }()
				defer close(added)
				if ctx.Err() != nil {
					return
				}
				c.note(work.Contain(func() error {
					gradient := gradientOf(p, t, dout, slice, part)
					<-earlier
					c.add(slice, head, gradient)
					return nil
				}))
			})
		}
	}
	wg.Wait()
	if c.err != nil {
		return GradientError{}, c.err
	}
	return c.result(), ctx.Err()
}

// split cuts rows into n pieces of about the same size, fewer where there are fewer rows.
func split(rows []int, n int) [][]int {
	n = max(1, min(n, len(rows)))
	pieces := make([][]int, n)
	for i := range pieces {
		pieces[i] = rows[i*len(rows)/n : (i+1)*len(rows)/n]
	}
	return pieces
}

// gradientOf evaluates the definition on some rows of one head.
func gradientOf(
	p *variants.Problem, t Tensors, dout []float32, slice int, rows []int,
) variants.HeadGradients {
	s := p.Shape
	var wanted []float64
	for _, r := range rows {
		at := (slice*s.N + r) * s.E
		wanted = append(wanted, variants.Float64(dout[at:at+s.E])...)
	}
	return p.Mechanism.Gradient(p, t.Head(s, slice, rows), wanted)
}

// partial is one head's gradient while parts of it are missing.
type partial struct {
	left int
	sum  variants.HeadGradients
}

// comparison collects distances over heads. Heads share side inputs, so gradients of those are summed first.
type comparison struct {
	mu     sync.Mutex
	shape  variants.Shape
	got    variants.Gradients
	inputs map[string][]float64
	far    map[string]*Distance
	err    error // the first panic
}

func newComparison(p *variants.Problem, got variants.Gradients) *comparison {
	c := &comparison{shape: p.Shape, got: got, inputs: map[string][]float64{}, far: map[string]*Distance{}}
	got.Each(func(name string, _ []float32) { c.far[name] = &Distance{} })
	for name, x := range got.Inputs {
		c.inputs[name] = make([]float64, len(x))
	}
	return c
}

// note keeps the first error.
func (c *comparison) note(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
}

// add takes a part of one head; the last one completes the head.
func (c *comparison) add(slice int, head *partial, part variants.HeadGradients) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, sum := range c.inputs {
		sumInto(sum, part.Inputs[name])
	}
	if head.sum.Q == nil {
		head.sum = part
	} else {
		sumInto(head.sum.Q, part.Q)
		sumInto(head.sum.K, part.K)
		sumInto(head.sum.V, part.V)
	}
	if head.left--; head.left > 0 {
		return
	}
	s := c.shape
	for _, x := range []struct {
		name string
		got  []float32
		want []float64
		size int
	}{
		{"dq", c.got.Q, head.sum.Q, s.N * s.D}, {"dk", c.got.K, head.sum.K, s.S * s.D},
		{"dv", c.got.V, head.sum.V, s.S * s.E},
	} {
		if x.got != nil {
			c.far[x.name].AddAll(x.got[slice*x.size:(slice+1)*x.size], x.want)
		}
	}
	head.sum = variants.HeadGradients{}
}

func sumInto(sum, x []float64) {
	for i, v := range x {
		sum[i] += v
	}
}

// result is the worst of the gradients.
func (c *comparison) result() GradientError {
	for name, want := range c.inputs {
		c.far["d"+name].AddAll(c.got.Inputs[name], want)
	}
	sizes := map[string]float64{}
	for name, d := range c.far {
		sizes[name] = math.Sqrt(d.size)
	}
	floor := Floor(sizes)
	var worst GradientError
	c.got.Each(func(name string, _ []float32) {
		d := *c.far[name]
		d.size = math.Max(d.size, floor*floor)
		if e := d.Relative(); e >= worst.Worst || math.IsNaN(e) {
			worst = GradientError{name, e}
		}
	})
	return worst
}

// Floor is the norm that a gradient's error is taken relative to where its own, by name, is smaller.
func Floor(norms map[string]float64) float64 {
	return negligible * max(norms["dq"], norms["dk"], norms["dv"])
}

// Poison fills every gradient with NaN: what a call leaves unwritten stays one.
func Poison(g variants.Gradients) {
	nan := float32(math.NaN())
	g.Each(func(_ string, x []float32) {
		for i := range x {
			x[i] = nan
		}
	})
}

// Unwritten says which element of the gradients is no number; empty: none.
func Unwritten(g variants.Gradients) string {
	found := ""
	g.Each(func(name string, x []float32) {
		for i, v := range x {
			if f := float64(v); found == "" && (math.IsNaN(f) || math.IsInf(f, 0)) {
				found = fmt.Sprintf("%s element %d of %d is %v or was never written", name, i, len(x), v)
			}
		}
	})
	return found
}
