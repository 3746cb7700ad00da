package performer

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"attnbench/variants"
	"attnbench/variants/variantstest"
)

// estimates returns count estimates of exp(x·y) by positive features, m of them for every draw of omega.
// x and y are scaled already: u = ω·x.
func estimates(t *testing.T, options string, count, m int, x, y []float64) []float64 {
	t.Helper()
	shape := variantstest.Self(1, 1, len(x), false)
	p := problem(t, shape, fmt.Sprintf("features=%d,%s", m, options), 1)
	h := (dot(x, x) + dot(y, y)) / 2
	list := make([]float64, count)
	for i := range list {
		omega := p.Mechanism.Inputs[0].Draw(p, []int{1, m, len(x)}, stream(uint64(i)))
		for r := range m {
			w := variants.Float64(omega.F32[r*len(x):][:len(x)])
			list[i] += math.Exp(dot(w, x)+dot(w, y)-h) / float64(m)
		}
	}
	return list
}

func dot(a, b []float64) float64 {
	var sum float64
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// moments returns the mean of x and the standard error of that mean.
func moments(x []float64) (mean, errorOfMean float64) {
	var sum, squares float64
	for _, a := range x {
		sum += a
		squares += a * a
	}
	n := float64(len(x))
	mean = sum / n
	return mean, math.Sqrt((squares/n - mean*mean) / n)
}

// squaredErrors returns (x - want)².
func squaredErrors(x []float64, want float64) []float64 {
	y := make([]float64, len(x))
	for i, a := range x {
		y[i] = (a - want) * (a - want)
	}
	return y
}

// TestMeanSquaredError compares iid draws with the closed form of spec §3.5, and orthogonal ones with
// their bound.
func TestMeanSquaredError(t *testing.T) {
	const d, m, draws = 8, 8, 4000
	x, y := make([]float64, d), make([]float64, d)
	for c := range d {
		x[c], y[c] = 0.3*math.Sin(float64(c+1)), 0.25*math.Cos(float64(2*c))
	}
	want := math.Exp(dot(x, y))
	z := dot(x, x) + dot(y, y) + 2*dot(x, y)
	iid := math.Exp(z) * want * want * (1 - math.Exp(-z)) / m
	mean, deviation := moments(squaredErrors(estimates(t, "draw=iid", draws, m, x, y), want))
	if math.Abs(mean-iid) > 3*deviation {
		t.Errorf("iid: mean squared error %.4g ± %.2g, the closed form is %.4g", mean, deviation, iid)
	}
	gap := want - math.Exp(-(dot(x, x)+dot(y, y))/2)
	bound := iid - 2*(m-1)/float64(m*(d+2))*gap*gap
	mean, deviation = moments(squaredErrors(estimates(t, "", draws, m, x, y), want))
	if mean > bound+3*deviation {
		t.Errorf("orthogonal: mean squared error %.4g ± %.2g is above the bound %.4g", mean, deviation, bound)
	}
}

// TestBias shows that QR factors as they come estimate the kernel too low in one direction and too high
// in the other (spec §3.2), and that fixed signs do not.
func TestBias(t *testing.T) {
	const d, m, draws = 16, 16, 3000
	for _, c := range []struct {
		options string
		biased  bool
	}{{"qr=haar", false}, {"qr=raw", true}, {"draw=iid", false}} {
		for _, sign := range []float64{1, -1} {
			x := make([]float64, d) // x + y = ±(1, …, 1)/√d
			for i := range x {
				x[i] = sign / (2 * math.Sqrt(d))
			}
			want := math.Exp(dot(x, x))
			mean, deviation := moments(estimates(t, c.options, draws, m, x, x))
			if c.biased != (math.Abs(mean-want) > 3*deviation) {
				t.Errorf("%s, direction %+v: mean %.4f ± %.4f of a kernel %.4f", c.options, sign, mean, deviation, want)
			}
			if c.biased && math.Abs(mean-want) < 0.1 {
				t.Errorf("%s, direction %+v: mean %.4f is too close to %.4f", c.options, sign, mean, want)
			}
		}
	}
}

// TestDrawnRows checks lengths and orthogonality of a block and a half, and that heads differ.
func TestDrawnRows(t *testing.T) {
	const d = 6
	const independent = "norm=sqrt_d,draw=iid"
	for _, options := range []string{"", "norm=sqrt_d", independent, "norm=sqrt_d,qr=raw"} {
		p := problem(t, variantstest.Self(2, 4, d, false), "features=9,"+options, 1)
		p.DrawInputs()
		a, b := variants.Float64(p.PerHead("omega", 0, 3)), variants.Float64(p.PerHead("omega", 1, 3))
		if a[0] == b[0] {
			t.Errorf("%s: two heads share their draw", options)
		}
		for r := range 9 {
			row := a[r*d:][:d]
			if length := math.Sqrt(dot(row, row)); options != "" && math.Abs(length-math.Sqrt(d)) > 1e-5 {
				t.Errorf("%s: row %d has length %v", options, r, length)
			}
			for s := r / d * d; s < r && options != independent; s++ {
				if cosine := dot(row, a[s*d:][:d]); math.Abs(cosine) > 1e-4 {
					t.Errorf("%s: rows %d and %d of a block are not orthogonal: %v", options, r, s, cosine)
				}
			}
		}
	}
}

func stream(seed uint64) func(head int) *rand.Rand {
	return func(head int) *rand.Rand { return variants.Stream(seed, "omega", head) }
}
