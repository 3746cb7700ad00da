package performer

import (
	"math"

	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/prefix"
)

// puller is the prefix.Derivative of one worker. For exponential features with ε > 0 it writes the parts of
// φ apart, exponentials E of queries and keys,
//
//	φ(q)·φ(k) = Σ_r E_r(q) E_r(k) + ε Σ_r (E_r(q) + ε)·1 + ε·Σ_r E_r(k)
//
// as rows E(q) and E(k), then the query's ε Σ(E + ε) beside 1 and its ε beside the key's Σ E: so that no
// difference from ε is taken.
type puller struct {
	*mapper
	kept  *kept
	omega []float32 // [heads or 1, m, d padded]: ω/d^¼
	width int       // d padded
	out   []float32 // [tokens, width], where d is not a multiple of the lanes
	ones  []float32
	from  int       // first token of the last Queries
	slope float32   // -1/√d
	ratio []float32 // of that token and those after it: ε·exp(c - level)
	at    []int32   // and the feature that their own stabiliser is
	less  []float32 // [tokens]: what the gradient by every exponential lacks, negated
	sum   []float32 // [tokens]
}

func newPuller(p *variants.Problem, ws *variants.Workspace, k *kept, omega []float32, tokens int) *puller {
	x := &puller{mapper: newMapper(p, ws, tokens), kept: k, omega: omega, width: p.Kernels.Pad(p.Shape.D)}
	x.slope = float32(-1 / math.Sqrt(float64(p.Shape.D)))
	tokens = p.Kernels.Pad(tokens)
	if x.width != p.Shape.D {
		x.out = variants.Alloc[float32](ws, tokens*x.width)
	}
	x.ones = variants.Alloc[float32](ws, x.columns)
	for _, s := range []*[]float32{&x.ratio, &x.less, &x.sum} {
		*s = variants.Alloc[float32](ws, tokens)
	}
	if through(p) {
		x.at = variants.Alloc[int32](ws, tokens)
	}
	return x
}

// Products is prefix.Derivative's.
func (x *puller) Products() int {
	if x.apart {
		return x.columns + 2
	}
	return x.columns
}

// Level is prefix.Derivative's: the stabiliser of the first row that sees a key, as long as others are in
// its reach.
func (x *puller) Level(c prefix.Chunk) (level float32, taken int) {
	c0 := x.kept.c[c.Head*x.p.Shape.N+c.From:][:c.Count]
	level = c0[0]
	for taken = 1; taken < c.Count; taken++ {
		switch next := c0[taken]; {
		case level == kernel.Lowest: // no key yet
			level = next
		case next > level+reach:
			return level, taken
		}
	}
	return level, taken
}

// Refs is prefix.Derivative's.
func (x *puller) Refs(level float32, ref []float32) {
	fill(ref, level)
	if x.apart {
		ref[x.columns] = 0
	}
}

// Keys is prefix.Derivative's.
func (x *puller) Keys(dst []float32, ld int, k []float32, c prefix.Chunk, level []float32) {
	cols := x.project(dst, ld, k, c)
	x.writeKeys(dst, ld, cols, c, level)
	if !x.apart {
		return
	}
	one, sum := dst[x.columns*ld:][:cols], dst[(x.columns+1)*ld:][:cols]
	valid := c.Valid(x.p)
	for j := range cols {
		one[j] = 0
		if j < c.Count && (valid == nil || valid[j]) {
			one[j] = 1
		}
	}
	clear(sum)
	x.kernels.DotCols(x.columns, cols, dst, ld, x.ones, sum)
}

// writeKeys turns u into features of keys, 0 for masked ones.
func (x *puller) writeKeys(dst []float32, ld, cols int, c prefix.Chunk, level []float32) {
	valid, nothing := c.Valid(x.p), float32(math.Inf(1)) // 2^-Inf
	for j := range cols {
		x.sub[j] = nothing
		if j < c.Count && (valid == nil || valid[j]) {
			x.sub[j] = x.norm[j] + level[j] - x.lift
		}
	}
	switch x.kind {
	case "relu":
		x.kernels.ReLU(x.columns, cols, dst, ld, x.eps)
		for j := range cols {
			if x.sub[j] == nothing {
				clearColumn(dst[j:], x.columns, ld)
			}
		}
	case "trig": // grows with the norm
		for j, sub := range x.sub[:cols] {
			x.sub[j] = -nothing
			if sub != nothing {
				x.sub[j] = x.norm[j] - level[j]
			}
		}
		x.kernels.Exp2(x.sub[:cols], x.sub[:cols])
		x.kernels.SinCos(x.m, cols, dst, ld, dst[x.m*ld:], ld, x.sub)
	default:
		x.kernels.ExpCols(x.columns, cols, dst, ld, x.sub, 0)
	}
}

// Queries is prefix.Derivative's.
func (x *puller) Queries(dst []float32, ld int, q []float32, c prefix.Chunk, level, bottom []float32) {
	cols := x.project(dst, ld, q, c)
	x.from = c.From
	row := c.Head*x.p.Shape.N + c.From
	x.relate(bottom, row, level)
	switch x.kind {
	case "relu":
		x.kernels.ReLU(x.columns, cols, dst, ld, x.eps)
		return
	case "trig":
		fill(x.sub[:cols], 1)
		x.kernels.SinCos(x.m, cols, dst, ld, dst[x.m*ld:], ld, x.sub)
		return
	}
	if x.at != nil {
		x.findTops(dst, ld, c.Count)
	}
	fill(x.sub[:cols], float32(math.Inf(1)))
	for j := range c.Count {
		shift := x.split(&bottom[j])
		x.sub[j] = x.kept.sub[row+j] - shift
		x.run[j] = shift
	}
	x.kernels.ExpCols(x.columns, cols, dst, ld, x.sub, 0)
	if x.apart {
		x.writeEpsilons(dst, ld, cols, c.Count)
	}
}

// relate makes denominators relative to levels, and sets ratio. Rows that are 0, or whose gradient by
// features could leave the range of float32, count as without gradient: ε bounds denominators from below
// where it is kept apart.
func (x *puller) relate(bottom []float32, row int, level []float32) {
	least := float32(0x1p-90)
	if x.apart {
		least = 0x1p-126
	}
	for j, z := range bottom {
		if -least < z && z < least {
			bottom[j] = 0
		}
	}
	if x.kept.c == nil {
		fill(x.ratio, x.eps)
		return
	}
	for j := range bottom {
		x.top[j] = 0
		if bottom[j] != 0 { // it may be relative to a key that comes later
			x.top[j] = x.kept.level[row+j] - level[j]
		}
		x.ratio[j] = x.kept.c[row+j] - level[j]
	}
	n := len(bottom)
	x.kernels.Exp2(x.top[:n], x.top[:n])
	x.kernels.Exp2(x.ratio[:n], x.ratio[:n])
	for j := range bottom {
		bottom[j] *= x.top[j]
		x.ratio[j] *= x.eps
	}
}

// split takes the square root of a denominator's power of 2 out of it, for the query's features: without
// that either they or the gradients beside them could leave the range of float32.
func (x *puller) split(bottom *float32) (shift float32) {
	if *bottom == 0 {
		return 0
	}
	_, exponent := math.Frexp(float64(*bottom))
	half := -exponent / 2
	*bottom = float32(math.Ldexp(float64(*bottom), half))
	return float32(half)
}

// writeEpsilons writes the two rows for ε.
func (x *puller) writeEpsilons(dst []float32, ld, cols, count int) {
	sum, eps := dst[x.columns*ld:][:cols], dst[(x.columns+1)*ld:][:cols]
	clear(sum)
	x.kernels.DotCols(x.columns, cols, dst, ld, x.ones, sum)
	clear(eps)
	for j := range count {
		eps[j] = float32(math.Ldexp(float64(x.eps), int(x.run[j])))
		sum[j] = (sum[j] + float32(x.columns)*eps[j]) * x.ratio[j]
	}
}

// findTops finds for each query the first feature that has its largest u, dst [columns, ld].
func (x *puller) findTops(dst []float32, ld, count int) {
	clear(x.at)
	for r := range x.columns {
		row := dst[r*ld:][:count]
		for j, u := range row {
			if u > dst[int(x.at[j])*ld+j] {
				x.at[j] = int32(r)
			}
		}
	}
}
