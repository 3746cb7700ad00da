package reformer

import (
	"slices"
	"testing"

	"attnbench/variants/variantstest"
)

// TestCausalGivenRouting changes later tokens without changing their buckets (a positive factor leaves a hash
// alone): earlier rows keep their bits. Routing is the only way by which a later token is felt, as
// Mechanism.Leaks declares.
func TestCausalGivenRouting(t *testing.T) {
	for _, options := range []string{"chunk=16", "chunk=16,wrap=none",
		"chunk=16,wrap=per_round,same_bucket_only=true,dedup=true"} {
		c := newCall(t, variantstest.Self(2, 150, 16, true), options, nil)
		before, _ := c.forward()
		const changed = 90
		for head := range 2 {
			for i := (head*150 + changed) * 16; i < (head+1)*150*16; i++ {
				c.q[i] *= 2
				c.v[i] += 3
			}
		}
		after, _ := c.forward()
		for head := range 2 {
			first, end := head*150*16, (head*150+changed)*16
			if !slices.Equal(before[first:end], after[first:end]) {
				t.Errorf("%s: head %d: a later token is felt without a change of buckets", options, head)
			}
			if slices.Equal(before[end:(head+1)*150*16], after[end:(head+1)*150*16]) {
				t.Errorf("%s: head %d: the change has no effect at all", options, head)
			}
		}
		if c.p.Mechanism.Leaks(c.p) == "" {
			t.Error("the routing's leak is not declared")
		}
	}
}
