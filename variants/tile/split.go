package tile

import "attnbench/variants"

// split is what Dense needs to cut the keys of a query tile into parts: every part is a softmax of its own,
// and these are merged in order. Parts follow from the shape, so bits do not depend on the number of threads.
type split struct {
	parts    int
	acc      []float32 // [slices, parts, n, e]: unnormalised outputs
	top, sum []float32 // [slices, parts, n]: their statistics
	high     []float32 // [slices, n]: the largest top
	ones     []float32 // [n]
	merge    func(worker, head int)
}

// longestPart is the number of keys from which a tile's are cut whatever the jobs: a float32 sum of a million
// weights around 1, added tile by tile, is off in the fourth digit (TestSplitKeepsDigits without parts).
const longestPart = 1 << 17

// NewSplit is NewDense, without a kept matrix, for few queries over many keys: where query tiles are too few
// jobs, every tile's keys are cut into parts, so that there are about jobs of them and a key is read once for
// each tile (Dao et al. 2023, "Flash-Decoding"). The output is float32.
func NewSplit(p *variants.Problem, ws *variants.Workspace, queries, keys, jobs int) *Dense {
	d := NewDense(p, ws, queries, keys, false)
	parts := max(ceilDiv(jobs, d.shape.Slices()*d.tiles), ceilDiv(d.shape.S, longestPart))
	parts = min(parts, ceilDiv(d.shape.S, d.engine.config.Keys))
	if parts == 1 {
		return d
	}
	all := d.shape.Slices() * parts * d.shape.N
	d.split = &split{
		parts: parts,
		acc:   variants.Alloc[float32](ws, all*d.shape.E),
		top:   variants.Alloc[float32](ws, all), sum: variants.Alloc[float32](ws, all),
		high: variants.Alloc[float32](ws, d.shape.Slices()*d.shape.N),
		ones: variants.Alloc[float32](ws, d.shape.N),
	}
	d.visit, d.split.merge = d.part, d.mergeParts
	return d
}

// of returns what belongs to a part of a head: outputs [n, e], and their statistics [n].
func (s *split) of(head, part int) (acc, top, sum []float32) {
	i, all := head*s.parts+part, len(s.high)/len(s.ones)*s.parts
	return nth(s.acc, i, all), nth(s.top, i, all), nth(s.sum, i, all)
}

// part lets a query tile meet a part of its keys: whole key tiles.
func (d *Dense) part(w *Walk, job int) {
	s, size := d.split, d.engine.config.Keys
	tile, part := job/s.parts, job%s.parts
	head := d.first + tile/d.tiles
	rows, keys := d.meeting(d.engine.config.Queries, head, d.tiles, tile%d.tiles)
	blocks := ceilDiv(keys.Count, size)
	keys.Rows = keys.slice(part*blocks/s.parts*size, min((part+1)*blocks/s.parts*size, keys.Count))
	w.Begin(d.operands.Q(head), rows)
	w.Visit(d.operands.K(head), d.operands.V(head), keys)
	w.Suspend(s.of(head, part))
}

// mergeParts makes the output of a head at hand. A part counts 2^(its top - the highest), over the sum of all
// weights.
func (d *Dense) mergeParts(_, job int) {
	head := d.first + job
	s, n, e, set := d.split, d.shape.N, d.shape.E, d.engine.config.Kernels
	high := s.high[head*n : (head+1)*n]
	s.highest(head, high)
	for part := range s.parts {
		_, top, _ := s.of(head, part)
		for r := range top {
			top[r] -= high[r]
		}
		set.Exp2(top, top)
	}
	for r := range high {
		total := s.normalise(head, r)
		if d.back != nil {
			top, _ := d.back.statistics(head)
			top[r] = statistic(high[r], total)
		}
	}
	out := d.operands.Out(head).F32
	for part := range s.parts {
		acc, factor, _ := s.of(head, part)
		if part == 0 {
			set.ScaleRows(n, e, out, e, acc, e, factor)
			continue
		}
		set.MixRows(n, e, out, e, out, e, acc, e, s.ones, factor)
	}
}

// highest stores the largest top of every query.
func (s *split) highest(head int, high []float32) {
	for part := range s.parts {
		_, top, _ := s.of(head, part)
		for r, x := range top {
			if part == 0 || x > high[r] {
				high[r] = x
			}
		}
	}
}

// normalise divides the factors of a query by the sum of its weights, which it returns; they become 0 where
// it saw no key.
func (s *split) normalise(head, r int) (total float32) {
	for part := range s.parts {
		_, factor, sum := s.of(head, part)
		total += factor[r] * sum[r]
	}
	for part := range s.parts {
		_, factor, _ := s.of(head, part)
		if total == 0 {
			factor[r] = 0
			continue
		}
		factor[r] /= total
	}
	return total
}
