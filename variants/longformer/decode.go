package longformer

import (
	"attnbench/variants"
	"attnbench/variants/tile"
)

// rings keep the keys of a head that a later token can see: with dilation δ a window stays among the tokens
// of one position modulo δ, so each of these δ classes has a ring of its own for the last window/2+1 of them.
type rings struct {
	n, half  int
	dilation []int // of each slice, at most n
}

func newDecoder(p *variants.Problem, ws *variants.Workspace) variants.Decoder {
	r := rings{n: p.Shape.N, half: p.Int("window") / 2}
	for h := range p.Shape.Slices() {
		r.dilation = append(r.dilation, min(dilation(p, h%p.Shape.Heads), p.Shape.N))
	}
	return tile.NewCache(p, ws, tile.Keep{
		Slots: func(head int) int { return r.dilation[head] * r.ring(head) }, Slot: r.slot, Seen: r.seen,
	})
}

// ring is the number of slots of one class.
func (r *rings) ring(head int) int { return min(r.half+1, ceilDiv(r.n, r.dilation[head])) }

func (r *rings) slot(head, position int) int {
	ring, d := r.ring(head), r.dilation[head]
	return position%d*ring + position/d%ring
}

func (r *rings) seen(head, position, i int) (from, to int) {
	if i > 0 {
		return 0, 0
	}
	ring, d := r.ring(head), r.dilation[head]
	from = position % d * ring
	return from, from + min(position/d+1, ring)
}

// decodeCost is that of the last token's pairs.
func decodeCost(p *variants.Problem) variants.Cost {
	sum := 0
	for h := range p.Shape.Heads {
		sum += min(p.Int("window")/2, (p.Shape.N-1)/dilation(p, h)) + 1
	}
	return variants.PairsCost(p.Shape, int64(sum*p.Shape.Batch))
}
