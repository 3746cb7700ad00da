package performer

import (
	"math"

	"attnbench/variants/prefix"
)

// PullKeys is prefix.Derivative's.
func (x *puller) PullKeys(
	dk, k []float32, c prefix.Chunk, grad []float32, ldg int, features []float32, ld int,
) {
	if x.apart {
		for j, g := range grad[(x.columns+1)*ldg:][:c.Count] {
			x.less[j] = -g
		}
	}
	x.pull(dk, k, c, grad, ldg, features, ld, true, nil)
}

// PullQueries is prefix.Derivative's.
func (x *puller) PullQueries(
	dq, q []float32, c prefix.Chunk, grad []float32, ldg int, features []float32, ld int,
) {
	var at []int32
	if x.apart {
		first := c.From - x.from
		more := grad[x.columns*ldg:][:c.Count]
		for j, g := range more {
			x.less[j] = -x.ratio[first+j] * g
		}
		if x.at != nil {
			at = x.at[first:][:c.Count]
			dc := x.kept.dc[c.Head*x.p.Shape.N+c.From:]
			for j, g := range more {
				dc[j] = features[x.columns*ld+j] * g
			}
		}
	}
	x.pull(dq, q, c, grad, ldg, features, ld, false, at)
}

// pull takes the gradient by features to that by tokens, x [count, d]. at lists the features that are
// subtracted from all of a token's exponents; nil: none are, or they are constants.
func (x *puller) pull(
	to, from []float32, c prefix.Chunk, grad []float32, ldg int, features []float32, ld int,
	keys bool, at []int32,
) {
	cols, d := x.kernels.Pad(c.Count), x.p.Shape.D
	clear(x.sum[:cols])
	switch x.kind {
	case "relu":
		x.pullReLU(c.Count, grad, ldg, features, ld)
	case "trig":
		x.pullTrig(c.Count, grad, ldg, features, ld, keys)
	default:
		x.kernels.GradCols(x.columns, cols, grad, ldg, features, ld, x.less)
		x.kernels.DotCols(x.columns, cols, grad, ldg, x.ones, x.sum)
		for j, r := range at {
			grad[int(r)*ldg+j] -= x.sum[j]
		}
		if x.columns > x.m { // hyperbolic: by u is by the first half less by the second
			x.kernels.MixRows(x.m, cols, grad, ldg, grad, ldg, grad[x.m*ldg:], ldg, x.ones, x.minus)
		}
	}
	out := x.out
	if out == nil {
		out = to
	}
	for j := range x.sum[:c.Count] { // h = ‖x‖²/(2√d)
		x.sum[j] *= x.slope
	}
	x.kernels.ScaleRows(c.Count, d, out, x.width, from, d, x.sum)
	omega := x.omega
	if n := x.m * x.width; len(omega) > n {
		omega = omega[c.Head%x.p.Shape.Heads*n:]
	}
	x.kernels.GemmT(c.Count, x.width, x.m, grad, ldg, omega, x.width, out, x.width, true)
	x.executed += 2 * int64(c.Count) * int64(x.width) * int64(x.m)
	if x.out != nil {
		for j := range c.Count {
			copy(to[j*d:][:d], out[j*x.width:])
		}
	}
}

// pullReLU takes away the gradient of features that are cut off.
func (x *puller) pullReLU(count int, grad []float32, ldg int, features []float32, ld int) {
	for r := range x.columns {
		row, f := grad[r*ldg:][:count], features[r*ld:][:count]
		for j, φ := range f {
			kept := uint32(int32(math.Float32bits(x.eps-φ)) >> 31) // all ones where φ > ε: no branch to guess
			row[j] = math.Float32frombits(math.Float32bits(row[j]) & kept)
		}
	}
}

// pullTrig puts the gradient by u into the first half of grad; that by the logarithm of a key's factor e^h,
// negated, into x.sum. A query's cancels.
func (x *puller) pullTrig(count int, grad []float32, ldg int, features []float32, ld int, keys bool) {
	for r := range x.m {
		row, more := grad[r*ldg:][:count], grad[(x.m+r)*ldg:][:count]
		cos, sin := features[r*ld:][:count], features[(x.m+r)*ld:][:count]
		for j, g := range row {
			row[j] = more[j]*cos[j] - g*sin[j]
			if keys {
				x.sum[j] -= g*cos[j] + more[j]*sin[j]
			}
		}
	}
}
