package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"attnbench/results"
)

// An interrupted run ends at once and keeps what it has measured, even while a long call is under way.
func TestInterruptedRunKeepsItsSamples(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.txt")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	code := make(chan int, 1)
	go func() {
		code <- run(&environment{ctx: ctx, stdout: io.Discard, stderr: io.Discard, args: []string{
			"run", "--variants", "full", "--n", "64,16384", "--simd", "generic", "--budget", "0", "-o", path,
		}})
	}()
	for {
		if data, err := os.ReadFile(path); err == nil && bytes.Contains(data, []byte(`"status":"done"`)) {
			break
		}
		select {
		case c := <-code:
			t.Fatalf("the run ended by itself with code %d", c)
		case <-time.After(10 * time.Millisecond):
		}
	}
	cancel()
	select {
	case c := <-code:
		if c != exitInterrupted {
			t.Errorf("exit code %d, want %d", c, exitInterrupted)
		}
	case <-time.After(time.Minute):
		t.Fatal("still running a minute after the interruption")
	}
	set, err := results.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if run := set.Runs[0]; run.Run.End != "" || len(run.Cells) != 1 || len(run.Cells[0].Samples) == 0 {
		t.Errorf("%d cells, end %q: want one cell with samples and no end", len(run.Cells), run.Run.End)
	}
}
