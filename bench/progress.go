package main

import (
	"fmt"
	"io"
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
}

func newProgress(out io.Writer, plan *harness.Plan) *progress {
	p := &progress{out: out, start: time.Now(), expected: plan.Time()}
	for _, b := range plan.Blocks {
		p.total += len(b.Cells)
	}
	p.width, _ = terminalWidth(out)
	return p
}

// cell shows a finished cell. On a terminal only failures stay on the screen.
func (p *progress) cell(o harness.Outcome) {
	p.seen++
	line := fmt.Sprintf("[%*d/%d] %s", len(fmt.Sprint(p.total)), p.seen, p.total, describeOutcome(o))
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

func describeOutcome(o harness.Outcome) string {
	b := o.Block
	where := []string{o.Label(), fmt.Sprintf("n=%d", b.Shape.N), b.Input()}
	if head := b.Head(); head != "" {
		where = append(where, head)
	}
	text := fmt.Sprintf("%-7s %s: ", o.Status, strings.Join(where, " "))
	if o.Status != results.Done {
		return text + o.Refusal.Reason
	}
	text += fmt.Sprintf("%s, rel-err %.2g", harness.FormatDuration(o.Median()), o.Errors.Relative)
	for _, w := range o.Warnings {
		text += ", " + w.Code
	}
	return text
}
