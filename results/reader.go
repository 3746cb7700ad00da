package results

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/perf/benchfmt"
)

// Read reads files into one set. A run that several files hold counts once. It refuses a file of another
// schema, or one that is none of ours, with one line that names it.
func Read(paths ...string) (*Set, error) {
	all := new(Set)
	for _, path := range paths {
		set, err := readFile(path)
		if err == nil {
			err = all.join(set)
		}
		if err != nil {
			return nil, err
		}
	}
	all.Warnings = append(all.Warnings, all.gaps()...)
	return all, nil
}

func readFile(path string) (*Set, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("results file: %w", err)
	}
	defer f.Close()
	return ReadFrom(f, path)
}

// ReadFrom reads one file; name is for messages.
func ReadFrom(in io.Reader, name string) (*Set, error) {
	p := &parser{in: bufio.NewReaderSize(in, MaxLine), name: name, set: new(Set), units: unitNames()}
	lines := benchfmt.NewReader(p, name)
	for lines.Scan() {
		if err := p.record(lines.Result()); err != nil {
			return nil, err
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(p.set.Runs) == 0 {
		return nil, fmt.Errorf("%s: no results of this suite in it: it has no %q line with a #run line behind it",
			name, KeySchema+": "+Schema)
	}
	return p.set, nil
}

func unitNames() map[string]string {
	names := make(map[string]string)
	for _, u := range Units() {
		names[u.Name] = u.Name
	}
	return names
}

// parser stands between the file and benchfmt: it hands on one line at a time, so that notes, which benchfmt
// ignores, are seen in order with the samples around them.
type parser struct {
	in      *bufio.Reader
	name    string
	line    int
	schemas int    // lines that say it
	rest    []byte // of the line being handed on
	set     *Set
	run     *RunResults       // in force
	next    *Run              // of a #run line that is being handed on as a marker
	seq     int               // samples of the run so far
	units   map[string]string // to keep one copy of each unit's name
}

// marker replaces a #run line: benchfmt turns it into a result, which carries the header in force.
const marker = "Run"

// Read hands on at most one line. benchfmt asks for the next one only after its results have been taken.
func (p *parser) Read(buf []byte) (int, error) {
	if len(p.rest) == 0 {
		line, err := p.nextLine()
		if err != nil {
			return 0, err
		}
		p.rest = line
	}
	n := copy(buf, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

func (p *parser) nextLine() ([]byte, error) {
	line, err := p.in.ReadSlice('\n')
	p.line++
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, fmt.Errorf("line %d is longer than %d bytes", p.line, MaxLine)
	case errors.Is(err, io.EOF) && len(line) > 0:
		p.set.Warnings = append(p.set.Warnings,
			fmt.Sprintf("%s:%d: the last line has no end: the run was cut off there, the line is left out",
				p.name, p.line))
		return nil, io.EOF
	case err != nil:
		return nil, err
	}
	if line[0] == '#' {
		return p.comment(line)
	}
	if bytes.HasPrefix(line, []byte(KeySchema+":")) {
		if p.schemas++; p.schemas > 1 {
			return nil, fmt.Errorf("line %d: a second file begins here: join files with bench merge", p.line)
		}
	}
	return line, nil
}

// comment takes a note and returns what benchfmt gets in its place.
func (p *parser) comment(line []byte) ([]byte, error) {
	kind, text, _ := bytes.Cut(line, []byte(" "))
	var err error
	switch string(kind) {
	case "#run":
		p.next = new(Run)
		if err = json.Unmarshal(text, p.next); err == nil && p.next.ID == "" {
			err = errors.New("it has no run id")
		}
		line = []byte("Benchmark" + marker + " 1 0 " + marker + "\n")
	case "#variant":
		var v Variant
		if err = json.Unmarshal(text, &v); err == nil {
			p.set.declare(v)
		}
	case "#cell":
		err = p.cellNote(text)
	case "#plan":
		err = p.planNote(text)
	}
	if err != nil {
		return nil, fmt.Errorf("line %d: bad %s line: %w", p.line, kind, err)
	}
	return line, nil
}

func (p *parser) cellNote(text []byte) error {
	var note CellNote
	if err := json.Unmarshal(text, &note); err != nil {
		return err
	}
	if p.run == nil || note.Run != p.run.Run.ID {
		return fmt.Errorf("it belongs to run %q, which is not the one in force", note.Run)
	}
	c, err := p.run.cell([]byte(note.Cell))
	if err != nil {
		return err
	}
	c.Note = note
	return nil
}

func (p *parser) planNote(text []byte) error {
	var note PlanNote
	if err := json.Unmarshal(text, &note); err != nil {
		return err
	}
	if p.run == nil || note.Run != p.run.Run.ID {
		return fmt.Errorf("it belongs to run %q, which is not the one in force", note.Run)
	}
	p.run.Plan = append(p.run.Plan, note)
	return nil
}

// record takes what benchfmt made of a line.
func (p *parser) record(rec benchfmt.Record) error {
	switch rec := rec.(type) {
	case *benchfmt.SyntaxError:
		return rec
	case *benchfmt.Result:
		if string(rec.Name) == marker && p.next != nil {
			return p.begin(rec)
		}
		return p.sample(rec)
	}
	return nil
}

// begin puts a run in force, with the header as it stands in rec.
func (p *parser) begin(rec *benchfmt.Result) error {
	switch schema := rec.GetConfig(KeySchema); schema {
	case Schema:
	case "":
		return fmt.Errorf("%s: not a results file of this suite: it has no %q line", p.name, KeySchema+": "+Schema)
	default:
		return fmt.Errorf("%s: schema %s, but this build reads schema %s: use the build that wrote it",
			p.name, schema, Schema)
	}
	if p.run = p.set.run(p.next.ID); p.run == nil {
		p.run = &RunResults{File: p.name}
		p.set.Runs = append(p.set.Runs, p.run)
		p.seq = 0
	}
	p.run.Run, p.next = *p.next, nil
	p.run.Header = p.run.Header[:0]
	for _, c := range rec.Config {
		p.run.Header = append(p.run.Header, Field{c.Key, string(c.Value)})
	}
	return nil
}

func (p *parser) sample(rec *benchfmt.Result) error {
	_, line := rec.Pos()
	if p.run == nil {
		return fmt.Errorf("%s:%d: not a results file of this suite: a sample stands before any #run line",
			p.name, line)
	}
	c, err := p.run.cell(rec.Name)
	if err != nil {
		return fmt.Errorf("%s:%d: %w", p.name, line, err)
	}
	s := Sample{Iters: rec.Iters, Seq: p.seq, Values: make([]Value, len(rec.Values))}
	for i, v := range rec.Values {
		s.Values[i] = Value{p.intern(v), v.Value}
		if v.OrigUnit != "" {
			s.Values[i].Value = v.OrigValue
		}
	}
	p.seq++
	c.Samples = append(c.Samples, s)
	return nil
}

// intern returns the unit as it stands in the file: benchfmt turns ns into sec.
func (p *parser) intern(v benchfmt.Value) string {
	unit := v.Unit
	if v.OrigUnit != "" {
		unit = v.OrigUnit
	}
	if name, ok := p.units[unit]; ok {
		return name
	}
	p.units[unit] = unit
	return unit
}
