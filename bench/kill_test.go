package main

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"attnbench/results"

	"github.com/google/go-cmp/cmp"
)

// killed is the sweep that TestKilledRuns kills: some cells run, some are skipped.
const killed = "run " +
	"--variants full,linformer --n 16,24 --causal 0,1 --dim 8 --simd generic --seed 9 --budget 0 --samples 10"

// program runs this test binary as the program itself, until after: 0 leaves it alone. It reports whether the
// program ended by itself, and what it said.
func program(t *testing.T, after time.Duration, args ...string) (ended bool, said string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var talk bytes.Buffer
	command := &exec.Cmd{Path: self, Args: append([]string{"bench"}, args...), Stderr: &talk}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	if after > 0 {
		timer := time.AfterFunc(after, func() { command.Process.Kill() })
		defer timer.Stop()
	}
	err = command.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() >= 0 {
		t.Fatalf("bench %s: exit code %d\n%s", strings.Join(args, " "), exit.ExitCode(), talk.String())
	}
	return err == nil, talk.String()
}

// fate is what matters of a cell when times do not.
type fate struct {
	Status, Code, Output string
	Samples              int
}

func fates(r *results.RunResults) map[string]fate {
	all := map[string]fate{}
	for _, c := range r.Cells {
		all[c.Cell.Name()] = fate{c.Note.Status, c.Note.Code, c.Note.Output, len(c.Samples)}
	}
	return all
}

// TestKilledRuns kills a run at any moment, and the runs that go on with it: nothing that was in the file is
// ever lost, and what comes out at last is what an undisturbed run gives.
func TestKilledRuns(t *testing.T) {
	kills, each := 200, 10 // of one file
	if testing.Short() {
		kills, each = 20, 5
	}
	rng, folder := rand.New(rand.NewPCG(8, 200)), t.TempDir()
	start, calm := time.Now(), filepath.Join(folder, "calm.txt")
	program(t, 0, append(strings.Fields(killed), "-o", calm)...)
	length := time.Since(start)
	want := fates(readRun(t, calm))
	for file := 0; kills > 0; file++ {
		path := filepath.Join(folder, "killed.txt")
		args := append(strings.Fields(killed), "-o", path)
		var before *results.RunResults
		for kill := range each {
			at := length
			if kill > 0 { // less is left to do
				at /= 4
			}
			ended, said := program(t, 1+time.Duration(rng.Int64N(int64(at))), args...)
			if before = survived(t, path, before, said); before != nil {
				args = []string{"run", "--resume", path}
			}
			if ended {
				break
			}
			kills--
		}
		program(t, 0, args...)
		after := readRun(t, path)
		if diff := cmp.Diff(want, fates(after)); diff != "" {
			t.Fatalf("file %d: cells of an undisturbed run and of one that was killed (-want +got)\n%s", file, diff)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

func readRun(t *testing.T, path string) *results.RunResults {
	t.Helper()
	set, err := results.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return set.Runs[0]
}

// survived reads the file after a kill: it must hold all that was in it before, and every cell that the
// program has told of. Nil: the program had no time to begin it.
func survived(t *testing.T, path string, before *results.RunResults, said string) *results.RunResults {
	t.Helper()
	if _, err := os.Stat(path); before == nil && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	now := readRun(t, path)
	if len(now.Planned()) == 0 {
		t.Fatal("a file without a plan")
	}
	found := map[string][]results.Sample{}
	done := 0
	for _, c := range now.Cells {
		found[c.Cell.Name()] = c.Samples
		if c.Note.Status != "" {
			done++
		}
	}
	if before != nil {
		for _, c := range before.Cells {
			have := found[c.Cell.Name()]
			if len(have) < len(c.Samples) || cmp.Diff(c.Samples, have[:len(c.Samples)]) != "" {
				t.Fatalf("samples of %s were lost", c.Cell.Name())
			}
			if c.Note.Status != "" {
				done--
			}
		}
	}
	if told := strings.Count(said, "\n["); done < told-1 { // a cell is told of before its note is written
		t.Fatalf("the program told of %d cells, the file has %d more\n%s", told, done, said)
	}
	return now
}
