package linformer

import "attnbench/variants"

// A projection is a product with a long inner side: [k, s] times [s, d]. It goes through the keys in steps:
// the rows of K of one step are copied into a buffer, where masked ones become zero, and meet the rows of the
// matrix in tiles that stay in the second-level cache.
const (
	stepKeys  = 256
	tileSlots = 256 // rows of a matrix tile
	cacheLine = 16  // floats
)

// The keys are also cut into parts that are summed apart, so that a few heads can occupy more threads than
// heads. Their number follows from the shape alone: results must not depend on the number of threads.
const (
	enoughJobs   = 8
	smallestPart = 512 // keys, so that merging stays cheap
)

// compressor makes the slots of all heads.
type compressor struct {
	p           *variants.Problem
	slots       int
	parts       int
	keys        side
	values      side
	rows        [][]float32 // by worker: rows of K or V
	step, merge func(worker, job int)
}

// side is what is compressed, the keys or the values.
type side struct {
	width, padded int    // columns, and rounded up to whole vectors
	input         string // the side input that compresses it
	matrix        []float32
	source        variants.Floats // of the call: [slices, s, width]
	partial       []float32       // [slices, parts, slots, padded]
	sum           []float32       // [slices, slots, width]
}

func newCompressor(p *variants.Problem, ws *variants.Workspace, slots int) *compressor {
	c := &compressor{p: p, slots: slots}
	c.parts = max(1, min(p.Shape.S/smallestPart, enoughJobs/c.compressions()))
	c.keys = c.newSide(ws, p.Shape.D, "proj_k")
	c.keys.matrix = c.newMatrix(ws)
	c.values = c.newSide(ws, p.Shape.E, "proj_v")
	if one(p) {
		c.values.matrix = c.keys.matrix
	} else {
		c.values.matrix = c.newMatrix(ws)
	}
	for range p.Pool.Threads() {
		if c.inPlace() {
			break
		}
		c.rows = append(c.rows, variants.Alloc[float32](ws, stepKeys*c.stride(max(c.keys.padded, c.values.padded))))
	}
	c.step, c.merge = c.compress, c.add
	return c
}

func (c *compressor) newSide(ws *variants.Workspace, width int, input string) side {
	padded, slices := c.p.Kernels.Pad(width), c.p.Shape.Slices()
	s := side{
		width: width, padded: padded, input: input,
		partial: variants.Alloc[float32](ws, slices*c.parts*c.slots*padded),
	}
	if c.p.Backward {
		s.sum = variants.Save[float32](ws, slices*c.slots*width)
	} else {
		s.sum = variants.Alloc[float32](ws, slices*c.slots*width)
	}
	return s
}

// newMatrix allocates a copy of a projection whose rows are stride(s) floats apart.
func (c *compressor) newMatrix(ws *variants.Workspace) []float32 {
	rows := c.slots
	if c.p.Text("sharing") == "none" {
		rows *= c.p.Shape.Heads
	}
	return variants.Alloc[float32](ws, rows*c.stride(c.p.Shape.S))
}

// stride is the distance of rows of so many columns: an odd number of cache lines. Rows a power of two apart
// would all fall into the same few cache sets, which makes the product with a matrix of 4096 columns half as
// fast.
func (c *compressor) stride(columns int) int {
	lines := (columns + cacheLine - 1) / cacheLine
	return (lines | 1) * cacheLine
}

// compressions is the number of products: the keys and the values of every head.
func (c *compressor) compressions() int { return 2 * c.p.Shape.Slices() }

// prepare copies the projections.
func (c *compressor) prepare() {
	c.copyMatrix(c.keys)
	if !one(c.p) {
		c.copyMatrix(c.values)
	}
}

func (c *compressor) copyMatrix(s side) {
	t, _ := c.p.Input(s.input)
	n, stride := c.p.Shape.S, c.stride(c.p.Shape.S)
	for i := range len(t.F32) / n {
		copy(s.matrix[i*stride:], t.F32[i*n:(i+1)*n])
	}
}

// run compresses k [batch, heads, s, d] and v [batch, heads, s, e] to [batch, heads, slots, d] and [batch,
// heads, slots, e].
func (c *compressor) run(k, v variants.Floats) (keys, values []float32) {
	c.keys.source, c.values.source = k, v
	c.p.Pool.Run(c.compressions()*c.parts, c.step)
	c.p.Pool.Run(c.compressions(), c.merge)
	c.keys.source, c.values.source = variants.Floats{}, variants.Floats{}
	return c.keys.sum, c.values.sum
}

// executed is the number of floating-point operations of run.
func (c *compressor) executed() int64 {
	s := c.p.Shape
	return 2 * int64(s.Slices()) * int64(c.slots) * int64(s.S) * int64(c.keys.padded+c.values.padded)
}

// side returns what a compression works on: the keys and the values of a head are neighbours, so that a
// matrix that serves both is read once.
func (c *compressor) side(compression int) (s *side, slice int) {
	if compression%2 == 0 {
		return &c.keys, compression / 2
	}
	return &c.values, compression / 2
}

// compress computes one part of a compression.
func (c *compressor) compress(worker, job int) {
	s, slice := c.side(job % c.compressions())
	part := job / c.compressions()
	stride := c.stride(c.p.Shape.S)
	matrix := s.matrix
	if c.p.Text("sharing") == "none" {
		matrix = matrix[slice%c.p.Shape.Heads*c.slots*stride:]
	}
	sums := s.partial[(slice*c.parts+part)*c.slots*s.padded:]
	from, to := part*c.p.Shape.S/c.parts, (part+1)*c.p.Shape.S/c.parts
	for key := from; key < to; key += stepKeys {
		keys := min(stepKeys, to-key)
		rows, ld := c.rowsOf(worker, s, slice, key, keys)
		for slot := 0; slot < c.slots; slot += tileSlots {
			c.p.Kernels.Gemm(min(tileSlots, c.slots-slot), s.padded, keys, matrix[slot*stride+key:], stride,
				rows, ld, sums[slot*s.padded:], s.padded, key > from)
		}
	}
}

// inPlace reports whether rows of K and V serve the products as they are.
func (c *compressor) inPlace() bool {
	return c.p.Type == variants.F32 && c.p.Valid == nil && !c.keys.ragged() && !c.values.ragged()
}

// rowsOf returns rows of K or V with those of masked keys cleared, where they are or in the worker's copy.
// Columns past the width keep what the copy held: they only meet columns of the sums that nobody reads.
func (c *compressor) rowsOf(worker int, s *side, slice, key, keys int) (rows []float32, ld int) {
	first := (slice*c.p.Shape.S + key) * s.width
	source := s.source.Slice(first, first+keys*s.width)
	if c.inPlace() {
		return source.F32, s.width
	}
	rows, ld = c.rows[worker], c.stride(s.padded)
	valid := c.p.ValidKeys(slice / c.p.Shape.Heads)
	if source.BF16 != nil {
		c.p.Kernels.Widen(keys, s.width, rows, ld, source.BF16, s.width)
	}
	for j := range keys {
		row := rows[j*ld:][:s.width]
		if source.F32 != nil {
			copy(row, source.F32[j*s.width:])
		}
		if valid != nil && !valid[key+j] {
			clear(row)
		}
	}
	return rows, ld
}

// add merges the parts of one compression, in order.
func (c *compressor) add(_, compression int) {
	s, slice := c.side(compression)
	for part := range c.parts {
		partial := s.partial[(slice*c.parts+part)*c.slots*s.padded:]
		for slot := range c.slots {
			sum, from := s.sum[(slice*c.slots+slot)*s.width:][:s.width], partial[slot*s.padded:]
			if part == 0 {
				copy(sum, from)
				continue
			}
			for i := range sum {
				sum[i] += from[i]
			}
		}
	}
}
