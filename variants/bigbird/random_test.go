package bigbird

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"attnbench/variants"
)

// TestOldPlan compares with lists that NumPy drew for the authors' code with seed 0 (spec §6.3): heads draw
// from one stream.
func TestOldPlan(t *testing.T) {
	for _, c := range []struct {
		n, head, first int // first of the rows, counting query blocks from 1
		want           []int64
	}{
		{1024, 0, 1, []int64{
			9, 14, 7, 9, 6, 7, 10, 5, 14, 6, 8, 12, 2, 13, 1, 4, 11, 3, 1, 10, 5, 2, 3, 15, 13, 11, 14, 15, 13, 8, 9,
			7, 4,
			1, 2, 5, 8, 9, 7, 2, 6, 5,
		}},
		{1024, 1, 1, []int64{
			6, 11, 10, 8, 4, 12, 12, 11, 10, 7, 11, 10, 14, 11, 13, 3, 2, 13, 15, 12, 3, 11, 14, 6, 4, 11, 3, 6, 2, 12,
			13,
			5, 14, 10, 3, 7, 2, 15, 3, 11, 8, 10,
		}},
		{4096, 0, 58, []int64{13, 10, 9, 4, 11, 14, 15, 12, 14, 6, 2, 7, 6, 12, 5}},
	} {
		blocks := c.n / 64
		ids := make([]int64, 2*(blocks-2)*3)
		drawOldPlan(ids, 2, blocks, 64, 3, newTwister(0))
		got := ids[(c.head*(blocks-2)+c.first-1)*3:][:len(c.want)]
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("n = %d, head %d, rows from %d: %s", c.n, c.head, c.first, diff)
		}
	}
}

// TestPlan compares with the lists that Hugging Face drew for 3 heads of 16 blocks, r = 3, seed 5.
func TestPlan(t *testing.T) {
	want := []int64{
		5, 8, 4, 4, 8, 9, 6, 9, 5, 8, 1, 7, 7, 8, 9, 8, 9, 1, 3, 2, 9, 4, 2, 3, 5, 6, 4, 4, 8, 5, 4, 3, 2, 9, 1, 6,
		3, 7, 8, 9, 6, 2,
		6, 8, 3, 5, 6, 7, 1, 8, 7, 7, 2, 9, 7, 9, 3, 8, 9, 4, 9, 5, 4, 1, 2, 6, 2, 7, 6, 2, 5, 4, 3, 8, 7, 4, 8, 7,
		4, 1, 7, 2, 8, 1,
		3, 8, 7, 9, 6, 8, 1, 9, 8, 7, 8, 9, 1, 8, 2, 2, 3, 4, 1, 4, 9, 5, 1, 4, 7, 2, 6, 5, 4, 3, 6, 9, 4, 4, 1, 7,
		4, 7, 3, 7, 1, 3,
	}
	got := make([]int64, len(want))
	drawPlan(got, 3, 16, 3, newTwister(5))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestTwister compares with the published first outputs of MT19937 for its reference seed.
func TestTwister(t *testing.T) {
	tw := newTwister(5489)
	if got := tw.uint32(); got != 3499211612 {
		t.Errorf("output 1 is %d, not 3499211612", got)
	}
	for range 9998 {
		tw.uint32()
	}
	if got := tw.uint32(); got != 4123659995 {
		t.Errorf("output 10000 is %d, not 4123659995", got)
	}
}

// TestDistinct: ids that the uniform generator and the plan for any length draw are legal, and no row repeats
// one.
func TestDistinct(t *testing.T) {
	for _, r := range []int{1, 2, 3, 10} {
		for count := 5 + r; count < 40; count++ {
			ids := make([]int64, (count-2)*r)
			drawUniform(ids, count, r, variants.Stream(1, "ids", 0))
			checkLegal(t, ids, count, r)
			if checkPlan(count, r) == nil {
				drawPlan(ids, 1, count, r, newTwister(1))
				checkLegal(t, ids, count, r)
			} else if count > 2*r+5 || count == r+5 {
				t.Errorf("%d blocks, r = %d: refused", count, r)
			}
		}
	}
}

// TestDrawKeepsOneList: with a list of candidates for each query block the memory of a draw, which no plan
// counts, would grow with the square of the length.
func TestDrawKeepsOneList(t *testing.T) {
	const count, r = 64, 3
	ids, rng := make([]int64, (count-2)*r), variants.Stream(1, "ids", 0)
	if lists := testing.AllocsPerRun(10, func() { drawUniform(ids, count, r, rng) }); lists > 1 {
		t.Errorf("%v lists for %d blocks", lists, count)
	}
}

func checkLegal(t *testing.T, ids []int64, count, r int) {
	t.Helper()
	for i := 1; i < count-1; i++ {
		row := slices.Sorted(slices.Values(ids[(i-1)*r : i*r]))
		for x, id := range row {
			query := int64(i)
			if id < 1 || id > int64(count-2) || id >= query-1 && id <= query+1 || x > 0 && row[x-1] == id {
				t.Fatalf("%d blocks, r = %d: query block %d draws %v", count, r, i, row)
			}
		}
	}
}
