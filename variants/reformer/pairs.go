package reformer

import "attnbench/variants"

// counter counts the distinct pairs of queries and keys that meet in any round.
type counter struct {
	schedule
	order *order
	last  [][]int32 // per worker and token: the last query that met it, plus one
	count []int64   // per slice
}

// pairs counts what the hash of q lets meet, a token with itself included.
func pairs(p *variants.Problem, q []float32) int64 {
	p.DrawInputs()
	c := counter{order: newOrder(p, &variants.Workspace{}), count: make([]int64, p.Shape.Slices())}
	c.schedule = newSchedule(p, c.order)
	c.order.Prepare()
	c.order.Run(variants.F32s(q), 0, p.Shape.Slices())
	c.last = make([][]int32, p.Pool.Threads())
	for i := range c.last {
		c.last[i] = make([]int32, p.Shape.N)
	}
	p.Pool.Run(p.Shape.Slices(), c.slice)
	sum := int64(0)
	for _, count := range c.count {
		sum += count
	}
	return sum
}

// slice counts the pairs of one head.
func (c *counter) slice(worker, slice int) {
	last, o := c.last[worker], c.order
	clear(last)
	valid := o.valid[slice/o.p.Shape.Heads]
	for query := range int32(o.p.Shape.N) {
		for round := range c.rounds {
			slot := o.part(o.slot, slice, round)[query]
			if slot < 0 {
				break // hidden by the key mask
			}
			parts, count := c.parts(round, int(slot)/c.chunk, valid)
			for _, keys := range parts[:count] {
				c.count[slice] += c.meet(last, slice, round, query, keys)
			}
		}
	}
}

// meet lets a query meet a part and returns the number of keys that are new to it.
func (c *counter) meet(last []int32, slice, round int, query int32, keys part) (fresh int64) {
	o := c.order
	bucket := o.part(o.bucket, slice, round)
	for _, key := range o.part(o.token, slice, int(keys.round))[keys.from:keys.to] {
		hidden := c.causal && key > query ||
			c.inBucket && key != query && (int(keys.round) != round || bucket[key] != bucket[query])
		if !hidden && last[key] != query+1 {
			last[key] = query + 1
			fresh++
		}
	}
	return fresh
}
