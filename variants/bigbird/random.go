package bigbird

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// drawUniform fills ids [count-2, r] with r blocks for each query block, without replacement, out of those
// that are neither in its window nor first or last (spec §6, canonical).
func drawUniform(ids []int64, count, r int, rng *rand.Rand) {
	pool := make([]int64, 0, count)
	for i := 1; i < count-1; i++ {
		pool = pool[:0]
		for id := 1; id < count-1; id++ {
			if id < i-1 || id > i+1 {
				pool = append(pool, int64(id))
			}
		}
		for t := range r {
			j := t + rng.IntN(len(pool)-t)
			pool[t], pool[j] = pool[j], pool[t]
		}
		copy(ids[(i-1)*r:i*r], pool[:r])
	}
}

// planned are query blocks [first, end) that draw count ids each from the blocks [from, to), into columns
// from column on.
type planned struct{ first, end, from, to, count, column int }

// phases is the authors' plan for N blocks and r ids, in the order in which it draws (spec §6.3). It draws
// for the last query block too, whose ids nobody uses.
func phases(n, r int) []planned {
	var all []planned
	switch {
	case n > 2*r+5:
		all = []planned{{1, 2*r + 5, 0, 2*r + 5, r, 0}, {2*r + 5, n, 0, 2*r + 5, r, 0}}
	case n > r+5:
		half, end := r/2, r+5
		all = []planned{
			{1, end, 0, end, half, 0}, {1, end, end, n, r - half, half},
			{end, n, 0, end, half, 0}, {end, n, end, n, r - half, half},
		}
	default:
		all = []planned{{1, n, 0, n, r, 0}}
	}
	return slices.DeleteFunc(all, func(ph planned) bool { return ph.count == 0 })
}

// legal reports whether a query block may draw a key block: not one of its window, nor the first, nor the
// last of the range; and the second and the last but one may not draw each other.
func (ph planned) legal(block, id int) bool {
	return id != 0 && id != ph.to-1 && (id < block-1 || id > block+1) &&
		(block != 1 || id != ph.to-2) && (block != ph.to-2 || id != 1)
}

// checkPlan refuses block counts for which some query block finds fewer legal blocks than it has to draw.
func checkPlan(n, r int) error {
	for _, ph := range phases(n, r) {
		for block := ph.first; block < min(ph.end, n-1); block++ {
			found := 0
			for id := ph.from; id < ph.to && found < ph.count; id++ {
				if ph.legal(block, id) {
					found++
				}
			}
			if found < ph.count {
				return fmt.Errorf("generator=%s is undefined for %d blocks and random=%d: "+
					"take more than %d blocks, or %s",
					plan, n, r, 2*r+5, uniform)
			}
		}
	}
	return nil
}

// drawPlan fills ids [heads, n-2, r] by the authors' plan: for each row and head one permutation of the
// range, scanned until enough legal blocks are found.
func drawPlan(ids []int64, heads, n, r int, t *twister) {
	for _, ph := range phases(n, r) {
		order := make([]int, ph.to-ph.from)
		for block := ph.first; block < ph.end; block++ {
			for h := range heads {
				for i := range order {
					order[i] = ph.from + i
				}
				t.permute(order)
				if block == n-1 {
					continue
				}
				row := ids[(h*(n-2)+block-1)*r+ph.column:][:ph.count]
				for _, id := range order {
					if len(row) > 0 && ph.legal(block, id) {
						row[0], row = int64(id), row[1:]
					}
				}
			}
		}
	}
}

// The authors' older plan is made for oldLength tokens, with random blocks among the first oldReach, and cut
// to length.
const oldLength, oldReach = 4096, 1024

// oldCandidates are the blocks that the older plan permutes for a query block (spec §6.3). Two of its cases
// forget the window.
func oldCandidates(query, block int) []int {
	n, last := oldLength/block, oldLength/block-1
	if oldReach > 2*block {
		last = oldReach/block - 1
	}
	middle := func(from, to int) []int { // [1 … n-2] sliced as in Python
		var ids []int
		for i := from; i < min(to, n-2); i++ {
			ids = append(ids, i+1)
		}
		return ids
	}
	switch {
	case query == 1:
		return middle(2, last)
	case query == 2:
		return middle(3, last)
	case query >= n-3 || query-2 > last:
		return middle(0, last)
	case query+1 == last:
		return middle(0, query-2)
	}
	return append(middle(0, query-2), middle(query+1, last)...)
}

func checkOldPlan(n, block, r int) error {
	if n > oldLength || n%1024 != 0 {
		return fmt.Errorf("generator=%s is defined for n = 1024, 2048, 3072 and 4096, not %d: take %s or %s",
			oldPlan, n, plan, uniform)
	}
	for query := 1; query < oldLength/block-1; query++ {
		if found := len(oldCandidates(query, block)); found < r {
			return fmt.Errorf("generator=%s has %d candidates for a query block of %d: "+
				"take random=%d, a smaller block, or %s",
				oldPlan, found, block, found, uniform)
		}
	}
	return nil
}

// drawOldPlan fills ids [heads, n-2, r] by the older plan: head after head, the first r of each permutation.
func drawOldPlan(ids []int64, heads, n, block, r int, t *twister) {
	for h := range heads {
		for query := 1; query < oldLength/block-1; query++ {
			order := oldCandidates(query, block)
			t.permute(order)
			for i, id := range order[:r] {
				if query < n-1 {
					ids[(h*(n-2)+query-1)*r+i] = int64(id)
				}
			}
		}
	}
}
