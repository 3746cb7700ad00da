package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"attnbench/harness"
	"attnbench/results"
)

// progress shows how far a run is: one line that is rewritten on a terminal, one line per finished cell
// elsewhere.
type progress struct {
	out         io.Writer
	width       int // of the terminal; 0: none
	total, seen int
	start       time.Time
	expected    time.Duration
	varied      map[string]bool // axes beside n and input that take several values in the plan
}

func newProgress(out io.Writer, plan *harness.Plan) *progress {
	p := &progress{out: out, start: time.Now(), expected: plan.Time(), varied: map[string]bool{}}
	seen := map[string]string{}
	for _, b := range plan.Blocks {
		p.total += len(b.Cells)
		if b.Fidelity() { // told apart by their input
			continue
		}
		for _, a := range axes(b) {
			if before, ok := seen[a.name]; ok && before != a.value {
				p.varied[a.name] = true
			}
			seen[a.name] = a.value
		}
	}
	p.width, _ = terminalWidth(out)
	return p
}

// cell shows a finished cell. On a terminal only failures stay on the screen.
func (p *progress) cell(o harness.Outcome) {
	p.seen++
	line := fmt.Sprintf("[%*d/%d] %s", len(fmt.Sprint(p.total)), p.seen, p.total, p.describe(o))
	if p.width == 0 {
		fmt.Fprintln(p.out, line)
		return
	}
	if o.Status == results.Failed {
		fmt.Fprintf(p.out, "\r\x1b[K%s\n", line)
		return
	}
	left := max(0, p.expected-time.Since(p.start)).Round(time.Second)
	runes := []rune(fmt.Sprintf("%s, about %v left", line, left))
	fmt.Fprintf(p.out, "\r\x1b[K%s", string(runes[:min(len(runes), p.width-1)]))
}

// finish leaves the cursor on an empty line.
func (p *progress) finish() {
	if p.width > 0 {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}

// axis is one of a block's coordinates, as its cells' names have it.
type axis struct{ name, value string }

func axes(b *harness.Block) []axis {
	return []axis{
		{"d", fmt.Sprint(b.Shape.D)}, {"h", fmt.Sprint(b.Shape.Heads)}, {"b", fmt.Sprint(b.Shape.Batch)},
		{"causal", fmt.Sprint(b.Shape.Causal)}, {"pass", b.Pass}, {"dtype", b.Type.Short()},
		{"simd", b.Kernels.Name}, {"threads", fmt.Sprint(b.Threads)},
	}
}

func (p *progress) describe(o harness.Outcome) string {
	b := o.Block
	where := []string{o.Label(), fmt.Sprintf("n=%d", b.Shape.N)}
	for _, a := range axes(b) {
		if p.varied[a.name] {
			where = append(where, a.name+"="+a.value)
		}
	}
	where = append(where, b.Input())
	if head := b.Head(); head != "" {
		where = append(where, head)
	}
	text := fmt.Sprintf("%-7s %s: ", o.Status, strings.Join(where, " "))
	if o.Status != results.Done {
		return text + o.Refusal.Reason
	}
	text += harness.FormatDuration(o.Median())
	if math.IsNaN(o.Errors.Relative) {
		text += fmt.Sprintf(", impl-err %.2g", o.Errors.Impl)
	} else {
		text += fmt.Sprintf(", rel-err %.2g", o.Errors.Relative)
	}
	for _, w := range o.Warnings {
		text += ", " + w.Code
	}
	return text
}
