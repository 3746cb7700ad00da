package longformer

import "attnbench/variants"

func cost(p *variants.Problem) variants.Cost { return variants.PairsCost(p.Shape, pairs(p, nil)) }

func backwardCost(p *variants.Problem) variants.Cost {
	return variants.PairsBackwardCost(p.Shape, pairs(p, nil))
}

// pairs counts the distinct pairs: for each row that is not global, its band and the global tokens that it
// may see, each once; for a global row all that it may see.
func pairs(p *variants.Problem, _ []float32) int64 {
	index := globals(p)
	global := make([]bool, p.Shape.N)
	for _, g := range index {
		global[g] = true
	}
	counts := map[int]int64{} // by dilation
	var sum int64
	for h := range p.Shape.Heads {
		d := dilation(p, h)
		if _, ok := counts[d]; !ok {
			counts[d] = headPairs(band{int64(p.Shape.N), int64(d), int64(p.Int("window") / 2), p.Shape.Causal}, index,
				global)
		}
		sum += counts[d]
	}
	return sum * int64(p.Shape.Batch)
}

// headPairs adds global tokens to the pairs of a band: each brings its row and its column, less what the band
// holds of them.
func headPairs(b band, index []int64, global []bool) int64 {
	sum := b.total()
	for rank, g := range index { // ascending
		sum -= b.row(g) + b.column(g)
		for t := -b.left(g); t <= b.ahead(g); t++ {
			if global[g+t*b.dilation] { // in the row of one global token and the column of another: taken away twice
				sum++
			}
		}
		row, column := b.n, b.n-int64(len(index)) // all tokens, and those that are not global
		if b.causal {
			row, column = g+1, b.n-g-int64(len(index)-rank)
		}
		sum += row + column
	}
	return sum
}

// band is the window of one head.
type band struct {
	n, dilation, half int64
	causal            bool
}

// left and right are the numbers of tokens before and after token i within reach.
func (b band) left(i int64) int64  { return min(b.half, i/b.dilation) }
func (b band) right(i int64) int64 { return min(b.half, (b.n-1-i)/b.dilation) }

// ahead is the number of later keys that query i sees.
func (b band) ahead(i int64) int64 {
	if b.causal {
		return 0
	}
	return b.right(i)
}

// row is the number of keys that query i sees.
func (b band) row(i int64) int64 { return b.left(i) + 1 + b.ahead(i) }

// column is the number of queries that see key j.
func (b band) column(j int64) int64 {
	if b.causal {
		return 1 + b.right(j)
	}
	return b.row(j)
}

// total is the number of pairs of the band: n on the diagonal and n - t·dilation at each distance t.
func (b band) total() int64 {
	reach := min(b.half, (b.n-1)/b.dilation)
	side := reach*b.n - b.dilation*reach*(reach+1)/2
	if b.causal {
		return b.n + side
	}
	return b.n + 2*side
}
