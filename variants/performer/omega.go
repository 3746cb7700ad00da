package performer

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"attnbench/variants"
)

// draw makes omega [heads, m, d], each head from its own stream, so that the errors of heads are
// independent (spec §3.2).
func draw(p *variants.Problem, dims []int, rng func(head int) *rand.Rand) variants.Tensor {
	t := variants.Tensor{Dims: dims}
	t.F32 = make([]float32, t.Len())
	heads, m, d := dims[0], dims[1], dims[2]
	for head := range heads {
		stream := rng(head)
		omega := t.F32[head*m*d:][:m*d]
		for row := 0; row < m; row += d {
			block := omega[row*d : min(row+d, m)*d]
			if p.Text("draw") == "iid" {
				variants.Normal(stream, block, 1)
			} else {
				orthogonal(stream, block, d, p.Text("qr") == "haar")
			}
			setNorms(stream, block, d, p.Text("norm"), p.Text("draw"))
		}
	}
	return t
}

// orthogonal fills rows, at most d of length d, with columns of the Q of a normal matrix's QR factors. Q
// is uniform over all rotations only once the signs of R's diagonal are fixed: Householder's method
// chooses them by its input, and so favours one direction for each column (spec §3.2; Mezzadri 2007,
// arXiv math-ph/0609050).
func orthogonal(rng *rand.Rand, rows []float32, d int, haar bool) {
	normal := make([]float64, d*d)
	for i := range normal {
		normal[i] = rng.NormFloat64()
	}
	var factors mat.QR
	factors.Factorize(mat.NewDense(d, d, normal))
	var q, r mat.Dense
	factors.QTo(&q)
	factors.RTo(&r)
	for i := range rows {
		row, column := i/d, i%d
		x := q.At(column, row)
		if haar && r.At(row, row) < 0 {
			x = -x
		}
		rows[i] = float32(x)
	}
}

// setNorms gives rows their lengths: √d, or those of independent normal vectors, which independent rows
// have already.
func setNorms(rng *rand.Rand, rows []float32, d int, norm, draw string) {
	if norm == "chi" && draw == "iid" {
		return
	}
	for ; len(rows) > 0; rows = rows[d:] {
		length := math.Sqrt(float64(d))
		if norm == "chi" {
			length = norm2(func(int) float64 { return rng.NormFloat64() }, d)
		}
		row := rows[:d]
		factor := length / norm2(func(c int) float64 { return float64(row[c]) }, d)
		for c := range row {
			row[c] = float32(float64(row[c]) * factor)
		}
	}
}

// norm2 is the Euclidean length of a vector of n elements.
func norm2(at func(i int) float64, n int) float64 {
	var sum float64
	for i := range n {
		x := at(i)
		sum += x * x
	}
	return math.Sqrt(sum)
}
