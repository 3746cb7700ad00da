package tile

import "attnbench/variants"

// fewestJobs is the number of jobs into which a backward pass is cut at least. Each owns sums of its own,
// which are merged in order: bits depend on the shape, never on the number of threads.
const fewestJobs = 8

// mergedRows is the number of rows that one job merges.
const mergedRows = 256

// Sums add up the gradients of the keys and values of some heads over all queries that meet them. Where there
// are fewer than eight heads, each is cut into segments of query tiles with sums of their own: memory is
// linear in the number of keys.
type Sums struct {
	config   *Config
	heads    int
	rows     int // keys of a head
	segments int // of a head
	k, v     sum
	clear    func(worker, job int)
	merge    func(worker, job int)
}

// NewSums allocates sums for so many heads of rows keys each, which meet so many query tiles.
func NewSums(ws *variants.Workspace, c Config, heads, rows, tiles int) *Sums {
	s := &Sums{config: &c, heads: heads, rows: rows, segments: min(ceilDiv(fewestJobs, heads), max(tiles, 1))}
	s.k.allocate(ws, s, c.D, c.Kernels.Pad(c.D))
	s.v.allocate(ws, s, c.E, c.Kernels.Pad(c.E))
	s.clear, s.merge = s.clearJob, s.mergeJob
	return s
}

// Begin clears the sums; they are to end in dk [heads, rows, d] and dv [heads, rows, e].
func (s *Sums) Begin(dk, dv []float32) {
	s.k.into, s.v.into = dk, dv
	s.config.Pool.Run(s.heads*s.segments, s.clear)
}

// End merges the sums into the gradients.
func (s *Sums) End() {
	if s.k.parts != nil || s.v.parts != nil {
		s.config.Pool.Run(s.heads*ceilDiv(s.rows, mergedRows), s.merge)
	}
	s.k.into, s.v.into = nil, nil
}

func (s *Sums) clearJob(_, job int) {
	clear(s.k.at(s, job/s.segments, job%s.segments))
	clear(s.v.at(s, job/s.segments, job%s.segments))
}

func (s *Sums) mergeJob(_, job int) {
	blocks := ceilDiv(s.rows, mergedRows)
	head, from := job/blocks, job%blocks*mergedRows
	to := min(from+mergedRows, s.rows)
	s.k.merge(s, head, from, to)
	s.v.merge(s, head, from, to)
}

// sum is one of the two: of keys or of values. Its rows are padded to vectors; where they need no padding the
// first segment's sums are the gradient itself.
type sum struct {
	cols, ld int
	parts    []float32 // [heads, segments that have memory of their own, rows, ld]
	into     []float32 // [heads, rows, cols]
}

func (x *sum) allocate(ws *variants.Workspace, s *Sums, cols, ld int) {
	x.cols, x.ld = cols, ld
	if own := x.own(s); own > 0 {
		x.parts = variants.Alloc[float32](ws, s.heads*own*s.rows*ld)
	}
}

// own is the number of a head's segments that have memory of their own.
func (x *sum) own(s *Sums) int {
	if x.cols == x.ld {
		return s.segments - 1
	}
	return s.segments
}

// at is the sum of one segment, [rows, ld].
func (x *sum) at(s *Sums, head, segment int) []float32 {
	own, size := x.own(s), s.rows*x.ld
	segment -= s.segments - own
	if segment < 0 {
		return x.into[head*size : (head+1)*size]
	}
	return x.parts[(head*own+segment)*size:][:size]
}

// merge adds up the rows [from, to) of a head's segments in order.
func (x *sum) merge(s *Sums, head, from, to int) {
	into := x.into[head*s.rows*x.cols:]
	for segment := range s.segments {
		part := x.at(s, head, segment)
		for r := from; r < to; r++ {
			row, terms := into[r*x.cols:][:x.cols], part[r*x.ld:][:x.cols]
			switch {
			case segment > 0:
				for c, t := range terms {
					row[c] += t
				}
			case x.cols != x.ld:
				copy(row, terms)
			}
		}
	}
}
