package results

import "fmt"

// Agreement says how many cells several runs of the same seed computed to the same bits, and names those
// where they did not. Runs on equal SIMD paths give equal bits, whatever the machine and the number of
// threads.
func (s *Set) Agreement() (same int, differ []string) {
	type place struct{ cell, seed string }
	type seen struct {
		output  string
		several bool
		differ  bool
	}
	first, order := map[place]*seen{}, []place{}
	for _, r := range s.Runs {
		for _, c := range r.Cells {
			if c.Note.Output == "" {
				continue
			}
			at := place{c.Cell.Name(), r.Header.Get(KeySeed)}
			if before := first[at]; before != nil {
				before.several = true
				before.differ = before.differ || before.output != c.Note.Output
				continue
			}
			first[at] = &seen{output: c.Note.Output}
			order = append(order, at)
		}
	}
	for _, at := range order {
		switch x := first[at]; {
		case x.differ:
			differ = append(differ, at.cell)
		case x.several:
			same++
		}
	}
	return same, differ
}

// AgreementText is the same in words; empty where no cell was computed by several runs.
func (s *Set) AgreementText() string {
	same, differ := s.Agreement()
	if same+len(differ) == 0 {
		return ""
	}
	text := fmt.Sprintf("%d cells of several runs gave the same bits, %d did not", same, len(differ))
	if len(differ) > 0 {
		text += ", the first " + differ[0]
	}
	return text
}
