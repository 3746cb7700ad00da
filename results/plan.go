package results

import (
	"encoding/json"
	"fmt"
)

// A PlanNote lists cells of one block of a run's plan: what the run is to do, written before it does
// anything. A block of many cells takes several notes.
type PlanNote struct {
	Run   string   `json:"run"`
	Block int      `json:"block"`           // its place in the plan, from 0
	Input string   `json:"input,omitempty"` // hash of a user's tensors
	Cells []string `json:"cells"`           // their names
}

// Plan writes the blocks of the run in force, in as many lines as it takes. The run is filled in.
func (w *Writer) Plan(blocks []PlanNote) error {
	const room = 1000 // for what stands beside the names
	for _, b := range blocks {
		note := PlanNote{Run: w.run, Block: b.Block, Input: b.Input}
		size := room
		for _, name := range b.Cells {
			quoted, err := json.Marshal(name)
			if err != nil {
				return fmt.Errorf("%s: #plan: %w", w.name, err)
			}
			if size += len(quoted) + 1; size > MaxLine && len(note.Cells) > 0 {
				if err := w.note("#plan", note); err != nil {
					return err
				}
				note.Cells, size = nil, room+len(quoted)+1
			}
			note.Cells = append(note.Cells, name)
		}
		if err := w.note("#plan", note); err != nil {
			return err
		}
	}
	return nil
}

// Planned lists the names of all cells that the run was to measure, in order; nil in older files.
func (r *RunResults) Planned() []string {
	var names []string
	for _, b := range r.Plan {
		names = append(names, b.Cells...)
	}
	return names
}
