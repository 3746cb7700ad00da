package bigbird

import "math/bits"

// words is the length of the generator's state.
const words = 624

// twister is the Mersenne Twister MT19937 (Matsumoto and Nishimura 1998) as NumPy's legacy RandomState runs
// it: BigBird's block lists are drawn from it, so that a list can be reproduced from its seed.
type twister struct {
	state [words]uint32
	next  int
}

// newTwister is numpy.random.seed(seed): init_genrand.
func newTwister(seed uint32) *twister {
	t := &twister{next: words}
	t.state[0] = seed
	for i := 1; i < words; i++ {
		previous := t.state[i-1]
		t.state[i] = 1812433253*(previous^previous>>30) + uint32(i)
	}
	return t
}

// uint32 returns the next 32 bits.
func (t *twister) uint32() uint32 {
	if t.next == words {
		t.twist()
	}
	y := t.state[t.next]
	t.next++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

// twist makes the next 624 words of state.
func (t *twister) twist() {
	const shift = 397
	for i := range t.state {
		y := t.state[i]&0x80000000 | t.state[(i+1)%words]&0x7fffffff
		x := t.state[(i+shift)%words] ^ y>>1
		if y&1 != 0 {
			x ^= 0x9908b0df
		}
		t.state[i] = x
	}
	t.next = 0
}

// interval returns a number in [0, limit] by masked rejection.
func (t *twister) interval(limit uint32) uint32 {
	mask := uint32(1)<<bits.Len32(limit) - 1
	for {
		if x := t.uint32() & mask; x <= limit {
			return x
		}
	}
}

// permute is numpy.random.shuffle.
func (t *twister) permute(x []int) {
	for i := len(x) - 1; i > 0; i-- {
		j := t.interval(uint32(i))
		x[i], x[j] = x[j], x[i]
	}
}
