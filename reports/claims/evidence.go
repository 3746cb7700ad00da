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
	warnings              []results.Warning // about its runs
}

// found are all measurements of one cell.
type found struct {
	name  string
	files []string
	runs  []measurement
	units map[string][]float64 // but time
	draws map[string][]float64 // by unit, one for each seed
	seeds []string
}

// A measurement is what one run says of a cell.
type measurement struct {
	note  results.CellNote
	times []float64
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
				places = append(places, &place{
					machine: machine, commit: commit, simd: c.Cell.SIMD, cells: map[string]*found{},
				})
			}
			p := places[i]
			if !used[p] {
				used[p], p.headers = true, append(p.headers, run.Header)
				for _, w := range slices.Concat(run.Run.Noise, run.Run.Warnings) {
					p.warnings = with(p.warnings, w)
				}
			}
			p.add(run, c, catalog)
		}
	}
	return places
}

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
	f.runs = append(f.runs, measurement{note: c.Note})
	if c.Note.Status == results.Failed || len(c.Samples) == 0 {
		return
	}
	f.runs[len(f.runs)-1].times = c.Values(results.Time)
	seed := run.Header.Get(results.KeySeed)
	fresh := !slices.Contains(f.seeds, seed)
	if fresh {
		f.seeds = append(f.seeds, seed)
	}
	for _, u := range results.Units() {
		if u.Name == results.Time {
			continue
		}
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
	return e
}

// why says what became of a cell without samples.
func (f *found) why() string {
	for _, m := range f.runs {
		if m.note.Reason != "" {
			return m.note.Status + ": " + m.note.Reason
		}
	}
	return "not measured"
}

// times are the samples of the runs in which the cell was steady, together. Where it was so in none, problem
// says why they decide nothing: a cell that was measured again on a quieter machine counts.
func (f *found) times() (values []float64, problem string) {
	var all []float64
	var warnings []results.Warning
	for _, m := range f.runs {
		if len(m.times) == 0 {
			continue
		}
		all, warnings = append(all, m.times...), append(warnings, m.note.Warnings...)
		if len(reports.NoiseMarks(reports.Summarize(m.times), m.note.Warnings)) == 0 {
			values = append(values, m.times...)
		}
	}
	if len(values) > 0 || len(all) == 0 {
		return values, ""
	}
	marks := reports.NoiseMarks(reports.Summarize(all), warnings)
	if len(marks) == 0 { // runs too short by themselves
		return all, ""
	}
	problem, _, _ = strings.Cut(marks[0].Text(), ":")
	return all, problem
}

// values are a quantity's figures: samples of time, draws of an error, one sum of bytes.
func (f *found) values(w Want, quantity string) (values []float64, problem string) {
	switch quantity {
	case QuantityTime:
		return f.times()
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
		sum += w.Cell.OperandBytes()
	}
	return []float64{sum}, ""
}

// inputName is the name of an input in results: of a tensor file its own, without folder and extension.
func inputName(input string) string {
	return strings.TrimSuffix(path.Base(filepath.ToSlash(input)), ".safetensors")
}
