package sparse

import (
	"math"

	"attnbench/variants"
	"attnbench/variants/tile"
)

// edge is the number of keys that are scored at a time where the pattern cuts a query tile: few, because most
// tiles are cut.
const edge = 16

// schedule is what both patterns have in common.
type schedule struct {
	tile.Operands
	*tile.Engine
	shape   variants.Shape
	stride  int
	queries int       // most rows of a query tile
	back    *backward // nil where no gradients are asked for
}

func newPlan(p *variants.Problem, ws *variants.Workspace) variants.Attention {
	s := schedule{shape: p.Shape, stride: min(p.Int("stride"), p.Shape.N), Operands: tile.NewOperands(p, ws)}
	if p.Text("pattern") == fixed {
		return newFixed(p, ws, s)
	}
	return newStrided(p, ws, s)
}

// config is the engine's.
func (s *schedule) config(p *variants.Problem, queries, keys int) tile.Config {
	return tile.Config{
		Kernels: p.Kernels, Pool: p.Pool, Type: p.Type, D: s.shape.D, E: s.shape.E,
		Scale: 1 / math.Sqrt(float64(s.shape.D)), Queries: queries, Keys: keys, Edge: edge,
	}
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
