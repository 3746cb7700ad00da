package harness

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"attnbench/harness/share"
)

// A process ends with its parent, in the middle of a call and on a machine with one processor too: with its
// input, that is.
func TestIsolatedProcessEndsWithItsInput(t *testing.T) {
	t.Setenv("GOMAXPROCS", "1")
	cmd, stdin, stdout := serving(t, "spins")
	answers := make(chan string)
	go func() {
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			answers <- lines.Text()
		}
	}()
	questions := []string{"admit", "calibrate", "sample", "sample", "sample", "sample", "sample", "sample"}
	for spinning := false; !spinning; questions = questions[1:] {
		select {
		case <-answers:
			time.Sleep(100 * time.Millisecond) // its runtime falls asleep
			fmt.Fprintln(stdin, questions[0])
		case <-time.After(time.Second):
			spinning = true
		}
	}
	stdin.Close()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err == nil || err.Error() != "exit status 1" {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Error("it lives on")
	}
}

// serving is the process of a cell that has a fault, with its assignment.
func serving(t *testing.T, fault string) (*exec.Cmd, io.WriteCloser, io.Reader) {
	t.Helper()
	plan := isolatedPlan(t, Axes{Variants: fault, N: "64", Dim: "8"}, Limits{}, fatalMechanisms())
	c := plan.Blocks[0].Cells[0]
	r := &run{Machine: plan.machine}
	inputs, err := r.share(newOperands(c.Block))
	if err != nil {
		t.Fatal(err)
	}
	defer inputs.Close()
	kept, err := share.New()
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	cmd := exec.CommandContext(t.Context(), r.Child[0], r.Child[1:]...)
	cmd.ExtraFiles = []*os.File{inputs.File, kept.File}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := json.NewEncoder(stdin).Encode(newAssignment(c)); err != nil {
		t.Fatal(err)
	}
	return cmd, stdin, stdout
}
