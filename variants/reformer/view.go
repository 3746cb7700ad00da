package reformer

import (
	"math"
	"math/bits"

	"attnbench/variants"
	"attnbench/variants/tile"
)

// view is what one worker's tile of queries sees of the keys that it visits.
type view struct {
	l       *plan
	slice   int
	first   int     // slot of the first query
	queries []int32 // tokens, in the order of their slots
	slot    []int32 // of every token, in the round of the queries
	bucket  []int32 // of every token, in that round

	span []tile.Span // [mostKeys]
	pair []tile.Pair // of one visit
	past past
}

func (c *view) allocate(ws *variants.Workspace, l *plan) {
	c.l = l
	pairs := mostKeys // a key is the own token of one query at most
	if l.dedup {
		pairs *= l.queries
		c.past.allocate(ws, l)
	}
	c.pair = variants.Alloc[tile.Pair](ws, pairs)
	if l.causal || l.inBucket {
		c.span = variants.Alloc[tile.Span](ws, mostKeys)
	}
}

// begin takes the tile of queries in the slots [first, last) of the round that runs.
func (c *view) begin(slice, first, last int) {
	o, round := c.l.order, c.l.round
	c.slice, c.first = slice, first
	c.queries = o.part(o.token, slice, round)[first:last]
	c.slot, c.bucket = o.part(o.slot, slice, round), o.part(o.bucket, slice, round)
	if c.l.dedup {
		c.past.begin(slice, c.queries)
	}
}

// end notes that all queries have met a part.
func (c *view) end(keys part) {
	if c.l.dedup {
		for i := range c.queries {
			c.past.add(i, c.l.round, keys)
		}
	}
}

// spans finds the queries that see each of the keys, tokens of a round in the order of their slots; nil where
// all do.
func (c *view) spans(round int, keys []int32) []tile.Span {
	switch {
	case c.l.inBucket && round != c.l.round:
		return c.ownSpans(keys)
	case c.l.inBucket:
		return c.bucketSpans(keys)
	case c.l.causal:
		return c.causalSpans(keys)
	}
	return nil
}

// ownSpans lets a query see nothing but itself.
func (c *view) ownSpans(keys []int32) []tile.Span {
	for k, key := range keys {
		c.span[k] = tile.Span{}
		if i := int(c.slot[key]) - c.first; i >= 0 && i < len(c.queries) {
			c.span[k] = tile.Span{From: int32(i), To: int32(i + 1)}
		}
	}
	return c.span[:len(keys)]
}

// bucketSpans lets a query see its own bucket, up to its own position if causal. Keys and queries ascend by
// bucket and position.
func (c *view) bucketSpans(keys []int32) []tile.Span {
	from, to := 0, 0
	for k, key := range keys {
		b := c.bucket[key]
		for ; from < len(c.queries); from++ {
			q := c.queries[from]
			if c.bucket[q] > b || c.bucket[q] == b && (q >= key || !c.l.causal) {
				break
			}
		}
		for to < len(c.queries) && c.bucket[c.queries[to]] <= b {
			to++
		}
		c.span[k] = tile.Span{From: int32(from), To: int32(to)}
	}
	return c.span[:len(keys)]
}

// causalSpans lets a query see what is not after it. Queries ascend by position; keys do within their chunk.
func (c *view) causalSpans(keys []int32) []tile.Span {
	from := 0
	for k, key := range keys {
		if k > 0 && key < keys[k-1] { // the next chunk begins
			from = 0
		}
		for from < len(c.queries) && c.queries[from] < key {
			from++
		}
		c.span[k] = tile.Span{From: int32(from), To: int32(len(c.queries))}
	}
	return c.span[:len(keys)]
}

// pairs finds the pairs of a visit whose logits change: a token with itself, and, where a pair counts once,
// pairs that have met before. That is the logarithm of their number taken off each time, at once.
func (c *view) pairs(keys []int32, spans []tile.Span) []tile.Pair {
	list := c.pair[:0]
	for k, key := range keys {
		own := c.slot[key] - int32(c.first)
		if own >= 0 && int(own) < len(c.queries) {
			list = append(list, tile.Pair{Key: int32(k), Query: own, Add: ownLogit, Replace: true})
		}
		if c.l.dedup {
			seen := tile.Span{To: int32(len(c.queries))}
			if spans != nil {
				seen = spans[k]
			}
			list = c.repetitions(list, int32(k), key, own, seen)
		}
	}
	return list
}

// repetitions appends the pairs of one key that have met before.
func (c *view) repetitions(list []tile.Pair, k, key, own int32, seen tile.Span) []tile.Pair {
	met := c.past.met(key)
	for half, word := range met {
		for ; word != 0; word &= word - 1 {
			i := int32(64*half + bits.TrailingZeros64(word))
			if i != own && i >= seen.From && i < seen.To {
				list = append(list, tile.Pair{Key: k, Query: i, Add: float32(math.Inf(-1))})
			}
		}
	}
	return list
}
