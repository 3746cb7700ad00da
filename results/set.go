package results

import (
	"fmt"
	"slices"
)

// A Set is what one or more files hold.
type Set struct {
	Runs     []*RunResults // in order of appearance
	Variants []Variant     // by first appearance; a later declaration replaces an earlier one
	Warnings []string      // about the files themselves, such as a torn last line
}

// RunResults are the results of one run.
type RunResults struct {
	File   string // where it was read first
	Header Header
	Run    Run
	Plan   []PlanNote     // what the run was to do, block by block; older files have none
	Cells  []*CellResults // by first appearance

	index map[string]*CellResults
}

// CellResults are the samples of one cell in one run, with its note. A skipped cell has none.
type CellResults struct {
	Cell    Cell
	Note    CellNote
	Samples []Sample // as measured, in time
}

// Values returns the figures of a unit over the samples that have it, a fresh slice.
func (c *CellResults) Values(unit string) []float64 {
	var values []float64
	for _, s := range c.Samples {
		if v, ok := s.Get(unit); ok {
			values = append(values, v)
		}
	}
	return values
}

// Variant returns the declaration of a variant.
func (s *Set) Variant(name string) (Variant, bool) {
	i := slices.IndexFunc(s.Variants, func(v Variant) bool { return v.Name == name })
	if i < 0 {
		return Variant{}, false
	}
	return s.Variants[i], true
}

func (s *Set) declare(v Variant) {
	i := slices.IndexFunc(s.Variants, func(have Variant) bool { return have.Name == v.Name })
	if i < 0 {
		s.Variants = append(s.Variants, v)
		return
	}
	s.Variants[i] = v
}

func (s *Set) run(id string) *RunResults {
	for _, r := range s.Runs {
		if r.Run.ID == id {
			return r
		}
	}
	return nil
}

// cell returns the results of a cell, made on first use. name may be a buffer that is reused.
func (r *RunResults) cell(name []byte) (*CellResults, error) {
	if c := r.index[string(name)]; c != nil {
		return c, nil
	}
	cell, err := ParseCell(string(name))
	if err != nil {
		return nil, err
	}
	c := &CellResults{Cell: cell}
	if r.index == nil {
		r.index = make(map[string]*CellResults)
	}
	r.index[string(name)] = c
	r.Cells = append(r.Cells, c)
	return c, nil
}

// join adds what another file holds. A run that both hold must be the same in both, as far as the shorter of
// the two goes.
func (s *Set) join(other *Set) error {
	for _, v := range other.Variants {
		s.declare(v)
	}
	s.Warnings = append(s.Warnings, other.Warnings...)
	for _, r := range other.Runs {
		have := s.run(r.Run.ID)
		if have == nil {
			s.Runs = append(s.Runs, r)
			continue
		}
		if err := have.join(r); err != nil {
			return err
		}
		s.Warnings = append(s.Warnings,
			fmt.Sprintf("%s and %s both hold run %s: it counts once", have.File, r.File, r.Run.ID))
	}
	return nil
}

func (r *RunResults) join(other *RunResults) error {
	if r.Run.End == "" && other.Run.End != "" {
		r.Run = other.Run
	}
	if len(r.Plan) == 0 {
		r.Plan = other.Plan
	}
	for _, c := range other.Cells {
		name := []byte(c.Cell.Name())
		have, err := r.cell(name)
		if err != nil {
			return err
		}
		short := min(len(have.Samples), len(c.Samples))
		if !slices.EqualFunc(have.Samples[:short], c.Samples[:short], equalSamples) {
			return fmt.Errorf("%s and %s both hold run %s but differ in %s: one of them was edited, drop it",
				r.File, other.File, r.Run.ID, name)
		}
		if len(c.Samples) > short || have.Note.Status == "" {
			have.Samples, have.Note = c.Samples, c.Note
		}
	}
	return nil
}

func equalSamples(a, b Sample) bool {
	return a.Iters == b.Iters && slices.Equal(a.Values, b.Values)
}
