package results_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"attnbench/results"
)

// fullDisk takes so many bytes, then half of a line, then nothing.
type fullDisk struct {
	bytes.Buffer
	room int
}

func (d *fullDisk) Write(p []byte) (int, error) {
	n := min(len(p), d.room)
	d.room -= n
	d.Buffer.Write(p[:n])
	if n < len(p) {
		return n, syscall.ENOSPC
	}
	return n, nil
}

// A full disk is told of at every later call, even when there is room again: nothing is appended to half a
// line, and what was written before can be read.
func TestFullDisk(t *testing.T) {
	sample := results.Value{Unit: results.Time, Value: 1000}
	var calm bytes.Buffer
	w, err := results.NewWriter(&calm, header("m1"), results.Run{ID: "r1"})
	if err != nil {
		t.Fatal(err)
	}
	head := calm.Len()
	if err := w.Sample(smallCell(), 1, sample); err != nil {
		t.Fatal(err)
	}
	line := calm.Len() - head
	for kept := range 3 {
		d := &fullDisk{room: head + kept*line + line/2}
		w, err := results.NewWriter(d, header("m1"), results.Run{ID: "r1"})
		for i := 0; err == nil && i <= kept; i++ {
			err = w.Sample(smallCell(), 1, sample)
		}
		if !errors.Is(err, syscall.ENOSPC) || strings.Contains(err.Error(), "\n") {
			t.Fatalf("after %d samples: %v", kept, err)
		}
		d.room = 1 << 20
		if again := w.Sample(smallCell(), 1, sample); !errors.Is(again, syscall.ENOSPC) {
			t.Errorf("a sample was appended to half a line: %v", again)
		}
		set, err := results.ReadFrom(&d.Buffer, "full.txt")
		if err != nil {
			t.Fatal(err)
		}
		var have int
		for _, c := range set.Runs[0].Cells {
			have += len(c.Samples)
		}
		if have != kept || len(set.Warnings) != 1 {
			t.Errorf("%d samples and warnings %v, want %d and the one of a torn line", have, set.Warnings, kept)
		}
	}
}

func TestFolderIsReadOnly(t *testing.T) {
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o555); err != nil {
		t.Fatal(err)
	}
	if os.WriteFile(filepath.Join(folder, "probe"), nil, 0o644) == nil {
		t.Skip("permissions do not bind this user")
	}
	path := filepath.Join(folder, "results.txt")
	_, err := results.Create(path, header("m1"), results.Run{ID: "r1"})
	if !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), path) {
		t.Errorf("%v: want one line that names the file", err)
	}
}

// A file cut off anywhere is read up to its last whole line, or refused in one line; one that can be read can
// be gone on with, and then has no torn line.
func TestCutAnywhere(t *testing.T) {
	whole, err := os.ReadFile(smallFile(t, "m1", "r1", 3))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "cut.txt")
	step := 1
	if testing.Short() {
		step = 13
	}
	for cut := 0; cut < len(whole); cut += step {
		if err := os.WriteFile(path, whole[:cut], 0o644); err != nil {
			t.Fatal(err)
		}
		_, readable := results.Read(path)
		w, _, err := results.Append(path)
		if (readable == nil) != (err == nil) || err != nil && strings.Contains(err.Error(), "\n") {
			t.Fatalf("cut at %d: read %v, append %v", cut, readable, err)
		}
		if err != nil {
			continue
		}
		if err := w.Run(results.Run{ID: "r1", End: "2026-01-02T03:04:06Z"}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if set, err := results.Read(path); err != nil || len(set.Warnings) > 0 || set.Runs[0].Run.End == "" {
			t.Fatalf("cut at %d, then gone on with: %v", cut, err)
		}
	}
}

// Lines of two writers that got into each other are refused with their line, never read as another number.
func TestInterleaved(t *testing.T) {
	whole, err := os.ReadFile(smallFile(t, "m1", "r1", 1))
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(smallFile(t, "m1", "r2", 1))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(other), "\n")
	line := lines[len(lines)-2] // the note of a cell, of another run
	if _, err := results.ReadFrom(strings.NewReader(string(whole)+line), "two.txt"); err == nil ||
		!strings.Contains(err.Error(), `run "r2", which is not the one in force`) {
		t.Errorf("a line of another run: %v", err)
	}
	start := strings.Index(string(whole), "Benchmark")
	end := start + strings.Index(string(whole[start:]), "\n")
	for at := start + len("Benchmark"); at < end; at++ { // another line in the midst of this one
		mixed := string(whole[:at]) + string(whole[start:end]) + string(whole[at:])
		set, err := results.ReadFrom(strings.NewReader(mixed), "mixed.txt")
		if err == nil {
			t.Fatalf("a line in another at %d was read: %d cells", at-start, len(set.Runs[0].Cells))
		}
	}
}

// One file has one writer at a time.
func TestSecondWriter(t *testing.T) {
	path := smallFile(t, "m1", "r1", 1)
	first, _, err := results.Append(path)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	_, _, err = results.Append(path)
	if err == nil || !strings.Contains(err.Error(), "another run is writing it") {
		t.Errorf("a second writer: %v", err)
	}
}

func TestAgreement(t *testing.T) {
	a, b := smallFile(t, "m1", "r1", 1), smallFile(t, "m2", "r2", 1)
	set, err := results.Read(a, b)
	if err != nil {
		t.Fatal(err)
	}
	if text := set.AgreementText(); text != "1 cells of several runs gave the same bits, 0 did not" {
		t.Error(text)
	}
	set.Runs[1].Cells[0].Note.Output = "5eed"
	if same, differ := set.Agreement(); same != 0 || len(differ) != 1 || differ[0] != smallCell().Name() {
		t.Errorf("%d agree, %v differ", same, differ)
	}
}
