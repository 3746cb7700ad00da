package harness

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"attnbench/harness/process"
	"attnbench/harness/share"
	"attnbench/variants/work"
)

// Codes of cells whose process failed.
const (
	codeCrash   = "crash"
	codeTimeout = "timeout"
)

// child is a process that runs one cell of the suite's own: a crash, a kill or a hang costs that cell.
type child struct {
	started chan struct{} // closed when it has been started, or not
	process *process.Process
	kept    share.File // rows of the output that are compared with float64 results
	err     error      // why it could not be started
}

// lost is the error of a cell whose process does not answer.
type lost struct{ code, reason string }

func (l lost) Error() string { return l.reason }

// launch starts the processes of cells on the inputs in the file: where cells leave a core idle, one after
// the other on that one, while those that are there are admitted; else side by side, before any is.
func (r *run) launch(ctx context.Context, cells []*Cell, inputs share.File) map[*Cell]*child {
	children := map[*Cell]*child{}
	queue := make(chan func(), len(cells))
	for _, c := range cells {
		if c.Peer != nil {
			continue
		}
		h := &child{started: make(chan struct{})}
		children[c] = h
		queue <- func() {
			defer close(h.started)
			h.err = h.start(ctx, r.Child, c, inputs)
		}
	}
	close(queue)
	var wg sync.WaitGroup
	starters := cells[0].Block.idle()
	for range cmp.Or(starters, len(cells)) {
		wg.Go(func() {
			for start := range queue {
				start()
			}
		})
	}
	if starters == 0 {
		wg.Wait()
	}
	return children
}

// idle is 1 where the cells of a block leave a core to what this process does beside them, else 0.
func (b *Block) idle() int { return min(max(runtime.GOMAXPROCS(0)-b.Threads, 0), 1) }

func (h *child) start(ctx context.Context, words []string, c *Cell, inputs share.File) (err error) {
	if h.kept, err = share.New(); err != nil {
		return err
	}
	command := process.Command{Words: words}
	command.Files = append(command.Files, inputs.File, h.kept.File)
	if h.process, err = process.Start(ctx, command); err != nil {
		return fmt.Errorf("its process cannot be started: %w", err)
	}
	text, err := json.Marshal(newAssignment(c))
	if err != nil {
		return err
	}
	answer, err := h.process.Ask(string(text), startPatience)
	switch {
	case err != nil:
		return explain(err)
	case answer != ready:
		return fmt.Errorf("its process cannot run it: %s", process.Clip(answer))
	}
	return nil
}

// abandon ends processes that were started in vain.
func abandon(children map[*Cell]*child) {
	for _, h := range children {
		<-h.started
		h.close()
	}
}

// share puts the inputs of a block where its cells' processes find them, if they have some.
func (r *run) share(in *operands) (share.File, error) {
	if len(r.Child) == 0 {
		return share.File{}, nil
	}
	return share.New(in.Q, in.K, in.V, in.dout)
}

// groups are the cells of a block that are held at once.
func (b *Block) groups(cells []*Cell) [][]*Cell {
	if !b.apart {
		return [][]*Cell{cells}
	}
	var groups [][]*Cell
	for c := range slices.Chunk(cells, 1) {
		groups = append(groups, c)
	}
	return groups
}

// close ends the process.
func (h *child) close() {
	if h.process != nil {
		h.process.Close()
	}
	h.kept.Close()
}

// ask has the process do something for its cell. What it reports as a failure is an error.
func (h *child) ask(question string, limit time.Duration) (rep report, err error) {
	answer, err := h.process.Ask(question, limit)
	if err != nil {
		return rep, explain(err)
	}
	if err := json.Unmarshal([]byte(answer), &rep); err != nil {
		return rep, lost{codeCrash, fmt.Sprintf("its process answered %q", process.Clip(answer))}
	}
	if rep.Failure != "" {
		code := codeGate
		if rep.Panicked {
			code = codePanic
		}
		return rep, lost{code, rep.Failure}
	}
	return rep, nil
}

// explain says in one line what became of a cell's process.
func explain(err error) error {
	var silence process.Silence
	var death *process.Death
	switch {
	case errors.As(err, &silence):
		return lost{codeTimeout, fmt.Sprintf("no answer within the timeout (%v)", silence.Limit)}
	case !errors.As(err, &death):
		return lost{codeCrash, err.Error()}
	}
	for line := range strings.Lines(death.Began) {
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			return lost{codePanic, process.Clip(line)}
		}
	}
	if signal := signalOf(death.Status); signal == syscall.SIGKILL {
		return lost{codeCrash, fmt.Sprintf("killed by signal %d (out of memory?)", signal)}
	} else if signal > 0 {
		return lost{codeCrash, fmt.Sprintf("killed by signal %d (%v)", signal, signal)}
	}
	return lost{codeCrash, fmt.Sprintf("it ended its process (%s)", death.Exit())}
}

// signalOf is what ended a process; 0: no signal.
func signalOf(status error) syscall.Signal {
	var exit *exec.ExitError
	if !errors.As(status, &exit) {
		return 0
	}
	if ended, ok := exit.Sys().(syscall.WaitStatus); ok && ended.Signaled() {
		return ended.Signal()
	}
	return 0
}

// confine is admit in the cell's own process.
func (r *run) confine(c *Cell, h *child) *trial {
	t := newTrial(c)
	t.child = h
	t.childLimit = func() time.Duration { return r.childLimit(c) }
	if <-h.started; h.err != nil {
		t.fail(h.err)
		return t
	}
	limit, drawn := r.childLimit(c), make(chan error, 1)
	idle := c.Block.idle() > 0
	if idle { // while the cell's process draws the same
		go func() { drawn <- r.define(c, c.draw) }()
	}
	rep, err := h.ask("admit", limit)
	t.take(rep)
	if !idle {
		drawn <- r.define(c, c.draw)
	}
	if failure := <-drawn; err == nil {
		err = failure
	}
	if err == nil {
		t.kept, err = h.kept.Get(rep.Kept)
	}
	if err != nil {
		t.fail(err)
	}
	return t
}

// draw makes what definitions need of the cell, which run in this process. A panic is an error.
func (c *Cell) draw() error {
	return work.Contain(func() error {
		c.Problem = c.fresh()
		c.Problem.DrawInputs()
		return nil
	})
}

// take copies what the process found out about the cell.
func (t *trial) take(rep report) {
	t.planTime, t.planned, t.checked, t.compared = rep.PlanTime, rep.Planned, rep.Checked, rep.Compared
	t.memory, t.peakBytes, t.hash = rep.Memory, rep.PeakBytes, rep.Hash
	t.executed, t.call = rep.Executed, rep.Call
	if t.cell.Block.backward() {
		t.gradients = &gradients{worst: rep.Worst}
	}
}

// childLimit is how long a cell's process may take to answer.
func (r *run) childLimit(c *Cell) time.Duration {
	gating := c.gatingOnOneCore()
	if limit := r.plan.limits.Timeout; limit > 0 {
		return limit + manyTimes*gating
	}
	return r.patience(max(answerPatience, manyTimes*(gating+3*c.Predicted.Call)))
}

// calibrateChild is calibrate in the cell's own process.
func (t *trial) calibrateChild() error {
	rep, err := t.child.ask("calibrate", t.childLimit())
	t.iterations, t.call = rep.Iterations, rep.Call
	return err
}

// sampleChild is sample in the cell's own process.
func (t *trial) sampleChild() (nanoseconds float64, took time.Duration, err error) {
	rep, err := t.child.ask("sample", t.childLimit())
	if err != nil {
		return 0, 0, err
	}
	if rep.Took <= 0 || t.iterations < 1 {
		return 0, 0, lost{codeCrash, "its process reports no time"}
	}
	t.call = rep.Took / time.Duration(t.iterations)
	t.switches += rep.Switches
	return float64(rep.Took) / float64(t.iterations), rep.Took, nil
}
