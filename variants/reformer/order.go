package reformer

import "attnbench/variants"

// hashed is the number of tokens that one job hashes: their products with all directions stay in the
// first-level cache.
const hashed = 64

// order is where hashing puts the tokens of every head, round by round. Slots number the places of a round,
// chunk by chunk; the tokens that the key mask hides would follow the others and get none.
type order struct {
	p       *variants.Problem
	rounds  int
	chunk   int // slots of a chunk
	chunks  int // of a round
	factors []int
	columns int     // directions of a round
	length  float64 // logits are divided by its root, over and above the length of the key
	inPlace bool    // the tokens of a chunk are in order of position

	directions []float32 // [heads, rounds, columns, d]: the rotations, transposed
	reach      []float32 // [heads, rounds]: the length of the longest
	valid      []int     // per batch element: tokens that have a slot

	bucket []int32   // [slices, rounds, n]
	slot   []int32   // [slices, rounds, n]: of a token
	token  []int32   // [slices, rounds, n]: in a slot
	norm   []float32 // [slices, n]: the factor that makes a token a key

	q       variants.Floats
	slice   int // the first of a Run
	scratch []hashScratch
	hash    func(worker, job int)
	sort    func(worker, job int)
}

// hashScratch belongs to one worker.
type hashScratch struct {
	rows   []float32 // [hashed, d] tokens, where operands are not float32
	x, u   []float32 // [d][ld] tokens, [columns][ld] their products with the directions
	margin []float32 // per token: by how much the best direction is the best
	size   []float32 // per token: ‖x‖
	first  []int32   // per token: argmax of a factor
	next   []int32   // [buckets]: rank of the next token
	filled []int32   // [chunks]: tokens so far
}

// ld is the leading dimension of hashed tokens: no power of two, which would map all rows to the same cache
// sets.
func (o *order) ld() int { return o.p.Kernels.Pad(hashed) + 16 }

func newOrder(p *variants.Problem, ws *variants.Workspace) *order {
	s, factors := p.Shape, p.Ints("buckets")
	o := &order{
		p: p, rounds: p.Int("rounds"), chunk: min(p.Int("chunk"), s.N),
		factors: factors, columns: columns(factors),
		length: float64(s.D), inPlace: !p.Bool("same_bucket_only"),
		scratch: make([]hashScratch, p.Pool.Threads()), valid: make([]int, s.Batch),
	}
	if p.Text("scale") == "sqrt_d" {
		o.length *= float64(s.D)
	}
	o.chunks = ceilDiv(s.N, o.chunk)
	o.directions = variants.Alloc[float32](ws, s.Heads*o.rounds*o.columns*s.D)
	o.reach = variants.Alloc[float32](ws, s.Heads*o.rounds)
	places, norms := variants.Alloc[int32], variants.Alloc[float32]
	if p.Backward {
		places, norms = variants.Save[int32], variants.Save[float32]
	}
	o.bucket = places(ws, s.Slices()*o.rounds*s.N)
	o.slot = places(ws, s.Slices()*o.rounds*s.N)
	o.token = places(ws, s.Slices()*o.rounds*s.N)
	o.norm = norms(ws, s.Slices()*s.N)
	for i := range o.scratch {
		o.scratch[i] = hashScratch{
			x: variants.Alloc[float32](ws, s.D*o.ld()), u: variants.Alloc[float32](ws, o.columns*o.ld()),
			margin: variants.Alloc[float32](ws, o.ld()), size: variants.Alloc[float32](ws, o.ld()),
			first: variants.Alloc[int32](ws, o.ld()),
			next:  variants.Alloc[int32](ws, total(factors)), filled: variants.Alloc[int32](ws, o.chunks),
		}
		if p.Type != variants.F32 {
			o.scratch[i].rows = variants.Alloc[float32](ws, hashed*s.D)
		}
	}
	o.hash, o.sort = o.hashTokens, o.sortRound
	return o
}

// Prepare transposes the rotations and counts valid tokens.
func (o *order) Prepare() {
	d := o.p.Shape.D
	for head := range o.p.Shape.Heads {
		r := o.p.PerHead(rotations, head, 4)
		for i, x := range r {
			round, row, column := i/(d*o.columns), i/o.columns%d, i%o.columns
			o.directions[((head*o.rounds+round)*o.columns+column)*d+row] = x
		}
		for round := range o.rounds {
			o.reach[head*o.rounds+round] = longest(o.directionsOf(head, round), d)
		}
	}
	for batch := range o.valid {
		o.valid[batch] = o.p.Shape.N
		for _, valid := range o.p.ValidKeys(batch) {
			if !valid {
				o.valid[batch]--
			}
		}
	}
}

// Run puts the tokens of some slices of q in order: count of them from the first.
func (o *order) Run(q variants.Floats, first, count int) {
	o.q, o.slice = q, first
	o.p.Pool.Run(count*ceilDiv(o.p.Shape.N, hashed), o.hash)
	o.p.Pool.Run(count*o.rounds, o.sort)
	o.q = variants.Floats{}
}

// Executed is the number of floating-point operations of the hash products of all slices.
func (o *order) Executed() int64 {
	s := o.p.Shape
	tokens := s.N / hashed * hashed
	tokens += o.p.Kernels.Pad(s.N - tokens)
	return 2 * int64(s.Slices()*o.rounds) * int64(tokens) * int64(o.columns) * int64(s.D)
}

// part cuts one head's round out of an array [slices, rounds, n].
func (o *order) part(x []int32, slice, round int) []int32 {
	i := (slice*o.rounds + round) * o.p.Shape.N
	return x[i : i+o.p.Shape.N]
}

// sortRound gives the valid tokens of one head and round their slots: chunks are cut in the order of bucket
// and position. Within a chunk the order is free, because softmax does not depend on it: by position where
// every key of a chunk is seen, so that a causal query sees a prefix; by bucket and position where only equal
// buckets are.
func (o *order) sortRound(worker, job int) {
	slice, round, c := o.slice+job/o.rounds, job%o.rounds, &o.scratch[worker]
	bucket, slot := o.part(o.bucket, slice, round), o.part(o.slot, slice, round)
	token := o.part(o.token, slice, round)
	valid := o.p.ValidKeys(slice / o.p.Shape.Heads)
	clear(c.next)
	for t, b := range bucket {
		if valid != nil && !valid[t] {
			bucket[t], slot[t] = int32(len(c.next)), -1
			continue
		}
		c.next[b]++
	}
	rank := int32(0)
	for b, count := range c.next {
		c.next[b] = rank
		rank += count
	}
	clear(c.filled)
	for t, b := range bucket {
		if int(b) == len(c.next) {
			continue
		}
		place := c.next[b]
		c.next[b]++
		if o.inPlace {
			chunk := place / int32(o.chunk)
			place = chunk*int32(o.chunk) + c.filled[chunk]
			c.filled[chunk]++
		}
		slot[t], token[place] = place, int32(t)
	}
}
