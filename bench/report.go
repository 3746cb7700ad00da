package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/term"

	"attnbench/reports"
	"attnbench/results"
)

// reportFlags say how a report looks; run and report share them.
type reportFlags struct {
	Color string `enum:"auto,always,never" default:"auto" help:"Colour: auto, always or never."`
}

type reportCommand struct {
	reportFlags `embed:""`

	choice `embed:""`

	Files  []string `arg:"" name:"file" help:"Results files."`
	Format string   `default:"text" enum:"${formats}" help:"One of ${enum}."`
	Charts string   `placeholder:"FOLDER" help:"Also write each chart there as SVG, PNG and PDF."`
	Update string   `placeholder:"FILE" help:"Print nothing; renew the results block of a Markdown document."`
}

// Run prints the report of results files, or renews a document that quotes it.
func (c *reportCommand) Run(env *environment) error {
	report, err := c.load(c.Files...)
	if err != nil {
		return err
	}
	if c.Charts != "" {
		if err := writeCharts(report, c.Charts); err != nil {
			return err
		}
	}
	if c.Update != "" {
		return update(report, c.Update)
	}
	return c.print(env.stdout, c.Format, report)
}

// choice says what a report is about.
type choice struct {
	Variants []string `placeholder:"NAME,..." help:"Show these and the exact ones alone."`
	Family   []string `placeholder:"NAME,..." help:"Show these families and the exact ones alone."`
	Input    []string `placeholder:"NAME,..." help:"Show these inputs alone."`
	Pass     []string `placeholder:"NAME,..." help:"Show these passes alone."`
}

// load reads results files and analyses what was chosen of them.
func (c choice) load(files ...string) (*reports.Report, error) {
	set, err := results.Read(files...)
	if err != nil {
		return nil, err
	}
	chosen := reports.Choice{Variants: c.Variants, Families: c.Family, Inputs: c.Input, Passes: c.Pass}
	report, err := chosen.Build(set)
	if err != nil {
		return nil, errors.New(files[0] + ": " + err.Error())
	}
	return report, nil
}

// print renders a report. An error of writing is a failure, not wrong usage.
func (f reportFlags) print(out io.Writer, format string, report *reports.Report) error {
	width, terminal := terminalWidth(out)
	if err := report.Write(out, format, reports.Options{Width: width, Color: f.color(terminal)}); err != nil {
		return failure{err}
	}
	return nil
}

// writeCharts writes every chart into folder, which is made if need be. Charts of later machines and settings
// get a number behind their name.
func writeCharts(report *reports.Report, folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	seen := map[string]int{}
	for _, part := range report.Parts {
		for _, chart := range part.Charts {
			name := chart.ID
			if seen[chart.ID]++; seen[chart.ID] > 1 {
				name = fmt.Sprintf("%s-%d", chart.ID, seen[chart.ID])
			}
			for _, format := range []string{"svg", "png", "pdf"} {
				var picture bytes.Buffer
				if err := chart.Write(&picture, format); err != nil {
					return failure{err}
				}
				path := filepath.Join(folder, name+"."+format)
				if err := os.WriteFile(path, picture.Bytes(), 0o644); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// update renews the block between the markers of a Markdown document.
func update(report *reports.Report, path string) error {
	document, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var block bytes.Buffer
	if err := report.WriteBlock(&block); err != nil {
		return failure{err}
	}
	renewed, err := reports.Splice(document, block.Bytes())
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, renewed, 0o644)
}

func (f reportFlags) color(terminal bool) bool {
	switch f.Color {
	case "always":
		return true
	case "never":
		return false
	}
	return terminal && os.Getenv("NO_COLOR") == ""
}

// terminalWidth returns the columns of the terminal that out is, and whether it is one that understands
// escape sequences.
func terminalWidth(out io.Writer) (width int, terminal bool) {
	f, ok := out.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	return width, err == nil
}
