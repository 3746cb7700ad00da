package results

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// Append opens the file of a run that was interrupted, to go on with it, and returns what it holds. A last
// line that has no end is cut off. The run is the writer's, under the header that it had.
func Append(path string) (*Writer, *Set, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("results file: %s: %w", path, Cause(err))
	}
	w, set, err := appendTo(f, path)
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return w, set, nil
}

func appendTo(f *os.File, path string) (*Writer, *Set, error) {
	if err := lock(f); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, Cause(err))
	}
	whole := text[:bytes.LastIndexByte(text, '\n')+1]
	set, err := ReadFrom(bytes.NewReader(whole), path)
	if err != nil {
		return nil, nil, err
	}
	if len(set.Runs) != 1 {
		return nil, nil, fmt.Errorf("%s holds %d runs: only a file of one run can be gone on with, "+
			"before it is merged", path, len(set.Runs))
	}
	if len(whole) < len(text) {
		if err := f.Truncate(int64(len(whole))); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", path, Cause(err))
		}
	}
	if _, err := f.Seek(int64(len(whole)), io.SeekStart); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, Cause(err))
	}
	run := set.Runs[0]
	w := &Writer{w: f, closer: f, name: path, order: unitOrder(), header: run.Header, run: run.Run.ID}
	return w, set, nil
}
