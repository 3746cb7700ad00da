package results

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// shard reads "2/4"; zero where the run is no shard, or what it says is none.
func (r Run) shard() (index, count int) {
	first, second, _ := strings.Cut(r.Shard, "/")
	i, err := strconv.Atoi(first)
	n, wrong := strconv.Atoi(second)
	const most = 100_000
	if err != nil || wrong != nil || i < 1 || i > n || n > most {
		return 0, 0
	}
	return i, n
}

// gaps says of each sweep that was dealt into shards which ones are missing or were cut off.
func (s *Set) gaps() []string {
	var texts []string
	present := map[string][]int{} // by plan
	counts := map[string]int{}
	var plans []string
	for _, r := range s.Runs {
		index, count := r.Run.shard()
		if count == 0 {
			continue
		}
		if counts[r.Run.Plan] == 0 {
			plans = append(plans, r.Run.Plan)
		}
		counts[r.Run.Plan] = max(counts[r.Run.Plan], count)
		present[r.Run.Plan] = append(present[r.Run.Plan], index)
		if r.Run.End == "" {
			texts = append(texts, fmt.Sprintf("%s: shard %s was cut off before its end", r.File, r.Run.Shard))
		}
	}
	for _, plan := range plans {
		if missing := absent(present[plan], counts[plan]); missing != "" {
			texts = append(texts, fmt.Sprintf("of the %d shards of plan %s these are missing: %s",
				counts[plan], plan, missing))
		}
	}
	return texts
}

// absent lists the numbers from 1 to count that are not there, runs of them as 3-7.
func absent(present []int, count int) string {
	there := make([]bool, count+2)
	for _, i := range present {
		there[i] = true
	}
	var parts []string
	for first := 1; first <= count; first++ {
		last := first
		for !there[first] && last < count && !there[last+1] {
			last++
		}
		switch {
		case there[first]:
		case last == first:
			parts = append(parts, strconv.Itoa(first))
		default:
			parts = append(parts, fmt.Sprintf("%d-%d", first, last))
		}
		first = last
	}
	return strings.Join(parts, ", ")
}

// overlaps looks for cells that two runs measured on one machine with one build. Repetitions of a whole run
// are fine and remarked on; otherwise the two do not belong into one file.
func (s *Set) overlaps() (remarks []string, err error) {
	for i, a := range s.Runs {
		for _, b := range s.Runs[i+1:] {
			twice := a.both(b)
			if len(twice) == 0 || a.Header.Get(KeyMachine) != b.Header.Get(KeyMachine) ||
				a.Header.Get(KeyCommit) != b.Header.Get(KeyCommit) {
				continue
			}
			if err := clash(a, b, twice[0]); err != nil {
				return nil, err
			}
			remarks = append(remarks, fmt.Sprintf("%s and %s are runs of their own that both measured %d cells, "+
				"%s first: their samples stand together", a.File, b.File, len(twice), twice[0]))
		}
	}
	return remarks, nil
}

// both lists the cells that both runs have samples of.
func (r *RunResults) both(other *RunResults) []string {
	var names []string
	for name, c := range r.index {
		if o := other.index[name]; o != nil && len(c.Samples) > 0 && len(o.Samples) > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// clash says why two runs that measured the same cell do not belong together; nil: they do.
func clash(a, b *RunResults, name string) error {
	seeds := [2]string{a.Header.Get(KeySeed), b.Header.Get(KeySeed)}
	outputs := [2]string{a.index[name].Note.Output, b.index[name].Note.Output}
	switch {
	case seeds[0] != seeds[1]:
		return fmt.Errorf("%s (seed %s) and %s (seed %s) both measured %s, on different inputs: merge them apart",
			a.File, seeds[0], b.File, seeds[1], name)
	case a.Run.Shard != "" && a.Run.Shard == b.Run.Shard && a.Run.Plan == b.Run.Plan:
		return fmt.Errorf("%s and %s both are shard %s of plan %s and measured %s: leave one out",
			a.File, b.File, a.Run.Shard, a.Run.Plan, name)
	case a.Run.Shard != "" || b.Run.Shard != "":
		return fmt.Errorf("%s (plan %s) and %s (plan %s) both measured %s: leave one out",
			a.File, named(a.Run), b.File, named(b.Run), name)
	case outputs[0] != "" && outputs[1] != "" && outputs[0] != outputs[1]:
		return fmt.Errorf("%s and %s computed different outputs for %s: compare them instead (bench compare)",
			a.File, b.File, name)
	}
	return nil
}

// named is the plan of a run, with its shard where it is one.
func named(r Run) string {
	text := r.Plan
	if text == "" {
		text = "unknown"
	}
	if r.Shard != "" {
		text += ", shard " + r.Shard
	}
	return text
}
