package results_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"attnbench/results"
)

// part is what distinguishes one file of a merge.
type part struct {
	name, machine, commit, seed, run, plan, shard, output string
	lengths                                               []int
	cut                                                   bool
}

// write makes the file in folder: one sample for each length.
func (p part) write(t *testing.T, folder string) string {
	t.Helper()
	path := filepath.Join(folder, p.name)
	header := results.Header{
		{Key: results.KeyMachine, Value: p.machine}, {Key: results.KeyCommit, Value: p.commit},
		{Key: results.KeySeed, Value: p.seed},
	}
	run := results.Run{ID: p.run, Plan: p.plan, Shard: p.shard, End: "2026-01-02T03:04:05Z"}
	if p.cut {
		run.End = ""
	}
	w, err := results.Create(path, header, run)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range p.lengths {
		c := smallCell()
		c.N = n
		note := results.CellNote{Cell: c.Name(),
			Status: results.Done, Output: p.output}
		if err := w.Sample(c, 1, results.Value{Unit: results.Time, Value: float64(n)}); err != nil {
			t.Fatal(err)
		}
		if err := w.Cell(note); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// shardOf is shard i of 4 of a plan, at one length.
func shardOf(i int, edit func(p *part)) part {
	p := part{name: fmt.Sprintf("%d.txt", i), machine: "m", commit: "c", seed: "4", run: fmt.Sprintf("r%d", i),
		plan: "p", shard: fmt.Sprintf("%d/4", i), output: "aa", lengths: []int{64 * i}}
	if edit != nil {
		edit(&p)
	}
	return p
}

func TestMergeRemarks(t *testing.T) {
	for _, test := range []struct {
		name  string
		parts []part
		want  []string
	}{
		{"complete", []part{shardOf(1, nil), shardOf(2, nil), shardOf(3, nil), shardOf(4, nil)}, nil},
		{"missing", []part{shardOf(2, nil)}, []string{"of the 4 shards of plan p these are missing: 1, 3-4"}},
		{"cut off", []part{shardOf(1, nil), shardOf(2, nil), shardOf(3, nil),
			shardOf(4, func(p *part) { p.cut = true })},
			[]string{"4.txt: shard 4/4 was cut off before its end"}},
		{"two plans", []part{shardOf(1, nil), shardOf(2, func(p *part) { p.plan = "q" })},
			[]string{"of plan p these are missing: 2-4", "of plan q these are missing: 1, 3-4"}},
		{"whole runs again", []part{{name: "a", machine: "m", commit: "c", seed: "4", run: "a", lengths: []int{64}},
			{name: "b", machine: "m", commit: "c", seed: "4", run: "b", lengths: []int{64, 128}}},
			[]string{"are runs of their own that both measured 1 cells"}},
		{"another machine", []part{shardOf(1, nil), shardOf(2, nil), shardOf(3, nil), shardOf(4, nil),
			shardOf(4, func(p *part) { p.name, p.machine, p.run = "5.txt", "n", "r5" })},
			[]string{"1 cells of several runs gave the same bits, 0 did not"}},
		{"no shard", []part{shardOf(1, func(p *part) { p.shard = "7/4" })}, nil},
	} {
		folder := t.TempDir()
		var paths []string
		for _, p := range test.parts {
			paths = append(paths, p.write(t, folder))
		}
		var out bytes.Buffer
		remarks, err := results.Merge(&out, paths...)
		if err != nil || len(remarks) != len(test.want) {
			t.Errorf("%s: remarks %q, error %v, want %q", test.name, remarks, err, test.want)
			continue
		}
		for i, want := range test.want {
			if !strings.Contains(remarks[i], want) {
				t.Errorf("%s: remark %q, want %q", test.name, remarks[i], want)
			}
		}
		merged, err := results.ReadFrom(&out, "merged")
		if err != nil || len(merged.Runs) != len(test.parts) {
			t.Errorf("%s: merged: %v", test.name, err)
		}
	}
}

func TestMergeRefuses(t *testing.T) {
	same := func(edit func(p *part)) part { // as shard 1, from another file
		return shardOf(1, func(p *part) { p.name, p.run = "again.txt", "again"; edit(p) })
	}
	whole := func(p *part) { p.shard, p.plan = "", "w" }
	for name, test := range map[string]struct {
		first, second part
		want          string
	}{
		"shard twice": {shardOf(1, nil), same(func(*part) {}),
			"both are shard 1/4 of plan p and measured Attention/variant=alpha/n=64/"},
		"seeds":     {shardOf(1, nil), same(func(p *part) { p.seed = "5" }), "again.txt (seed 5) both measured"},
		"two plans": {shardOf(1, nil), same(func(p *part) { p.plan = "q" }), "again.txt (plan q, shard 1/4) both"},
		"the whole": {shardOf(1, nil), same(whole), "again.txt (plan w) both measured"},
		"outputs": {shardOf(1, whole), same(func(p *part) { whole(p); p.output = "bb" }),
			"computed different outputs"},
	} {
		folder := t.TempDir()
		first, second := test.first.write(t, folder), test.second.write(t, folder)
		var out bytes.Buffer
		_, err := results.Merge(&out, first, second)
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "1.txt") {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
		if out.Len() > 0 {
			t.Errorf("%s: something was written", name)
		}
	}
}
