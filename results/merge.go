package results

import (
	"io"
	"slices"
)

// Merge reads files and writes them as one: runs one after the other, each under its own header, a run that
// several files hold once. Machines stay apart by their header keys. Remarks are what the user should know:
// runs that stand there twice, shards that are missing. Runs that measured the same cell and don't belong
// together are refused. Where runs computed the same cells, a remark says how many agree to the bit.
func Merge(out io.Writer, paths ...string) (remarks []string, err error) {
	set, err := Read(paths...)
	if err != nil {
		return nil, err
	}
	repeated, err := set.overlaps()
	if err != nil {
		return nil, err
	}
	remarks = append(set.Warnings, repeated...)
	if text := set.AgreementText(); text != "" {
		remarks = append(remarks, text)
	}
	return remarks, set.Write(out)
}

// Write writes the set as one file, the samples of each run in the order in which they were measured.
func (s *Set) Write(out io.Writer) error {
	var w *Writer
	for i, r := range s.Runs {
		var err error
		if i == 0 {
			if w, err = NewWriter(out, r.Header, r.Run); err == nil {
				err = w.variants(s.Variants)
			}
		} else {
			err = w.begin(r.Header, r.Run, false)
		}
		if err == nil {
			err = w.results(r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) variants(variants []Variant) error {
	for _, v := range variants {
		if err := w.Variant(v); err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) results(r *RunResults) error {
	if err := w.Plan(r.Plan); err != nil {
		return err
	}
	type placed struct {
		cell   Cell
		sample Sample
	}
	var samples []placed
	for _, c := range r.Cells {
		if c.Note.Status != "" {
			if err := w.Cell(c.Note); err != nil {
				return err
			}
		}
		for _, s := range c.Samples {
			samples = append(samples, placed{c.Cell, s})
		}
	}
	slices.SortStableFunc(samples, func(a, b placed) int { return a.sample.Seq - b.sample.Seq })
	for _, p := range samples {
		if err := w.Sample(p.cell, p.sample.Iters, p.sample.Values...); err != nil {
			return err
		}
	}
	return nil
}
