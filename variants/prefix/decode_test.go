package prefix

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"attnbench/variants"
	"attnbench/variants/work"
)

// TestDecoding: tokens of a map that makes them in chunks only, after a context and one by one, give the rows
// of the definition, with references that move at every token.
func TestDecoding(t *testing.T) {
	for _, set := range sets() {
		t.Run(set.Name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				draw := func(name string, most int) int { return rapid.IntRange(1, most).Draw(t, name) }
				s := variants.Shape{Batch: 1, Heads: draw("heads", 2), N: draw("n", 130), Causal: true}
				s.S, s.D, s.E = s.N, draw("d", 9), draw("e", 20)
				never := func(int) bool { return false }
				a := absolute{d: s.D, limit: draw("limit", 100), raise: 0.25, masked: never}
				q, k, v := normal("q", s.Heads*s.N*s.D), normal("k", s.Heads*s.N*s.D), normal("v", s.Heads*s.N*s.E)
				want := direct(s, q, k, v, a)
				pool := work.NewPool(2)
				defer pool.Close()
				p := &variants.Problem{Shape: s, Kernels: set, Pool: pool}
				config := Config{Features: s.D, Chunk: ChunkSize(p)}
				d := NewDecoder(p, &variants.Workspace{}, config, slices.Repeat([]Map{a}, 2))
				d.Prepare()
				context := rapid.IntRange(0, s.N-1).Draw(t, "context")
				d.Prefill(variants.F32s(k), variants.F32s(v), context)
				for position := context; position < s.N; position++ {
					one := func(x []float32, cols int) variants.Floats {
						var rows []float32
						for h := range s.Heads {
							rows = append(rows, x[(h*s.N+position)*cols:][:cols]...)
						}
						return variants.F32s(rows)
					}
					out := make([]float32, s.Heads*s.E)
					d.Decode(position, variants.F32s(out), one(q, s.D), one(k, s.D), one(v, s.E))
					for i, x := range out {
						y := want[(i/s.E*s.N+position)*s.E+i%s.E]
						if !(math.Abs(float64(x)-y) <= 1e-5) {
							t.Fatalf("position %d, element %d: %v, want %v", position, i, x, y)
						}
					}
				}
				if d.Executed() <= 0 {
					t.Fatal("Executed is not positive")
				}
			})
		})
	}
}
