package results

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
)

// MaxLine is the longest line in bytes, its end included, that a file may have: benchfmt's limit with some
// room.
const MaxLine = 60_000

// A Value is one figure of a sample.
type Value struct {
	Unit  string
	Value float64
}

// A Sample is one measurement of a cell.
type Sample struct {
	Iters  int // calls that the values are averaged over
	Values []Value
	Seq    int // its place among all samples of its run, from 0, so that drift can be seen; set by the reader
}

// Get returns the figure of a unit.
func (s Sample) Get(unit string) (value float64, ok bool) {
	for _, v := range s.Values {
		if v.Unit == unit {
			return v.Value, true
		}
	}
	return 0, false
}

// A Writer appends to a results file, one line at a time, each handed to the file before the call returns.
// It is not safe for concurrent use.
type Writer struct {
	w      io.Writer
	closer io.Closer
	name   string // for error messages
	buf    bytes.Buffer
	order  map[string]int // of units
	header Header         // in force
	run    string         // identity of the run in force
	broken error          // of the first write that failed
}

// NewWriter writes the head of a results file to out.
func NewWriter(out io.Writer, header Header, run Run) (*Writer, error) {
	return newWriter(out, "results", header, run)
}

func newWriter(out io.Writer, name string, header Header, run Run) (*Writer, error) {
	w := &Writer{w: out, name: name, order: unitOrder()}
	return w, w.begin(header, run, true)
}

// begin starts a run under a header. Only keys that differ from those in force are written.
func (w *Writer) begin(header Header, run Run, first bool) error {
	if err := header.check(); err != nil {
		return err
	}
	if first {
		fmt.Fprintf(&w.buf, "%s: %s\n", KeySchema, Schema)
	}
	for _, f := range w.header {
		if header.Get(f.Key) == "" {
			fmt.Fprintf(&w.buf, "%s:\n", f.Key)
		}
	}
	for _, f := range header {
		if f.Key != KeySchema && w.header.Get(f.Key) != f.Value {
			fmt.Fprintf(&w.buf, "%s: %s\n", f.Key, f.Value)
		}
	}
	if first {
		w.units()
	}
	w.header, w.run = header, ""
	if err := w.flush(); err != nil {
		return err
	}
	return w.Run(run)
}

// units writes what benchstat should know about our units.
func (w *Writer) units() {
	for _, u := range Units() {
		if u.Exact {
			fmt.Fprintf(&w.buf, "Unit %s assume=exact\n", u.Name)
		}
		if u.Better != "" {
			fmt.Fprintf(&w.buf, "Unit %s better=%s\n", u.Name, u.Better)
		}
	}
}

// Run repeats the note of the run in force, with what is known by now.
func (w *Writer) Run(run Run) error {
	if run.ID == "" || w.run != "" && run.ID != w.run {
		return fmt.Errorf("%s: run %q cannot continue run %q: start another file", w.name, run.ID, w.run)
	}
	w.run = run.ID
	return w.note("#run", run)
}

// Facts adds to the header in force what was found out after the run had begun, and repeats the run's
// note, so that readers take it for the header's.
func (w *Writer) Facts(more Header, run Run) error {
	if err := more.check(); err != nil {
		return err
	}
	for _, f := range more {
		fmt.Fprintf(&w.buf, "%s: %s\n", f.Key, f.Value)
	}
	w.header = append(slices.Clone(w.header), more...)
	return w.Run(run)
}

// Variant declares a variant. Every variant that has cells in the file needs one.
func (w *Writer) Variant(v Variant) error {
	return w.note("#variant", v)
}

// Cell says how a cell went. The run is filled in.
func (w *Writer) Cell(note CellNote) error {
	if _, err := ParseCell(note.Cell); err != nil {
		return err
	}
	note.Run = w.run
	return w.note("#cell", note)
}

func (w *Writer) note(kind string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("%s: %s: %w", w.name, kind, err)
	}
	fmt.Fprintf(&w.buf, "%s %s\n", kind, text)
	return w.flush()
}

// Sample appends one measurement: ns/op and any other units of the schema, in any order.
func (w *Writer) Sample(cell Cell, iters int, values ...Value) error {
	name := cell.Name()
	if back, err := ParseCell(name); err != nil || len(back.Options) != len(cell.Options) {
		return fmt.Errorf("%s: cell %s: an option has the name of a key, or is named twice", w.name, name)
	}
	values = slices.Clone(values)
	if err := w.checkValues(name, iters, values); err != nil {
		return err
	}
	slices.SortFunc(values, func(a, b Value) int { return w.order[a.Unit] - w.order[b.Unit] })
	fmt.Fprintf(&w.buf, "Benchmark%s %d", name, iters)
	for _, v := range values {
		// No exponents: benchfmt's own writer has some, which tools that read only plain numbers stumble
		// over.
		fmt.Fprintf(&w.buf, " %s %s", strconv.FormatFloat(v.Value, 'f', -1, 64), v.Unit)
	}
	w.buf.WriteByte('\n')
	return w.flush()
}

func (w *Writer) checkValues(name string, iters int, values []Value) error {
	seen := make(map[string]bool)
	for _, v := range values {
		if _, known := w.order[v.Unit]; !known || seen[v.Unit] {
			return fmt.Errorf("%s: cell %s: unit %q is given twice or is not one of the schema's",
				w.name, name, v.Unit)
		}
		seen[v.Unit] = true
		if math.IsNaN(v.Value) || v.Unit == Time && !(v.Value > 0 && !math.IsInf(v.Value, 0)) {
			return fmt.Errorf("%s: cell %s: %v is no value for %s: leave out what was not measured",
				w.name, name, v.Value, v.Unit)
		}
	}
	if !seen[Time] || iters < 1 {
		return fmt.Errorf("%s: cell %s: a sample needs %s and at least one iteration", w.name, name, Time)
	}
	return nil
}

// flush hands the buffered lines to the file in one call.
func (w *Writer) flush() error {
	defer w.buf.Reset()
	for line := range bytes.Lines(w.buf.Bytes()) {
		if len(line) > MaxLine {
			return fmt.Errorf("%s: a line of %d bytes exceeds the limit of %d: shorten its text",
				w.name, len(line), MaxLine)
		}
	}
	if w.broken != nil { // the file may end in half a line: more would be appended to it
		return w.broken
	}
	if _, err := w.w.Write(w.buf.Bytes()); err != nil {
		w.broken = fmt.Errorf("%s: %w", w.name, Cause(err))
	}
	return w.broken
}
