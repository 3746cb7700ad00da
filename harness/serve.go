package harness

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"attnbench/harness/check"
	"attnbench/harness/inputs"
	"attnbench/harness/machine"
	"attnbench/harness/share"
	"attnbench/variants"
	"attnbench/variants/kernel"
	"attnbench/variants/work"
)

// ready is the answer to an assignment.
const ready = "ready"

// Open files that a cell's process inherits.
const (
	inputsFile = 3 // q, k, v and dout
	keptFile   = 4 // rows of the output
)

// assignment is a cell as its process is told of it.
type assignment struct {
	Variant string
	Options []variants.Setting
	Shape   variants.Shape
	SIMD    string
	Threads int
	Type    variants.ElementType
	Pass    string
	Set     bool // inputs are activations: all rows are compared
	Samples int
	Seed    uint64
	Side    map[string]variants.Tensor
}

func newAssignment(c *Cell) assignment {
	b := c.Block
	return assignment{
		Variant: c.Mechanism.Name, Options: c.request.Options, Shape: b.Shape, SIMD: b.Kernels.Name,
		Threads: b.Threads, Type: b.Type, Pass: b.Pass, Set: b.source.set != nil, Samples: b.samples, Seed: b.seed,
		Side: c.request.Inputs,
	}
}

// cell is the cell that is described.
func (a assignment) cell(all []*variants.Mechanism) (*Cell, error) {
	i := slices.IndexFunc(all, func(m *variants.Mechanism) bool { return m.Name == a.Variant })
	if i < 0 {
		return nil, fmt.Errorf("unknown variant %q", a.Variant)
	}
	set, err := kernel.Lookup(a.SIMD)
	if err != nil {
		return nil, err
	}
	b := &Block{Shape: a.Shape, Kernels: set, Threads: a.Threads, Type: a.Type, Pass: a.Pass,
		samples: a.Samples, seed: a.Seed}
	if a.Set {
		b.source.set = &inputs.Set{Side: a.Side}
	}
	c := &Cell{Block: b, Mechanism: all[i], request: newRequest(b, a.Options, work.NewPool(a.Threads))}
	if _, err := all[i].Resolve(c.request); err != nil {
		return nil, err
	}
	return c, nil
}

// report is what a cell's process says of it.
type report struct {
	Failure  string `json:",omitempty"`
	Panicked bool   `json:",omitempty"`

	PlanTime, Planned, Checked, Compared time.Duration
	Memory                               variants.Memory
	PeakBytes                            machine.Figure
	Hash                                 uint64
	Executed                             int64
	Worst                                check.GradientError
	Kept                                 int // numbers in the file of rows

	Iterations int
	Call, Took time.Duration
	Switches   int64
}

// Serve runs one cell in this process, as another that started it asks: see Machine.Child. It ends with its
// input, even in the middle of a call.
func Serve(stdin io.Reader, stdout io.Writer, m Machine, all []*variants.Mechanism) error {
	questions := listen(stdin)
	var a assignment
	if err := json.Unmarshal([]byte(<-questions), &a); err != nil {
		return fmt.Errorf("no assignment: this command is for bench run --isolate: %w", err)
	}
	c, err := a.cell(all)
	if err != nil {
		return err
	}
	in, err := inherited(c.Block)
	if err != nil {
		return err
	}
	debug.SetGCPercent(100)
	fmt.Fprintln(stdout, ready)
	answers := json.NewEncoder(stdout)
	var t *trial
	for question := range questions {
		rep := report{}
		switch question {
		case "admit":
			t, err = m.serveAdmit(c, in, &rep)
		case "calibrate":
			err = m.serveCalibrate(t, in, &rep)
		case "sample":
			err = m.serveSample(t, in, &rep)
		default:
			return nil
		}
		if err != nil {
			t.fail(err)
		}
		rep.Failure, rep.Panicked = t.failure, t.code == codePanic
		if err := answers.Encode(rep); err != nil {
			return err
		}
	}
	return nil
}

// listen hands on lines. A process whose parent has died has nothing more to do, even where a call takes all
// processors: with a timer to wait for, Go's runtime looks at files in between.
func listen(stdin io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		for range time.Tick(time.Second) {
		}
	}()
	go func() {
		reader := bufio.NewReader(stdin)
		for {
			line, err := reader.ReadString('\n')
			if err != nil {
				os.Exit(1)
			}
			lines <- strings.TrimSpace(line)
		}
	}()
	return lines
}

// inherited are a block's operands on the inputs that the parent has made.
func inherited(b *Block) (*operands, error) {
	s := b.Shape
	sizes := []int{s.Slices() * s.N * s.D, s.Slices() * s.S * s.D, s.Slices() * s.S * s.E, 0}
	if b.backward() {
		sizes[3] = s.Slices() * s.N * s.E
	}
	file := share.File{File: os.NewFile(inputsFile, "inputs")}
	all, _, err := file.Floats(sizes[0] + sizes[1] + sizes[2] + sizes[3])
	if err != nil {
		return nil, err
	}
	parts := make([][]float32, len(sizes))
	for i, size := range sizes {
		parts[i], all = all[:size:size], all[size:]
	}
	return assemble(b, check.Tensors{Q: parts[0], K: parts[1], V: parts[2]}, parts[3]), nil
}

func (m Machine) serveAdmit(c *Cell, in *operands, rep *report) (*trial, error) {
	t, err := m.admit(context.Background(), c, in)
	if err != nil {
		return t, err
	}
	rep.PlanTime, rep.Planned, rep.Checked, rep.Compared = t.planTime, t.planned, t.checked, t.compared
	rep.Memory, rep.PeakBytes, rep.Hash = t.memory, t.peakBytes, t.hash
	rep.Executed, rep.Call = t.executed, t.call
	if g := t.gradients; g != nil && !math.IsNaN(g.worst.Worst) && !math.IsInf(g.worst.Worst, 0) {
		rep.Worst = g.worst
	}
	rep.Kept = len(t.kept)
	err = share.File{File: os.NewFile(keptFile, "kept")}.Put(t.kept)
	t.kept = nil
	return t, err
}

// serveCalibrate turns the collector off for all samples to come.
func (m Machine) serveCalibrate(t *trial, in *operands, rep *report) error {
	machine.Collect(runtime.GC)
	debug.SetGCPercent(-1)
	err := work.Contain(func() error { return t.calibrate(m.Clock, in) })
	rep.Iterations, rep.Call = t.iterations, t.call
	return err
}

func (m Machine) serveSample(t *trial, in *operands, rep *report) error {
	switches := t.switches
	in.poison() // to have it in the caches, where cells that share a process and their output find it
	err := work.Contain(func() (err error) {
		_, rep.Took, err = t.sample(m.Clock, m.Host, in)
		return err
	})
	rep.Switches = t.switches - switches
	return err
}
