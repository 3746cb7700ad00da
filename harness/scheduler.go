package harness

import (
	"fmt"
	"strconv"
	"strings"
)

// CountVariable is the environment variable that says how many shards there are, for schedulers that do not.
const CountVariable = "BENCH_SHARDS"

// scheduler is a system that starts the same command several times and tells each in environment variables
// which one it is. Variables that it does not have are empty.
type scheduler struct {
	name  string
	index string // which one it is
	none  string // what index holds where there is no array
	base  int    // the least index, where first is absent
	first string // the least index
	last  string // the largest
	step  string // between two
	count string // how many
}

// schedulers lists those that are known, the first that is found counts.
func schedulers() []scheduler {
	return []scheduler{
		{name: "Slurm array", index: "SLURM_ARRAY_TASK_ID", first: "SLURM_ARRAY_TASK_MIN",
			step: "SLURM_ARRAY_TASK_STEP", count: "SLURM_ARRAY_TASK_COUNT", base: 1},
		{name: "Kubernetes indexed job", index: "JOB_COMPLETION_INDEX"},
		{name: "Nomad", index: "NOMAD_ALLOC_INDEX", count: "NOMAD_META_SHARDS"},
		{name: "AWS Batch array", index: "AWS_BATCH_JOB_ARRAY_INDEX", count: "AWS_BATCH_JOB_ARRAY_SIZE"},
		{name: "LSF array", index: "LSB_JOBINDEX", none: "0", base: 1,
			last: "LSB_JOBINDEX_END", step: "LSB_JOBINDEX_STEP"},
		{name: "PBS array", index: "PBS_ARRAY_INDEX", base: 1},
		{name: "SGE array", index: "SGE_TASK_ID", none: "undefined", base: 1,
			first: "SGE_TASK_FIRST", last: "SGE_TASK_LAST", step: "SGE_TASK_STEPSIZE"},
		{name: "GitLab parallel job", index: "CI_NODE_INDEX", count: "CI_NODE_TOTAL", base: 1},
		{name: "GNU parallel", index: "PARALLEL_SEQ", base: 1},
	}
}

// AutoShard reads from the environment of a scheduler which shard this is. getenv is os.Getenv.
func AutoShard(getenv func(string) string) (Shard, error) {
	var names []string
	var err error
	for _, s := range schedulers() {
		names = append(names, s.index)
		if v := getenv(s.index); v == "" || v == s.none {
			continue
		}
		found, wrong := s.shard(getenv)
		if wrong == nil {
			found.From = fmt.Sprintf("%s, %s=%s", s.name, s.index, getenv(s.index))
			return found, nil
		}
		if err == nil {
			err = fmt.Errorf("--shard auto: %s: %w", s.name, wrong)
		}
	}
	if err == nil {
		err = fmt.Errorf("--shard auto: no scheduler says which shard this is (%s): write --shard INDEX/COUNT",
			strings.Join(names, ", "))
	}
	return Shard{}, err
}

// shard works the index and the count out.
func (s scheduler) shard(getenv func(string) string) (Shard, error) {
	value := func(name string, absent int) (int, error) {
		text := ""
		if name != "" {
			text = getenv(name)
		}
		if text == "" || text == s.none {
			return absent, nil
		}
		v, err := strconv.Atoi(text)
		if err != nil || v < 0 {
			return 0, fmt.Errorf("%s=%q is not a number from 0", name, text)
		}
		return v, nil
	}
	var at, first, step, last, counted, told int
	for _, v := range []struct {
		name   string
		absent int
		into   *int
	}{
		{s.index, 0, &at}, {s.first, s.base, &first}, {s.step, 1, &step}, {s.last, -1, &last},
		{s.count, 0, &counted}, {CountVariable, 0, &told},
	} {
		var err error
		if *v.into, err = value(v.name, v.absent); err != nil {
			return Shard{}, err
		}
	}
	step = max(step, 1)
	if counted == 0 && last >= first {
		counted = (last-first)/step + 1
	}
	return s.settle(at, (at-first)/step+1, (at-first)%step == 0, counted, told)
}

// settle checks what the environment says: the task's number, its place from 1, whether tasks are evenly
// spaced, how many the scheduler counts and how many the user told.
func (s scheduler) settle(at, place int, even bool, counted, told int) (Shard, error) {
	switch {
	case counted == 0 && told == 0:
		return Shard{}, fmt.Errorf("it has %s=%d but does not say of how many: set %s", s.index, at, CountVariable)
	case counted > 0 && told > 0 && counted != told:
		return Shard{}, fmt.Errorf("it counts %d tasks, but %s=%d: write --shard INDEX/%[3]d for a task that "+
			"runs again", counted, CountVariable, told)
	}
	count := max(counted, told)
	if count > maxShards || !even || place < 1 || place > count {
		return Shard{}, fmt.Errorf("%s=%d is none of %d tasks: number the tasks 1 to COUNT without gaps",
			s.index, at, count)
	}
	return Shard{Index: place, Count: count}, nil
}
