package tile

import (
	"math"

	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/work"
)

// Keep says which keys and values a Cache keeps of each head (batch × heads), and where.
type Keep struct {
	Slots func(head int) int           // how many
	Slot  func(head, position int) int // where the token at a position is kept, in place of an older one
	// Copy is where it is kept besides, -1 for nowhere. Nil: nothing is kept twice.
	Copy func(head, position int) int
	// Seen is the i-th range of slots, from ≤ slot < to, that a token sees with its own; empty past the last.
	Seen func(head, position, i int) (from, to int)
	// Split cuts the keys of a long context into parts for several threads (Dao et al. 2023, "Flash-Decoding").
	Split bool
}

// The layout of a Cache. A block of keys is stored transposed, so that the products of one query with all of
// them are a weighted sum of rows; its width is a multiple of the lanes of every kernel set.
const (
	blockKeys  = 64
	cacheLine  = 16   // floats
	pieceKeys  = 1024 // whose logits are in memory at a time, a multiple of blockKeys
	splitParts = 8    // jobs that a split makes about
	splitKeys  = 4096 // the least of a part
)

// Cache decodes softmax attention: a tile.Engine for one query a head, whose keys and values it keeps in the
// number format of the operands. A token reads every key and value that it sees once and in order.
type Cache struct {
	shape   variants.Shape
	kernels *kernel.Set
	pool    *work.Pool
	keep    Keep
	cols    int // e rounded up to lanes
	parts   int // of a head's keys
	k, v    variants.Floats
	first   []int // slot of each head in k and v, and the end

	workers  []decoder
	partials []partial // [heads][parts], where there are several

	position                 int
	out, query, key, value   variants.Floats
	fill, whole, part, merge func(worker, job int)
}

// partial is the softmax over some of a head's keys: unnormalised output, running maximum and sum.
type partial struct {
	acc      []float32 // [cols]
	top, sum float32
}

// decoder is one worker's scratch.
type decoder struct {
	q, logits, lanes []float32 // [d], [pieceKeys + lines], [lanes]
	one, two         []float32 // a number each, as kernels want it
	widened          []float32 // a block of BF16 keys or values: [blockKeys][max(d, cols)]
	own              partial
	executed         int64
}

// NewCache plans the decoding of p with the given cache.
func NewCache(p *variants.Problem, ws *variants.Workspace, keep Keep) *Cache {
	s := p.Shape
	c := &Cache{shape: s, kernels: p.Kernels, pool: p.Pool, keep: keep, cols: p.Kernels.Pad(s.E), parts: 1}
	c.first = make([]int, s.Slices()+1)
	for h := range s.Slices() {
		c.first[h+1] = c.first[h] + lines(keep.Slots(h))
	}
	slots := c.first[s.Slices()]
	if c.k, c.v = c.allocate(p, ws, slots*s.D), c.allocate(p, ws, slots*c.cols); keep.Split {
		c.parts = max(1, min((splitParts+s.Slices()-1)/s.Slices(), s.N/splitKeys))
	}
	floats := func(n int) []float32 { return variants.Alloc[float32](ws, n) }
	c.workers = make([]decoder, p.Pool.Threads())
	for i := range c.workers {
		w := &c.workers[i]
		w.q, w.lanes, w.own.acc = floats(s.D), floats(p.Kernels.Lanes), floats(c.cols)
		w.logits, w.one, w.two = floats(pieceKeys+2*cacheLine), floats(1), floats(1)
		if p.Type == variants.BF16 {
			w.widened = floats(blockKeys * max(s.D, c.cols))
		}
	}
	if c.parts > 1 {
		c.partials = make([]partial, s.Slices()*c.parts)
		for i := range c.partials {
			c.partials[i].acc = floats(c.cols)
		}
	}
	c.fill, c.whole, c.part, c.merge = c.fillHead, c.wholeHead, c.partOfHead, c.mergeHead
	return c
}

// NewDenseCache keeps all tokens of p, each of which sees those before it.
func NewDenseCache(p *variants.Problem, ws *variants.Workspace, split bool) *Cache {
	return NewCache(p, ws, Keep{
		Slots: func(int) int { return p.Shape.N },
		Slot:  func(_, position int) int { return position },
		Seen: func(_, position, i int) (from, to int) {
			if i > 0 {
				return 0, 0
			}
			return 0, position + 1
		},
		Split: split,
	})
}

// InRing is Keep.Seen of the positions from first to last, both included, of which each is kept in the slot
// of its remainder.
func InRing(slots, first, last, i int) (from, to int) {
	from, to = first%slots, first%slots+last-first+1
	switch {
	case i == 0:
		return from, min(to, slots)
	case i == 1:
		return 0, to - slots
	}
	return 0, 0
}

func lines(slots int) int { return (slots + cacheLine - 1) / cacheLine * cacheLine }

func (c *Cache) allocate(p *variants.Problem, ws *variants.Workspace, n int) variants.Floats {
	if p.Type == variants.BF16 {
		return variants.Floats{BF16: variants.State[kernel.BF16](ws, n)}
	}
	return variants.F32s(variants.State[float32](ws, n))
}

// Prefill is variants.Decoder's.
func (c *Cache) Prefill(k, v variants.Floats, count int) {
	c.key, c.value, c.position = k, v, count
	c.pool.Run(c.shape.Slices(), c.fill)
	c.release()
}

func (c *Cache) fillHead(_, head int) {
	k, v := cut(c.key, head, c.shape.N*c.shape.D), cut(c.value, head, c.shape.N*c.shape.E)
	for position := range c.position {
		c.store(head, position, cut(k, position, c.shape.D), cut(v, position, c.shape.E))
	}
}

// store keeps the key [d] and the value [e] of a token.
func (c *Cache) store(head, position int, k, v variants.Floats) {
	c.put(head, c.keep.Slot(head, position), k, v)
	if c.keep.Copy == nil {
		return
	}
	if slot := c.keep.Copy(head, position); slot >= 0 {
		c.put(head, slot, k, v)
	}
}

func (c *Cache) put(head, slot int, k, v variants.Floats) {
	at, ld := c.key0(head, slot), c.width(head, slot)
	row := (c.first[head] + slot) * c.cols
	if k.BF16 != nil {
		scatter(c.k.BF16[at:], ld, k.BF16)
		copy(c.v.BF16[row:], v.BF16)
		return
	}
	scatter(c.k.F32[at:], ld, k.F32)
	copy(c.v.F32[row:], v.F32)
}

func scatter[T any](dst []T, ld int, src []T) {
	for i, x := range src {
		dst[i*ld] = x
	}
}

// key0 is where the first element of a key is, width the distance to the next.
func (c *Cache) key0(head, slot int) int {
	return (c.first[head]+slot/blockKeys*blockKeys)*c.shape.D + slot%blockKeys
}

func (c *Cache) width(head, slot int) int {
	return min(blockKeys, c.first[head+1]-c.first[head]-slot/blockKeys*blockKeys)
}

// Decode is variants.Decoder's.
func (c *Cache) Decode(position int, out, q, k, v variants.Floats) {
	c.position, c.out, c.query, c.key, c.value = position, out, q, k, v
	for i := range c.workers {
		c.workers[i].executed = 0
	}
	heads := c.shape.Slices()
	if c.parts == 1 {
		c.pool.Run(heads, c.whole)
	} else {
		for head := range heads {
			c.keepToken(head)
		}
		c.pool.Run(heads*c.parts, c.part)
		c.pool.Run(heads, c.merge)
	}
	c.release()
}

// release lets go of the caller's tensors.
func (c *Cache) release() {
	c.out, c.query, c.key, c.value = variants.Floats{}, variants.Floats{}, variants.Floats{}, variants.Floats{}
}

// Executed is the number of floating-point operations of the last Decode.
func (c *Cache) Executed() int64 {
	var sum int64
	for i := range c.workers {
		sum += c.workers[i].executed
	}
	return sum
}

func (c *Cache) keepToken(head int) {
	c.store(head, c.position, cut(c.key, head, c.shape.D), cut(c.value, head, c.shape.E))
}

func (c *Cache) wholeHead(worker, head int) {
	c.keepToken(head)
	w := &c.workers[worker]
	c.attend(w, &w.own, head, 0)
	c.finish(w, &w.own, head)
}

func (c *Cache) partOfHead(worker, job int) {
	c.attend(&c.workers[worker], &c.partials[job], job/c.parts, job%c.parts)
}

// mergeHead adds up the parts of a head in their order.
func (c *Cache) mergeHead(worker, head int) {
	parts := c.partials[head*c.parts:][:c.parts]
	all, w := &parts[0], &c.workers[worker]
	for i := range parts[1:] {
		other := &parts[1+i]
		top := max(all.top, other.top)
		w.one[0], w.two[0] = all.top-top, other.top-top
		c.kernels.Exp2(w.one, w.one)
		c.kernels.Exp2(w.two, w.two)
		for j, x := range other.acc {
			all.acc[j] = w.one[0]*all.acc[j] + w.two[0]*x
		}
		all.top, all.sum = top, w.one[0]*all.sum+w.two[0]*other.sum
	}
	c.finish(w, all, head)
}

// finish writes a head's output.
func (c *Cache) finish(w *decoder, from *partial, head int) {
	out := cut(c.out, head, c.shape.E)
	w.one[0] = 1 / from.sum
	if out.F32 != nil {
		c.kernels.ScaleRows(1, c.shape.E, out.F32, c.shape.E, from.acc, c.cols, w.one)
		return
	}
	c.kernels.ScaleRows(1, c.cols, from.acc, c.cols, from.acc, c.cols, w.one)
	c.kernels.Narrow(1, c.shape.E, out.BF16, c.shape.E, from.acc, c.cols)
}

// attend computes the softmax over a part of the keys that the token sees.
func (c *Cache) attend(w *decoder, to *partial, head, part int) {
	d := c.shape.D
	clear(to.acc)
	to.top, to.sum = kernel.Lowest, 0
	q := cut(c.query, head, d)
	source := q.F32
	w.one[0] = float32(log2e / math.Sqrt(float64(d)))
	if q.BF16 != nil {
		c.kernels.Widen(1, d, w.q, d, q.BF16, d)
		source = w.q
	}
	c.kernels.ScaleRows(1, d, w.q, d, source, d, w.one)
	for i := 0; ; i++ {
		from, end := c.keep.Seen(head, c.position, i)
		if from >= end {
			return
		}
		from, end = from+(end-from)*part/c.parts, from+(end-from)*(part+1)/c.parts
		for ; from < end; from = min(end, (from/pieceKeys+1)*pieceKeys) {
			c.meet(w, to, head, from, min(end, (from/pieceKeys+1)*pieceKeys))
		}
	}
}

// meet takes the keys in slots [from, end) into the softmax.
func (c *Cache) meet(w *decoder, to *partial, head, from, end int) {
	set, low, high := c.kernels, from/cacheLine*cacheLine, lines(end)
	s := w.logits[:high-low]
	clear(s)
	for at := low; at < high; {
		next := min(high, (at/blockKeys+1)*blockKeys)
		c.score(w, head, at, s[at-low:next-low])
		at = next
	}
	hide(s[:from-low])
	hide(s[end-low:])
	lanes := set.Lanes
	fill(w.lanes, to.top)
	set.MaxCols(len(s)/lanes, lanes, s, lanes, w.lanes)
	top := w.lanes[0]
	for _, x := range w.lanes {
		top = max(top, x)
	}
	fill(w.lanes, top)
	set.ExpCols(len(s)/lanes, lanes, s, lanes, w.lanes, 0)
	w.one[0] = to.top - top
	set.Exp2(w.one, w.one)
	if w.one[0] != 1 {
		set.ScaleRows(1, c.cols, to.acc, c.cols, to.acc, c.cols, w.one)
	}
	w.two[0] = to.sum * w.one[0]
	set.SumRows(1, len(s), s, len(s), w.two)
	to.top, to.sum = top, w.two[0]
	c.weigh(w, to.acc, head, from, s[from-low:end-low])
}

// score adds to s the products of the query with the keys of a block, from a slot on.
func (c *Cache) score(w *decoder, head, slot int, s []float32) {
	at, ld, d := c.key0(head, slot), c.width(head, slot), c.shape.D
	keys := c.k.F32
	if keys != nil {
		keys = keys[at:]
	} else {
		c.kernels.Widen(d, len(s), w.widened, ld, c.k.BF16[at:], ld)
		keys = w.widened
	}
	c.kernels.DotCols(d, len(s), keys, ld, w.q, s)
	w.executed += 2 * int64(d) * int64(len(s))
}

// weigh adds to acc the values from a slot on times their weights.
func (c *Cache) weigh(w *decoder, acc []float32, head, slot int, weights []float32) {
	w.executed += 2 * int64(c.cols) * int64(len(weights))
	at := (c.first[head] + slot) * c.cols
	if c.v.F32 != nil {
		c.kernels.DotCols(len(weights), c.cols, c.v.F32[at:], c.cols, weights, acc)
		return
	}
	for len(weights) > 0 {
		keys := min(blockKeys, len(weights))
		c.kernels.Widen(keys, c.cols, w.widened, c.cols, c.v.BF16[at:], c.cols)
		c.kernels.DotCols(keys, c.cols, w.widened, c.cols, weights[:keys], acc)
		weights, at = weights[keys:], at+keys*c.cols
	}
}

func fill(row []float32, x float32) {
	for i := range row {
		row[i] = x
	}
}
