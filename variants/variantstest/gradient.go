package variantstest

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/work"
)

// CheckGradient compares a mechanism's Gradient with differences of its Definition, case by case: see
// GradientError. Cases should be small, because every difference evaluates the definition.
func CheckGradient(t *testing.T, m *variants.Mechanism, cases []Case) {
	t.Helper()
	for _, c := range cases {
		t.Run("gradient/"+c.name(), func(t *testing.T) {
			if err := GradientError(m, c); err != nil {
				t.Error(err)
			}
		})
	}
}

// differences is the number of elements of a tensor, per head, that are moved to compare a gradient.
const differences = 48

// GradientError compares a mechanism's Gradient with central differences of its Definition at seeded elements
// of q, k, v and the learned side inputs. It accepts an error of 1e-6 of the largest gradient of the tensor.
func GradientError(m *variants.Mechanism, c Case) error {
	pool := work.NewPool(1)
	defer pool.Close()
	c.backward, c.Inputs = true, cloned(c.Inputs)
	p, err := c.problem(m, kernel.Generic(), pool)
	if err != nil {
		return err
	}
	p.DrawInputs()
	learned := quantize(p)
	in := draw(c)
	heads, dout := wholeHeads(p, in.q, in.k, in.v), drawUpstream(c.Shape)
	size := c.Shape.N * c.Shape.E
	sums := map[string][]float64{}
	for i, h := range heads {
		g := m.Gradient(p, h, variants.Float64(dout[i*size:(i+1)*size]))
		loss := func() float64 { return dot(m.Definition(p, h), dout[i*size:]) }
		for _, x := range []struct {
			name      string
			at, slope []float64
		}{{"q", h.Q, g.Q}, {"k", h.K, g.K}, {"v", h.V, g.V}} {
			if err := compareSlopes(x.at, x.slope, loss); err != nil {
				return fmt.Errorf("head %d: d%s: %w", i, x.name, err)
			}
		}
		addInputs(sums, g.Inputs)
	}
	loss := func() (sum float64) {
		for i, h := range heads {
			sum += dot(m.Definition(p, h), dout[i*size:])
		}
		return sum
	}
	return compareInputs(p, learned, sums, loss)
}

// wholeHeads are all heads in float64, every row wanted.
func wholeHeads(p *variants.Problem, q, k, v []float32) []variants.Head {
	s := p.Shape
	rows := make([]int, s.N)
	for i := range rows {
		rows[i] = i
	}
	heads := make([]variants.Head, s.Slices())
	for h := range heads {
		heads[h] = variants.Head{
			Batch: h / s.Heads, Head: h % s.Heads, Rows: rows,
			Q: variants.Float64(q[h*s.N*s.D : (h+1)*s.N*s.D]),
			V: variants.Float64(v[h*s.S*s.E : (h+1)*s.S*s.E]),
		}
		if k != nil && !p.Mechanism.SharedQK {
			heads[h].K = variants.Float64(k[h*s.S*s.D : (h+1)*s.S*s.D])
		}
	}
	return heads
}

// drawUpstream makes dout, [batch, heads, n, e].
func drawUpstream(s variants.Shape) []float32 {
	dout := make([]float32, s.Slices()*s.N*s.E)
	variants.Normal(variants.Stream(seed, "dout", 0), dout, 1)
	return dout
}

// addInputs adds one head's gradients of side inputs to the sums.
func addInputs(sums, inputs map[string][]float64) {
	for name, x := range inputs {
		if sums[name] == nil {
			sums[name] = make([]float64, len(x))
		}
		for i, v := range x {
			sums[name][i] += v
		}
	}
}

// cloned are copies, which may be changed.
func cloned(inputs map[string]variants.Tensor) map[string]variants.Tensor {
	copies := map[string]variants.Tensor{}
	for name, t := range inputs {
		t.F32 = slices.Clone(t.F32)
		copies[name] = t
	}
	return copies
}

// inputStep moves an element of a side input, which is float32.
const inputStep = 0x1p-8

// quantize rounds the learned side inputs that a problem uses so that moving them by inputStep is exact, and
// returns their names.
func quantize(p *variants.Problem) (names []string) {
	for name := range p.Learned() {
		t, _ := p.Input(name)
		names = append(names, name)
		for i, x := range t.F32 {
			t.F32[i] = float32(math.Round(float64(x)*0x1p14) * 0x1p-14)
		}
	}
	slices.Sort(names)
	return names
}

// compareSlopes moves elements of x and compares the slope of the loss with its gradient. A step that crosses
// a border, where routing changes and there is no slope, is tried again much shorter.
func compareSlopes(x, gradient []float64, loss func() float64) error {
	if len(gradient) != len(x) {
		return fmt.Errorf("%d elements of %d", len(gradient), len(x))
	}
	for _, i := range sampled(len(x)) {
		var err error
		for _, h := range []float64{1e-5, 1.7e-7} {
			old := x[i]
			x[i] = old + h
			high := loss()
			x[i] = old - h
			low := loss()
			x[i] = old
			if err = compareSlope(i, gradient, (high-low)/(2*h)); err == nil {
				break
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// compareInputs is compareSlopes for side inputs. Their steps are long, so it takes four for each slope: what
// is left is of fifth order.
func compareInputs(p *variants.Problem, names []string, sums map[string][]float64,
	loss func() float64) error {
	for _, name := range names {
		t, _ := p.Input(name)
		if len(sums[name]) != len(t.F32) {
			return fmt.Errorf("d%s: %d elements of %d", name, len(sums[name]), len(t.F32))
		}
		for _, i := range sampled(len(t.F32)) {
			old := t.F32[i]
			at := func(steps float32) float64 {
				t.F32[i] = old + steps*inputStep
				defer func() { t.F32[i] = old }()
				return loss()
			}
			slope := (8*(at(1)-at(-1)) - (at(2) - at(-2))) / (12 * inputStep)
			if err := compareSlope(i, sums[name], slope); err != nil {
				return fmt.Errorf("d%s: %w", name, err)
			}
		}
	}
	return nil
}

func compareSlope(i int, gradient []float64, slope float64) error {
	top := math.Max(math.Abs(slices.Max(gradient)), math.Abs(slices.Min(gradient)))
	if d := math.Abs(gradient[i] - slope); !(d <= 1e-6*math.Max(top, 1e-2)) {
		return fmt.Errorf("element %d is %v, differences give %v; the largest is %v", i, gradient[i], slope, top)
	}
	return nil
}

// sampled are the elements of n that are compared.
func sampled(n int) []int {
	return variants.Stream(seed, "differences", n).Perm(n)[:min(n, differences)]
}

func dot(a []float64, b []float32) (sum float64) {
	for i, x := range a {
		sum += x * float64(b[i])
	}
	return sum
}
