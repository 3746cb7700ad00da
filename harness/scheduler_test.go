package harness

import (
	"strings"
	"testing"
)

// variables reads "A=1 B=2".
func variables(text string) func(string) string {
	values := map[string]string{}
	for word := range strings.FieldsSeq(text) {
		name, value, _ := strings.Cut(word, "=")
		values[name] = value
	}
	return func(name string) string { return values[name] }
}

func TestAutoShard(t *testing.T) {
	for _, test := range []struct{ environment, shard, from string }{
		{"SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_COUNT=4 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_STEP=1",
			"3/4", "Slurm array, SLURM_ARRAY_TASK_ID=3"},
		{"SLURM_ARRAY_TASK_ID=0 SLURM_ARRAY_TASK_COUNT=4 SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_STEP=1",
			"1/4", "Slurm array, SLURM_ARRAY_TASK_ID=0"},
		{"SLURM_ARRAY_TASK_ID=14 SLURM_ARRAY_TASK_COUNT=3 SLURM_ARRAY_TASK_MIN=10 SLURM_ARRAY_TASK_STEP=2",
			"3/3", "Slurm array, SLURM_ARRAY_TASK_ID=14"},
		{"JOB_COMPLETION_INDEX=0 BENCH_SHARDS=4", "1/4", "Kubernetes indexed job, JOB_COMPLETION_INDEX=0"},
		{"JOB_COMPLETION_INDEX=3 BENCH_SHARDS=4", "4/4", "Kubernetes indexed job, JOB_COMPLETION_INDEX=3"},
		{"NOMAD_ALLOC_INDEX=1 NOMAD_META_SHARDS=3", "2/3", "Nomad, NOMAD_ALLOC_INDEX=1"},
		{"NOMAD_ALLOC_INDEX=1 BENCH_SHARDS=3", "2/3", "Nomad, NOMAD_ALLOC_INDEX=1"},
		{"AWS_BATCH_JOB_ARRAY_INDEX=9 AWS_BATCH_JOB_ARRAY_SIZE=10", "10/10",
			"AWS Batch array, AWS_BATCH_JOB_ARRAY_INDEX=9"},
		{"LSB_JOBINDEX=2 LSB_JOBINDEX_END=5 LSB_JOBINDEX_STEP=1", "2/5", "LSF array, LSB_JOBINDEX=2"},
		{"LSB_JOBINDEX=5 LSB_JOBINDEX_END=5 LSB_JOBINDEX_STEP=2", "3/3", "LSF array, LSB_JOBINDEX=5"},
		{"LSB_JOBINDEX=2 BENCH_SHARDS=4", "2/4", "LSF array, LSB_JOBINDEX=2"},
		{"PBS_ARRAY_INDEX=4 BENCH_SHARDS=4", "4/4", "PBS array, PBS_ARRAY_INDEX=4"},
		{"SGE_TASK_ID=7 SGE_TASK_FIRST=1 SGE_TASK_LAST=10 SGE_TASK_STEPSIZE=3", "3/4", "SGE array, SGE_TASK_ID=7"},
		{"CI_NODE_INDEX=2 CI_NODE_TOTAL=5", "2/5", "GitLab parallel job, CI_NODE_INDEX=2"},
		{"PARALLEL_SEQ=1 BENCH_SHARDS=2", "1/2", "GNU parallel, PARALLEL_SEQ=1"},
		// What stands there outside of arrays is passed over, and so is half a pair.
		{"LSB_JOBINDEX=0 SGE_TASK_ID=undefined CI_NODE_INDEX=1 CI_NODE_TOTAL=2", "1/2",
			"GitLab parallel job, CI_NODE_INDEX=1"},
		{"NOMAD_ALLOC_INDEX=0 CI_NODE_INDEX=1 CI_NODE_TOTAL=2", "1/2", "GitLab parallel job, CI_NODE_INDEX=1"},
	} {
		s, err := AutoShard(variables(test.environment))
		if err != nil || s.String() != test.shard || s.From != test.from {
			t.Errorf("%s: %v from %q (%v), want %s from %q",
				test.environment, s, s.From, err, test.shard, test.from)
		}
	}
}

// TestAutoShardKnowsAll: a scheduler needs no more than its index and the count.
func TestAutoShardKnowsAll(t *testing.T) {
	for _, s := range schedulers() {
		index := s.base + 1
		environment := s.index + "=" + string(rune('0'+index)) + " BENCH_SHARDS=3"
		got, err := AutoShard(variables(environment))
		if err != nil || got.String() != "2/3" || !strings.HasPrefix(got.From, s.name) {
			t.Errorf("%s: %s is %v from %q (%v)", s.name, environment, got, got.From, err)
		}
	}
}

func TestAutoShardRefuses(t *testing.T) {
	for _, test := range []struct{ environment, want string }{
		{"", "no scheduler says which shard this is (SLURM_ARRAY_TASK_ID, "},
		{"JOB_COMPLETION_INDEX=1", "does not say of how many: set BENCH_SHARDS"},
		{"JOB_COMPLETION_INDEX=4 BENCH_SHARDS=4", "JOB_COMPLETION_INDEX=4 is none of 4 tasks"},
		{"JOB_COMPLETION_INDEX=1 BENCH_SHARDS=many", `BENCH_SHARDS="many" is not a number`},
		{"JOB_COMPLETION_INDEX=1 BENCH_SHARDS=9999999", "is none of 9999999 tasks"},
		{"JOB_COMPLETION_INDEX=first BENCH_SHARDS=2", `JOB_COMPLETION_INDEX="first" is not a number`},
		{"PBS_ARRAY_INDEX=0 BENCH_SHARDS=4", "number the tasks 1 to COUNT"},
		{"SLURM_ARRAY_TASK_ID=-1 BENCH_SHARDS=4", "is not a number from 0"},
		{"SGE_TASK_ID=3 SGE_TASK_FIRST=1 SGE_TASK_LAST=9 SGE_TASK_STEPSIZE=4", "none of 3 tasks"},
		// --array=1,3,7 says that it has 3 tasks in steps of 1.
		{"SLURM_ARRAY_TASK_ID=7 SLURM_ARRAY_TASK_COUNT=3 SLURM_ARRAY_TASK_MIN=1", "without gaps"},
		// One task of four, started again by itself.
		{"SLURM_ARRAY_TASK_ID=2 SLURM_ARRAY_TASK_COUNT=1 SLURM_ARRAY_TASK_MIN=2 BENCH_SHARDS=4", "--shard INDEX/4"},
	} {
		s, err := AutoShard(variables(test.environment))
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v (%v), want %q", test.environment, s, err, test.want)
		}
	}
}

// FuzzShard: whatever is typed or stands in the environment, a shard that is accepted is one of its count.
func FuzzShard(f *testing.F) {
	for _, seed := range []string{"2/4", "0/4", "4", "undefined", "/", "99999999999999999999/1"} {
		f.Add(seed, "1", "1", "4")
	}
	f.Add("SLURM", "9223372036854775807", "0", "4")
	f.Fuzz(func(t *testing.T, text, first, step, last string) {
		check := func(s Shard, err error) {
			if err == nil && (s.Index < 1 || s.Index > s.Count || s.Count > maxShards) {
				t.Fatalf("%q %q %q %q: %+v", text, first, step, last, s)
			}
		}
		check(ParseShard(text))
		for _, known := range schedulers() {
			check(known.shard(func(name string) string {
				return map[string]string{known.index: text, known.first: first, known.step: step, known.last: last,
					known.count: last, CountVariable: last}[name]
			}))
		}
	})
}
