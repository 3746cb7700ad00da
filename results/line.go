package results

import "bytes"

// Line is one sample as a results file has it, its line end included: for output that is no file.
func Line(cell Cell, iters int, values ...Value) (string, error) {
	var out bytes.Buffer
	w := &Writer{w: &out, name: "sample", order: unitOrder()}
	err := w.Sample(cell, iters, values...)
	return out.String(), err
}
