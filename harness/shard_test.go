package harness

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// blockNames lists a plan's blocks, each by its first cell.
func blockNames(p *Plan) []string {
	var names []string
	for _, b := range p.Blocks {
		names = append(names, b.Cells[0].Name().Name())
	}
	return names
}

// dealt plans every shard of a sweep, and the whole.
func dealt(t *testing.T, axes Axes, limits Limits, count int) (parts []*Plan, whole *Plan) {
	t.Helper()
	clock := &fakeClock{}
	for i := range count {
		axes.Shard = Shard{Index: i + 1, Count: count}
		parts = append(parts, newPlan(t, clock, axes, limits, mechanisms(clock)))
	}
	axes.Shard = Shard{}
	return parts, newPlan(t, clock, axes, limits, mechanisms(clock))
}

func TestShardsAreAPartition(t *testing.T) {
	axes := Axes{N: "64..4096*2,100", Heads: "1,2", Dim: "8,16", Threads: "1,2", Seed: 3}
	for _, count := range []int{1, 2, 3, 7, 64} {
		parts, whole := dealt(t, axes, Limits{}, count)
		var all []string
		for _, p := range parts {
			names := blockNames(p)
			if len(names) == 0 {
				t.Errorf("%v is empty", p.Shard())
			}
			all = append(all, names...)
			if p.ID() != parts[0].ID() {
				t.Errorf("%v calls the plan %s, the first %s", p.Shard(), p.ID(), parts[0].ID())
			}
		}
		want := blockNames(whole)
		slices.Sort(all)
		slices.Sort(want)
		if !slices.Equal(all, want) {
			t.Errorf("%d shards have %d blocks of %d", count, len(all), len(want))
		}
	}
}

// TestShardsAreBalanced compares the loads: no shard may have more than the lightest and a block.
func TestShardsAreBalanced(t *testing.T) {
	const count = 4
	limits := Limits{Budget: time.Minute}
	parts, whole := dealt(t, Axes{N: "64..65536*2,100..10000+700", Dim: "8"}, limits, count)
	var largest time.Duration
	for _, b := range whole.Blocks {
		largest = max(largest, weigh(b, limits))
	}
	var loads []time.Duration
	for _, p := range parts {
		var load time.Duration
		for _, b := range p.Blocks {
			load += weigh(b, limits)
		}
		loads = append(loads, load)
	}
	if slices.Max(loads) > slices.Min(loads)+largest {
		t.Errorf("loads %v, the largest block is %v", loads, largest)
	}
}

// TestShardsIgnoreTheMachine: what a machine can do must not change who gets what.
func TestShardsIgnoreTheMachine(t *testing.T) {
	names := func(available float64) string {
		clock := &fakeClock{}
		sweep, err := ParseSweep(Axes{N: "64..8192*2", Shard: Shard{Index: 2, Count: 3}}, mechanisms(clock))
		if err != nil {
			t.Fatal(err)
		}
		m := fakeMachine(clock)
		m.Host.(*fakeHost).available.Value = available
		if available < 1e9 {
			clock.advance(time.Hour)
			m.Fastest.FMA = func(n int) int64 { clock.advance(time.Duration(n) * 10); return int64(n) }
		}
		plan := planned(NewPlan(sweep, Limits{}, m))
		defer plan.Close()
		return plan.ID() + strings.Join(blockNames(plan), " ")
	}
	if large, small := names(1e12), names(1e6); large != small {
		t.Errorf("a large machine gets\n%s\na small one\n%s", large, small)
	}
}

// TestWeighLimits: a cell that no machine would run within the limits weighs nothing.
func TestWeighLimits(t *testing.T) {
	clock := &fakeClock{}
	plan := newPlan(t, clock, Axes{N: "65536", Dim: "1"}, Limits{}, mechanisms(clock))
	free := weigh(plan.Blocks[0], Limits{})
	for _, limits := range []Limits{{Budget: 10 * time.Second}, {Timeout: 10 * time.Second}} {
		if bound := weigh(plan.Blocks[0], limits); bound*10 > free {
			t.Errorf("%+v: %v, without limits %v: the quadratic cell still counts", limits, bound, free)
		}
	}
}

func TestPlanID(t *testing.T) {
	ids := map[string]string{}
	for name, axes := range map[string]Axes{
		"plain": {N: "64"}, "seed": {N: "64", Seed: 1}, "length": {N: "65"}, "kernels": {N: "64", SIMD: "generic"},
		"option": {N: "64", Set: []string{"square.k=5"}}, "shards": {N: "64", Shard: Shard{Index: 1, Count: 2}},
	} {
		clock := &fakeClock{}
		id := newPlan(t, clock, axes, Limits{}, mechanisms(clock)).ID()
		if other, taken := ids[id]; taken {
			t.Errorf("%s and %s have the same id", name, other)
		}
		ids[id] = name
	}
}

func TestParseShard(t *testing.T) {
	if s, err := ParseShard("2/4"); err != nil || s != (Shard{Index: 2, Count: 4}) || s.String() != "2/4" {
		t.Errorf("%+v %v", s, err)
	}
	for text, want := range map[string]string{
		"0/4": "numbered from 1: 1/4 to 4/4", "5/4": "numbered from 1: 1/4 to 4/4", "-1/4": "numbered from 1",
		"2": "write INDEX/COUNT", "a/b": "write INDEX/COUNT", "1/2/3": "write INDEX/COUNT", "1/0": "must be 1 to",
		"1/1000000": "must be 1 to",
	} {
		if s, err := ParseShard(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v %v, want %q", text, s, err, want)
		}
	}
}
