package local

import (
	"attnbench/variants"
	"attnbench/variants/tile"
)

// newDecoder keeps the keys of as many blocks as a query sees, in a ring.
func newDecoder(p *variants.Problem, ws *variants.Workspace) variants.Decoder {
	slots := min((p.Int("lookback")+1)*p.Int("block"), p.Shape.N)
	return tile.NewCache(p, ws, tile.Keep{
		Slots: func(int) int { return slots },
		Slot:  func(_, position int) int { return position % slots },
		Seen: func(_, position, i int) (from, to int) {
			return tile.InRing(slots, firstSeen(p, position), position, i)
		},
	})
}

// firstSeen is the first position that the query at a position sees.
func firstSeen(p *variants.Problem, position int) int {
	return max(0, (position/p.Int("block")-p.Int("lookback"))*p.Int("block"))
}

func decodeCost(p *variants.Problem) variants.Cost {
	last := p.Shape.N - 1
	return variants.PairsCost(p.Shape, int64(p.Shape.Slices()*(last-firstSeen(p, last)+1)))
}
