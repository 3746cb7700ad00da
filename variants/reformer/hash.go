package reformer

import "math"

// hashTokens finds the buckets and key factors of one block of tokens.
func (o *order) hashTokens(worker, job int) {
	s, set, c := o.p.Shape, o.p.Kernels, &o.scratch[worker]
	blocks := ceilDiv(s.N, hashed)
	slice, first := o.slice+job/blocks, job%blocks*hashed
	tokens := min(hashed, s.N-first)
	x := o.tokens(c, (slice*s.N+first)*s.D, tokens*s.D)
	o.norms(o.norm[slice*s.N+first:][:tokens], c.size, x)

	ld, padded := o.ld(), set.Pad(tokens)
	set.Pack(tokens, s.D, c.x, ld, x, s.D, 1)
	for round := range o.rounds {
		r := o.directionsOf(slice%s.Heads, round)
		set.Gemm(o.columns, padded, s.D, r, s.D, c.x, ld, c.u, ld, false)
		bucket := o.part(o.bucket, slice, round)[first : first+tokens]
		clear(bucket)
		u, place := c.u, int32(1)
		for _, b := range o.factors {
			set.ArgMaxCols(b/2, padded, u, ld, c.first)
			set.MarginCols(b/2, padded, u, ld, c.margin)
			o.settle(c, x, r[:b/2*s.D], o.reach[slice%s.Heads*o.rounds+round])
			for i := range bucket {
				bucket[i] += place * c.first[i]
			}
			u, r, place = u[b/2*ld:], r[b/2*s.D:], place*int32(b)
		}
	}
}

// directionsOf are the directions of one head's round, [columns, d].
func (o *order) directionsOf(head, round int) []float32 {
	size := o.columns * o.p.Shape.D
	return o.directions[(head*o.rounds+round)*size:][:size]
}

// settle hashes again, in float64, the tokens of x [tokens, d] whose best two of the directions float32
// cannot tell apart: so every instruction set routes as the definition does. The bound is that of a sum of d
// rounded products, twice.
func (o *order) settle(c *hashScratch, x, directions []float32, reach float32) {
	const ulp, smallest = 0x1p-24, 0x1p-126
	d := o.p.Shape.D
	bound := 2 * float32(d+2) * ulp * reach
	for i := range len(x) / d {
		if !(c.margin[i] > bound*c.size[i]+smallest) {
			c.first[i] = nearest(x[i*d:(i+1)*d], directions)
		}
	}
}

// nearest is the direction, or after all of them the opposite of one, whose product with x is the largest;
// the first on ties.
func nearest(x, directions []float32) int32 {
	high, low := math.Inf(-1), math.Inf(1)
	var atHigh, atLow int32
	count := len(directions) / len(x)
	for c := range count {
		u := 0.0
		for i, r := range directions[c*len(x) : (c+1)*len(x)] {
			u += float64(x[i]) * float64(r)
		}
		if u > high {
			high, atHigh = u, int32(c)
		}
		if u < low {
			low, atLow = u, int32(c)
		}
	}
	if -low > high {
		return int32(count) + atLow
	}
	return atHigh
}

// longest is the length of the longest row of x, which has d columns.
func longest(x []float32, d int) float32 {
	var most float64
	for ; len(x) > 0; x = x[d:] {
		sum := 0.0
		for _, c := range x[:d] {
			sum += float64(c) * float64(c)
		}
		most = max(most, sum)
	}
	return float32(math.Sqrt(most))
}

// tokens is a part of q as float32.
func (o *order) tokens(c *hashScratch, first, size int) []float32 {
	x := o.q.Slice(first, first+size)
	if x.F32 != nil {
		return x.F32
	}
	o.p.Kernels.Widen(1, size, c.rows, size, x.BF16, size)
	return c.rows[:size]
}

// norms computes (mean x² + ε)^-½/√d of each token, with the unit scale, and its length.
func (o *order) norms(norm, size, x []float32) {
	d := float64(o.p.Shape.D)
	o.p.Kernels.SquareRows(len(norm), o.p.Shape.D, x, o.p.Shape.D, norm)
	for i, sum := range norm {
		square := float64(sum)
		if math.IsInf(square, 1) { // beyond float32, where the token is not
			square = 0
			for _, c := range x[i*o.p.Shape.D : (i+1)*o.p.Shape.D] {
				square += float64(c) * float64(c)
			}
		}
		size[i] = float32(math.Sqrt(square))
		norm[i] = float32(1 / math.Sqrt((square/d+epsilon)*o.length))
	}
}
