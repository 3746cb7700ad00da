package reformer

import (
	"math/bits"

	"attnbench/variants"
)

// queryset is a set of queries of a tile, by number.
type queryset [mostQueries / 64]uint64

// past knows which chunks of which rounds each query of a tile has met before: what a pair counts once needs.
type past struct {
	l       *plan
	slice   int
	queries []int32
	chunks  []queryset // [rounds, chunks]: the queries that have met the chunk
	marked  []int32    // the chunks that any query has met
	count   int        // of them
}

func (p *past) allocate(ws *variants.Workspace, l *plan) {
	p.l = l
	p.chunks = variants.Alloc[queryset](ws, l.rounds*l.schedule.chunks)
	p.marked = variants.Alloc[int32](ws, l.rounds*min(l.schedule.chunks, 2*l.queries+2))
}

// begin forgets the tile before and recalls what these queries met in the rounds before the one that runs.
func (p *past) begin(slice int, queries []int32) {
	for _, chunk := range p.marked[:p.count] {
		p.chunks[chunk] = queryset{}
	}
	p.count, p.slice, p.queries = 0, slice, queries
	o := p.l.order
	valid := o.valid[slice/p.l.shape.Heads]
	for earlier := range p.l.round {
		slot := o.part(o.slot, slice, earlier)
		for i, token := range queries {
			parts, count := p.l.parts(earlier, int(slot[token])/p.l.chunk, valid)
			for _, keys := range parts[:count] {
				p.add(i, earlier, keys)
			}
		}
	}
}

// add notes that the i-th query met a part while it was in a round. Where only the own bucket counts, a part
// of another round showed it nothing but itself, which repeats freely.
func (p *past) add(i, round int, keys part) {
	if p.l.inBucket && int(keys.round) != round {
		return
	}
	for slot := int(keys.from); slot < int(keys.to); slot += p.l.chunk {
		chunk := int(keys.round)*p.l.schedule.chunks + slot/p.l.chunk
		if p.chunks[chunk] == (queryset{}) {
			p.marked[p.count] = int32(chunk)
			p.count++
		}
		p.chunks[chunk][i/64] |= 1 << (i % 64)
	}
}

// met returns the queries that have met a key.
func (p *past) met(key int32) (all queryset) {
	o := p.l.order
	for round := range p.l.rounds {
		slot := o.part(o.slot, p.slice, round)[key]
		set := p.chunks[round*p.l.schedule.chunks+int(slot)/p.l.chunk]
		if p.l.inBucket {
			set = p.alike(set, key, o.part(o.bucket, p.slice, round))
		}
		for i, word := range set {
			all[i] |= word
		}
	}
	return all
}

// alike keeps the queries of a set that are in the bucket of a key.
func (p *past) alike(set queryset, key int32, bucket []int32) queryset {
	for half, word := range set {
		for ; word != 0; word &= word - 1 {
			i := bits.TrailingZeros64(word)
			if bucket[p.queries[64*half+i]] != bucket[key] {
				set[half] &^= 1 << i
			}
		}
	}
	return set
}
