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
		if hidden(p, h, i) {
			continue
		}
		keys := naiveSeen(p, rounds, i)
		logits := make([]float64, len(keys))
		for at, j := range keys {
			logits[at] = naiveLogit(p, h, i, j)
			if p.Bool("dedup") && j != i {
				logits[at] -= math.Log(occurrences(keys, j))
			}
		}
		top, sum := slices.Max(logits), 0.0
		for at, j := range keys {
			weight := math.Exp(logits[at] - top)
			sum += weight
			for c := range e {
				out[r*e+c] += weight * h.V[j*e+c]
			}
		}
		for c := range e {
			out[r*e+c] /= sum
		}
	}
	return out
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
	q, x := h.Q[i*d:(i+1)*d], h.Q[j*d:(j+1)*d]
	logit := dot(q, x) / math.Sqrt(dot(x, x)/float64(d)+1e-6) / math.Sqrt(float64(d))
	if p.Text("scale") == "sqrt_d" {
		logit /= math.Sqrt(float64(d))
	}
	return logit
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
