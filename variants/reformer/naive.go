package reformer

import (
	"math"
	"slices"

	"attnbench/variants"
	"attnbench/variants/exact"
)

// naive is the definition in float64, query by query: one softmax over the multiset of all keys that the
// query sees.
func naive(p *variants.Problem, h variants.Head) []float64 {
	e := p.Shape.E
	rounds := naiveRounds(p, h)
	out := make([]float64, len(h.Rows)*e)
	for r, i := range h.Rows {
		keys, weights := naiveWeights(p, h, rounds, i)
		for at, j := range keys {
			for c := range e {
				out[r*e+c] += weights[at] * h.V[j*e+c]
			}
		}
	}
	return out
}

// naiveWeights are the keys that query i sees and their weights, none where its token is hidden.
func naiveWeights(p *variants.Problem, h variants.Head, rounds []naiveRound, i int) ([]int, []float64) {
	if hidden(p, h, i) {
		return nil, nil
	}
	keys := naiveSeen(p, rounds, i)
	weights := make([]float64, len(keys))
	for at, j := range keys {
		weights[at] = naiveLogit(p, h, i, j)
		if p.Bool("dedup") && j != i {
			weights[at] -= math.Log(occurrences(keys, j))
		}
	}
	top, sum := slices.Max(weights), 0.0
	for at, logit := range weights {
		weights[at] = math.Exp(logit - top)
		sum += weights[at]
	}
	for at := range weights {
		weights[at] /= sum
	}
	return keys, weights
}

// naiveGradient differentiates naive with the buckets as they are (spec §4.2): with weights p_ij and g_i =
// ∂L/∂o_i, the gradient of a logit is p_ij (g_i·v_j - g_i·o_i), and 0 for a token's own. A token has one as a
// query and one as a key.
func naiveGradient(p *variants.Problem, h variants.Head, dout []float64) variants.HeadGradients {
	d, e := p.Shape.D, p.Shape.E
	rounds := naiveRounds(p, h)
	g := variants.HeadGradients{Q: make([]float64, len(h.Q)), V: make([]float64, len(h.V))}
	dk := make([]float64, len(h.Q)) // of the keys, which have unit length
	for r, i := range h.Rows {
		up := dout[r*e : (r+1)*e]
		keys, weights := naiveWeights(p, h, rounds, i)
		mean := 0.0 // g_i·o_i
		for at, j := range keys {
			mean += weights[at] * dot(up, h.V[j*e:])
		}
		for at, j := range keys {
			for c := range e {
				g.V[j*e+c] += weights[at] * up[c]
			}
			if i == j {
				continue
			}
			slope := weights[at] * (dot(up, h.V[j*e:]) - mean)
			norm, _ := naiveNorm(p, h.Q[j*d:(j+1)*d])
			for c := range d {
				g.Q[i*d+c] += slope * norm * h.Q[j*d+c]
				dk[j*d+c] += slope * h.Q[i*d+c]
			}
		}
	}
	for j := range p.Shape.N {
		x := h.Q[j*d : (j+1)*d]
		norm, square := naiveNorm(p, x)
		along := dot(x, dk[j*d:]) / (float64(d) * square)
		for c := range d {
			g.Q[j*d+c] += norm * (dk[j*d+c] - along*x[c])
		}
	}
	return g
}

// hidden reports whether the key mask hides a token.
func hidden(p *variants.Problem, h variants.Head, token int) bool {
	valid := p.ValidKeys(h.Batch)
	return valid != nil && !valid[token]
}

func occurrences(keys []int, key int) float64 {
	count := 0.0
	for _, j := range keys {
		if j == key {
			count++
		}
	}
	return count
}

// naiveLogit is q_i·x_j/rms(x_j)/√d: the key has unit length. A token's own is fixed.
func naiveLogit(p *variants.Problem, h variants.Head, i, j int) float64 {
	if i == j {
		return -1e5
	}
	d := p.Shape.D
	x := h.Q[j*d : (j+1)*d]
	norm, _ := naiveNorm(p, x)
	return dot(h.Q[i*d:(i+1)*d], x) * norm
}

// naiveNorm is the factor that makes a token a key, and the token's mean square.
func naiveNorm(p *variants.Problem, x []float64) (norm, square float64) {
	d := float64(len(x))
	square = dot(x, x)/d + 1e-6
	norm = 1 / math.Sqrt(square) / math.Sqrt(d)
	if p.Text("scale") == "sqrt_d" {
		norm /= math.Sqrt(d)
	}
	return norm, square
}

// naiveRound is one round of hashing: the bucket of each token, and tokens sorted by bucket and position in
// chunks. Hidden tokens and -1, which fills the last chunk, are in a bucket after all others.
type naiveRound struct {
	bucket []int
	chunks [][]int
}

func naiveRounds(p *variants.Problem, h variants.Head) []naiveRound {
	n, d, chunk := p.Shape.N, p.Shape.D, min(p.Int("chunk"), p.Shape.N)
	factors, rotation := p.Ints("buckets"), p.PerHead(rotations, h.Head, 4)
	rounds := make([]naiveRound, p.Int("rounds"))
	for r := range rounds {
		bucket, sorted := make([]int, n), make([]int, n)
		size := len(rotation) / len(rounds)
		for t := range n {
			sorted[t], bucket[t] = t, total(factors)
			if !hidden(p, h, t) {
				bucket[t] = naiveBucket(naiveRotate(h.Q[t*d:(t+1)*d], rotation[r*size:(r+1)*size]), factors)
			}
		}
		slices.SortStableFunc(sorted, func(a, b int) int { return bucket[a] - bucket[b] })
		for len(sorted)%chunk != 0 {
			sorted = append(sorted, -1)
		}
		for at, t := range sorted {
			if t >= 0 && hidden(p, h, t) {
				sorted[at] = -1
			}
		}
		rounds[r] = naiveRound{bucket, slices.Collect(slices.Chunk(sorted, chunk))}
	}
	return rounds
}

// naiveBucket is argmax [u; -u] for u = xR, the first on ties; of a factorised hash a1 + b1·a2, each from its
// own columns.
func naiveBucket(u []float64, factors []int) int {
	bucket, place := 0, 1
	for _, b := range factors {
		both := make([]float64, b)
		for c := range b / 2 {
			both[c], both[c+b/2] = u[c], -u[c]
		}
		bucket += place * slices.Index(both, slices.Max(both))
		place, u = place*b, u[b/2:]
	}
	return bucket
}

// naiveRotate is the product of a token with a rotation [d, columns].
func naiveRotate(x []float64, rotation []float32) []float64 {
	u := make([]float64, len(rotation)/len(x))
	for i, xi := range x {
		for c, r := range rotation[i*len(u) : (i+1)*len(u)] {
			u[c] += xi * float64(r)
		}
	}
	return u
}

// naiveSeen lists the keys that token i sees over all rounds, each as often as it is seen.
func naiveSeen(p *variants.Problem, rounds []naiveRound, i int) (keys []int) {
	for r, round := range rounds {
		chunk := slices.IndexFunc(round.chunks, func(c []int) bool { return slices.Contains(c, i) })
		for _, from := range []naivePlace{naiveBefore(p, rounds, r, chunk), {r, chunk}} {
			if from.chunk < 0 {
				continue
			}
			for _, j := range rounds[from.round].chunks[from.chunk] {
				alike := j >= 0 && from.round == r && round.bucket[j] == round.bucket[i]
				switch {
				case j < 0 || p.Shape.Causal && j > i:
				case j == i || alike || !p.Bool("same_bucket_only"):
					keys = append(keys, j)
				}
			}
		}
	}
	return keys
}

// naiveBefore is the chunk before a chunk, -1 where there is none.
func naiveBefore(p *variants.Problem, rounds []naiveRound, round, chunk int) naivePlace {
	before := naivePlace{round, chunk - 1}
	if chunk > 0 {
		return before
	}
	switch p.Text("wrap") {
	case "flat":
		before.round = (round - 1 + len(rounds)) % len(rounds)
		before.chunk = len(rounds[before.round].chunks) - 1
	case "per_round":
		before.chunk = len(rounds[round].chunks) - 1
	}
	return before
}

// naivePlace is a chunk of a round.
type naivePlace struct{ round, chunk int }

// sharedQK is what more rounds come closer to: every query sees every key that causality allows, under the
// same own-token and scale rules.
func sharedQK(p *variants.Problem, h variants.Head) []float64 {
	d := p.Shape.D
	h.K = make([]float64, len(h.Q))
	for j := range p.Shape.N {
		x := h.Q[j*d : (j+1)*d]
		norm := 1 / math.Sqrt(dot(x, x)/float64(d)+epsilon)
		if p.Text("scale") == "sqrt_d" {
			norm /= math.Sqrt(float64(d))
		}
		for c := range x {
			h.K[j*d+c] = norm * x[c]
		}
	}
	return exact.Edited(p, h, func(row int, logits []float64) { logits[row] = ownLogit })
}

func dot(a, b []float64) (sum float64) {
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}
