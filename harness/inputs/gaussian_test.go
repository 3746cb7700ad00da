package inputs_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"attnbench/harness/inputs"
	"attnbench/variants"
)

func TestGaussianMoments(t *testing.T) {
	q, k, v := inputs.Gaussian(1, variants.Shape{Batch: 2, Heads: 3, N: 500, S: 700, D: 16, E: 8})
	for i, x := range [][]float32{q, k, v} {
		if want := []int{2 * 3 * 500 * 16, 2 * 3 * 700 * 16, 2 * 3 * 700 * 8}[i]; len(x) != want {
			t.Fatalf("tensor %d has %d elements, want %d", i, len(x), want)
		}
		var sum, squares, fourth float64
		for _, f := range x {
			y := float64(f)
			sum, squares, fourth = sum+y, squares+y*y, fourth+y*y*y*y
		}
		n := float64(len(x)) // bounds of five standard errors
		if math.Abs(sum/n) > 5/math.Sqrt(n) || math.Abs(squares/n-1) > 5*math.Sqrt(2/n) ||
			math.Abs(fourth/n-3) > 5*math.Sqrt(96/n) {
			t.Errorf("tensor %d: moments %v %v %v of N(0,1)", i, sum/n, squares/n, fourth/n)
		}
	}
}

// Results of different sweeps are comparable only if a head is the same in all of them.
func TestGaussianHeadsStand(t *testing.T) {
	one := variants.Shape{Batch: 1, Heads: 1, N: 10, S: 10, D: 4, E: 4}
	many := variants.Shape{Batch: 2, Heads: 4, N: 15, S: 15, D: 4, E: 4}
	q, k, v := inputs.Gaussian(7, one)
	q2, k2, v2 := inputs.Gaussian(7, many)
	for i, x := range [][2][]float32{{q, q2}, {k, k2}, {v, v2}} {
		if diff := cmp.Diff(x[0], x[1][:40]); diff != "" {
			t.Errorf("tensor %d depends on length or heads: %s", i, diff)
		}
	}
	other, _, _ := inputs.Gaussian(8, one)
	streams := [][]float32{q, k, v, q2[60:100], q2[4*60 : 4*60+40], other}
	for i := range streams {
		for j := range i {
			if cmp.Equal(streams[i], streams[j]) {
				t.Errorf("streams %d and %d are the same", i, j)
			}
		}
	}
}

func BenchmarkGaussian(b *testing.B) {
	shape := variants.Shape{Batch: 1, Heads: 1, N: 65536, S: 65536, D: 64, E: 64}
	var sink float32
	for b.Loop() {
		q, _, _ := inputs.Gaussian(1, shape)
		sink += q[0]
	}
	_ = sink
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := inputs.Load("smollm2-prose"); err != nil {
			b.Fatal(err)
		}
	}
}
