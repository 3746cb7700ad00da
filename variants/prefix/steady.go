package prefix

import "attnbench/variants"

// Steady is the Derivative of a Map whose references are all 2^0.
type Steady struct {
	maps     Map
	features int
	slope    Slope
	p        *variants.Problem
	width    int       // d rounded up to lanes
	out      []float32 // [tokens, width], where d is not a multiple of the lanes
}

// A Slope takes the gradient by the features of a chunk's tokens, [features, ldg], to that by the numbers of
// the tokens themselves, in the place of its first d rows. The features, [features, ld], are those that Map
// wrote.
type Slope func(c Chunk, grad []float32, ldg int, features []float32, ld int)

// NewSteady makes one for a worker, of up to so many tokens at a time.
func NewSteady(
	p *variants.Problem, ws *variants.Workspace, maps Map, features, tokens int, slope Slope,
) *Steady {
	s := &Steady{maps: maps, features: features, slope: slope, p: p, width: p.Kernels.Pad(p.Shape.D)}
	if s.width != p.Shape.D {
		s.out = variants.Alloc[float32](ws, tokens*s.width)
	}
	return s
}

// Products is Derivative's.
func (s *Steady) Products() int { return s.features }

// Level is Derivative's.
func (s *Steady) Level(c Chunk) (level float32, taken int) { return 0, c.Count }

// Refs is Derivative's.
func (s *Steady) Refs(_ float32, ref []float32) { clear(ref) }

// Keys is Derivative's.
func (s *Steady) Keys(dst []float32, ld int, k []float32, c Chunk, _ []float32) {
	s.maps.Keys(dst, ld, k, c, nil, nil)
}

// Queries is Derivative's.
func (s *Steady) Queries(dst []float32, ld int, q []float32, c Chunk, _, _ []float32) {
	s.maps.Queries(dst, ld, q, c, nil, nil)
}

// PullKeys is Derivative's.
func (s *Steady) PullKeys(dk, _ []float32, c Chunk, grad []float32, ldg int, features []float32, ld int) {
	s.pull(dk, c, grad, ldg, features, ld)
}

// PullQueries is Derivative's.
func (s *Steady) PullQueries(dq, _ []float32, c Chunk, grad []float32, ldg int, features []float32, ld int) {
	s.pull(dq, c, grad, ldg, features, ld)
}

// pull writes the gradient by the tokens of a chunk, [c.Count, d].
func (s *Steady) pull(to []float32, c Chunk, grad []float32, ldg int, features []float32, ld int) {
	s.slope(c, grad, ldg, features, ld)
	d := s.p.Shape.D
	if s.out == nil {
		s.p.Kernels.Pack(d, c.Count, to, d, grad, ldg, 1)
		return
	}
	s.p.Kernels.Pack(d, c.Count, s.out, s.width, grad, ldg, 1)
	for j := range c.Count {
		copy(to[j*d:][:d], s.out[j*s.width:])
	}
}
