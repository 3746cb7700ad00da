package variants

import (
	"hash/fnv"
	"math/rand/v2"
)

// Stream returns the random stream of one head of one named object: a PCG generator whose two seeds are the
// run's seed and a 64-bit FNV-1a hash of name, mixed with the head. Streams of different names or heads are
// independent of each other and of the number of heads, so a head draws the same numbers in a run with one
// head and in a run with eight.
func Stream(seed uint64, name string, head int) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // a hash never fails
	return rand.New(rand.NewPCG(seed, h.Sum64()^uint64(head)*0x9e3779b97f4a7c15))
}

// Normal fills x with independent N(0, sigma²) values.
func Normal(rng *rand.Rand, x []float32, sigma float64) {
	for i := range x {
		x[i] = float32(rng.NormFloat64() * sigma)
	}
}
