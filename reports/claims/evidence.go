package claims

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"attnbench/reports"
	"attnbench/results"
)

// A place is where cells may be compared: one build on one machine, on one SIMD path.
type place struct {
	machine, commit, simd string
	cells                 map[string]*found
	headers               []results.Header
}

// found are all measurements of one cell.
type found struct {
	name  string
	files []string
	notes []results.CellNote
	units map[string][]float64
	draws map[string][]float64 // by unit, one for each seed
	seeds []string
}

// Evidence is a cell that a verdict needs, and what the results have of it.
type Evidence struct {
	Want  Want
	Name  string   // of the cell in the results; empty where they have none
	Files []string // that hold it
	// Problem is why it decides nothing: not measured, skipped, unstable. Empty: it counts.
	Problem string
	reports.Estimate
	values []float64 // behind the estimate
}

// gather sorts a set into places, by first appearance.
func gather(set *results.Set, catalog Catalog) []*place {
	var places []*place
	for _, run := range set.Runs {
		machine, commit := run.Header.Get(results.KeyMachine), run.Header.Get(results.KeyCommit)
		used := map[*place]bool{}
		for _, c := range run.Cells {
			if c.Cell.SIMD == results.External {
				continue
			}
			i := slices.IndexFunc(places, func(p *place) bool {
				return p.machine == machine && p.commit == commit && p.simd == c.Cell.SIMD
			})
			if i < 0 {
				i = len(places)
				places = append(places, &place{machine, commit, c.Cell.SIMD, map[string]*found{}, nil})
			}
			p := places[i]
			if !used[p] {
				used[p], p.headers = true, append(p.headers, run.Header)
			}
			p.add(run, c, catalog)
		}
	}
	return places
}

// keySeed is the header key of a run's seed.
const keySeed = "seed"

func (p *place) add(run *results.RunResults, c *results.CellResults, catalog Catalog) {
	key := Key(c.Cell, catalog)
	f := p.cells[key]
	if f == nil {
		f = &found{name: c.Cell.Name(), units: map[string][]float64{}, draws: map[string][]float64{}}
		p.cells[key] = f
	}
	if !slices.Contains(f.files, run.File) {
		f.files = append(f.files, run.File)
	}
	f.notes = append(f.notes, c.Note)
	if c.Note.Status == results.Failed || len(c.Samples) == 0 {
		return
	}
	seed := run.Header.Get(keySeed)
	fresh := !slices.Contains(f.seeds, seed)
	if fresh {
		f.seeds = append(f.seeds, seed)
	}
	for _, u := range results.Units() {
		values := c.Values(u.Name)
		f.units[u.Name] = append(f.units[u.Name], values...)
		if fresh && len(values) > 0 {
			f.draws[u.Name] = append(f.draws[u.Name], values[0])
		}
	}
}

// Key is what tells cells of a place apart: options at their default are left out, whether a name mentions
// them or not, and so is the SIMD path.
func Key(c results.Cell, catalog Catalog) string {
	c.SIMD, c.Input = "", inputName(c.Input)
	var kept []results.Option
	for _, o := range c.Options {
		if value, ok := catalog.Default(c.Variant, o.Name); !ok || value != o.Value {
			kept = append(kept, o)
		}
	}
	sortOptions(kept)
	c.Options = kept
	return c.Name()
}

// seek returns what a place has of a cell, for a quantity.
func (p *place) seek(w Want, quantity string, catalog Catalog) *Evidence {
	e := &Evidence{Want: w}
	f := p.cells[Key(w.Cell, catalog)]
	if f == nil {
		e.Problem = "not measured"
		return e
	}
	e.Name, e.Files = f.name, f.files
	if len(f.seeds) == 0 {
		e.Problem = f.why()
		return e
	}
	e.values, e.Problem = f.values(w, quantity)
	switch {
	case e.Problem != "":
	case len(e.values) == 0:
		e.Problem = "has no " + quantity
	case quantity == QuantityTime || quantity == QuantityError && w.Draws > 1:
		e.Estimate = reports.Summarize(e.values)
	default:
		e.Estimate = exactly(e.values[0])
	}
	if quantity == QuantityTime && e.Problem == "" {
		e.Problem = f.noise(e.Estimate)
	}
	return e
}

// why says what became of a cell without samples.
func (f *found) why() string {
	for _, n := range f.notes {
		if n.Reason != "" {
			return n.Status + ": " + n.Reason
		}
	}
	return "not measured"
}

// noise says why a time decides nothing.
func (f *found) noise(e reports.Estimate) string {
	var warnings []results.Warning
	for _, n := range f.notes {
		warnings = append(warnings, n.Warnings...)
	}
	marks := reports.NoiseMarks(e, warnings)
	if len(marks) == 0 {
		return ""
	}
	what, _, _ := strings.Cut(marks[0].Text(), ":")
	return what
}

// values are a quantity's figures: samples of time, draws of an error, one sum of bytes.
func (f *found) values(w Want, quantity string) (values []float64, problem string) {
	switch quantity {
	case QuantityTime:
		return f.units[results.Time], ""
	case QuantityError:
		draws := f.draws[results.RelErr]
		if n := len(draws); n > 0 && n < w.Draws {
			return nil, fmt.Sprintf("measured with %d of %d seeds", n, w.Draws)
		}
		return draws, ""
	}
	sum := 0.0
	for _, unit := range []string{results.WorkBytes, results.SavedBytes, results.StateBytes} {
		if v := f.units[unit]; len(v) > 0 {
			sum += v[0]
		}
	}
	if len(f.units[results.WorkBytes])+len(f.units[results.StateBytes]) == 0 {
		return nil, ""
	}
	if quantity == QuantityFootprint {
		if v := f.units[results.ParamBytes]; len(v) > 0 {
			sum += v[0]
		}
		sum += operands(w.Cell)
	}
	return []float64{sum}, ""
}

// operands are the bytes of q, k, v and out, and where the pass has gradients of theirs too.
func operands(c results.Cell) float64 {
	width := 4.0
	if c.DType == "bf16" {
		width = 2
	}
	rows := c.N
	if c.Pass == results.PassDecode {
		rows = 1
	}
	const tensors = 4
	bytes := tensors * width * float64(c.Batch*c.Heads) * float64(rows*c.D)
	if c.Pass == results.PassBackward || c.Pass == results.PassBoth {
		bytes *= 2
	}
	return bytes
}

// inputName is the name of an input in results: of a tensor file its own, without folder and extension.
func inputName(input string) string {
	return strings.TrimSuffix(path.Base(filepath.ToSlash(input)), ".safetensors")
}
