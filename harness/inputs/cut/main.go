// Command cut makes a shipped input from a capture of a model's activations:
//
//	cut [-n ROWS] [-kinds KIND,KIND,...] IN.safetensors OUT.safetensors
//
// It keeps the first ROWS rows of every head of q, k and v (of causal captures only: there a prefix is
// itself a valid capture), the element type and the metadata, and names the kind of attention of each
// head.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/nlpodyssey/safetensors"
)

func main() {
	rows := flag.Int("n", 0, "rows of each head to keep; 0 keeps all")
	kinds := flag.String("kinds", "", "comma-separated kind of each head; empty keeps the capture's own")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: cut [-n ROWS] [-kinds KIND,KIND,...] IN.safetensors OUT.safetensors")
		os.Exit(2)
	}
	if err := cut(flag.Arg(0), flag.Arg(1), *rows, *kinds); err != nil {
		fmt.Fprintln(os.Stderr, "cut:", err)
		os.Exit(1)
	}
}

func cut(in, out string, rows int, kinds string) error {
	data, err := os.ReadFile(in)
	if err != nil {
		return err
	}
	_, header, err := safetensors.ReadMetadata(data)
	if err != nil {
		return fmt.Errorf("%s: %w", in, err)
	}
	capture, err := safetensors.Deserialize(data)
	if err != nil {
		return fmt.Errorf("%s: %w", in, err)
	}
	metadata := header.Metadata()
	tensors, err := prefixes(capture, metadata, rows, kinds)
	if err != nil {
		return fmt.Errorf("%s: %w", in, err)
	}
	content, err := safetensors.Serialize(tensors, metadata)
	if err != nil {
		return fmt.Errorf("%s: %w", out, err)
	}
	return os.WriteFile(out, content, 0o644)
}

// prefixes cuts q, k and v, and describes the result in metadata.
func prefixes(
	capture safetensors.SafeTensors, metadata map[string]string, rows int, kinds string,
) (map[string]safetensors.TensorView, error) {
	have, err := strconv.Atoi(metadata["n"])
	if err != nil {
		return nil, fmt.Errorf("metadata n: %w", err)
	}
	switch {
	case rows == 0:
		rows = have
	case rows < 1 || rows > have:
		return nil, fmt.Errorf("-n %d is out of range: it has %d rows", rows, have)
	case rows < have && metadata["causal"] != "true":
		return nil, errors.New("not causal: a prefix of it is not a valid capture")
	case rows < have:
		metadata["cut"] = fmt.Sprintf("first %d of %d tokens", rows, have)
	}
	metadata["n"] = strconv.Itoa(rows)
	if kinds != "" {
		metadata["kinds"] = kinds
	}
	tensors := map[string]safetensors.TensorView{}
	for _, name := range []string{"q", "k", "v"} {
		if tensors[name], err = prefix(capture, name, rows, have); err != nil {
			return nil, err
		}
		if heads := int(tensors[name].Shape()[0]); len(strings.Split(metadata["kinds"], ",")) != heads {
			return nil, fmt.Errorf("kinds %q for %d heads", metadata["kinds"], heads)
		}
	}
	return tensors, nil
}

// prefix returns the first rows of the have rows of every head of a tensor [heads, have, d].
func prefix(capture safetensors.SafeTensors, name string, rows, have int) (safetensors.TensorView, error) {
	t, ok := capture.Tensor(name)
	shape := t.Shape()
	if !ok || len(shape) != 3 || shape[1] != uint64(have) {
		return t, fmt.Errorf("tensor %s has shape %v, want [heads, %d, d]", name, shape, have)
	}
	head := len(t.Data()) / int(shape[0])
	var data []byte
	for h := range int(shape[0]) {
		data = append(data, t.Data()[h*head:h*head+head/have*rows]...)
	}
	return safetensors.NewTensorView(t.DType(), []uint64{shape[0], uint64(rows), shape[2]}, data)
}
