package main

import (
	"bytes"
	"fmt"
	"os"

	"attnbench/harness/tensorfile"
	"attnbench/results"
)

type mergeCommand struct {
	Files  []string `arg:"" name:"file" help:"Results files."`
	Output string   `short:"o" required:"" placeholder:"FILE" help:"The file to write; it must not exist."`
}

// Run joins results files into one.
func (c *mergeCommand) Run(env *environment) error {
	if _, err := os.Lstat(c.Output); err == nil {
		return fmt.Errorf("%s exists: name another file with -o", c.Output)
	}
	if err := tensorfile.CheckWritable(c.Output); err != nil {
		return err
	}
	var joined bytes.Buffer
	remarks, err := results.Merge(&joined, c.Files...)
	if err != nil {
		return err
	}
	for _, remark := range remarks {
		fmt.Fprintf(env.stderr, "note: %s\n", remark)
	}
	return os.WriteFile(c.Output, joined.Bytes(), 0o644)
}
