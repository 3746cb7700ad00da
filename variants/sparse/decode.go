package sparse

import (
	"attnbench/variants"
	"attnbench/variants/tile"
)

// history says where the keys are that a query sees of older positions: behind the ring of the last stride
// keys. Strided attention keeps every key once more, those of one column side by side; fixed attention the
// summaries of the segments.
type history struct{ n, stride, summary int }

func newDecoder(p *variants.Problem, ws *variants.Workspace) variants.Decoder {
	c := history{p.Shape.N, p.Int("stride"), p.Int("summary")}
	ring := min(c.stride, c.n)
	keep := tile.Keep{
		Slots: func(int) int { return ring + min(c.stride, c.n)*c.length() }, Copy: c.strided, Seen: c.stridedSeen,
		Slot: func(_, position int) int { return position % c.stride },
	}
	if p.Text("pattern") == fixed {
		keep.Slots = func(int) int { return ring + c.n/c.stride*c.summary }
		keep.Copy, keep.Seen = c.fixed, c.fixedSeen
	}
	return tile.NewCache(p, ws, keep)
}

// length is the number of keys of the longest column.
func (c *history) length() int { return (c.n + c.stride - 1) / c.stride }

func (c *history) strided(_, position int) int {
	return min(c.stride, c.n) + position%c.stride*c.length() + position/c.stride
}

func (c *history) stridedSeen(_, position, i int) (from, to int) {
	if i > 0 {
		column := c.strided(0, position%c.stride)
		return column, column + position/c.stride*(2-i)
	}
	return 0, min(position+1, c.stride)
}

// fixed is -1 for a key that no later segment sees.
func (c *history) fixed(_, position int) int {
	segment, at := position/c.stride, position%c.stride-(c.stride-c.summary)
	if at < 0 || segment >= c.n/c.stride {
		return -1
	}
	return min(c.stride, c.n) + segment*c.summary + at
}

func (c *history) fixedSeen(_, position, i int) (from, to int) {
	if i > 0 {
		from = min(c.stride, c.n)
		return from, from + position/c.stride*c.summary*(2-i)
	}
	return 0, position%c.stride + 1
}

// decodeCost is that of the pairs of the last query.
func decodeCost(p *variants.Problem) variants.Cost {
	last, stride := p.Shape.N-1, p.Int("stride")
	sum := min(p.Shape.N, stride) + last/stride
	if p.Text("pattern") == fixed {
		sum = last%stride + 1 + last/stride*p.Int("summary")
	}
	return variants.PairsCost(p.Shape, int64(p.Shape.Slices()*sum))
}
