package main

import (
	"errors"
	"io"
	"os"

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

	Files  []string `arg:"" name:"file" help:"Results files."`
	Format string   `default:"text" enum:"${formats}" help:"One of ${enum}."`
}

// Run prints the report of results files.
func (c *reportCommand) Run(env *environment) error {
	return c.print(env.stdout, c.Format, c.Files...)
}

// print renders the report of files. An error of reading is the files' or the user's; one of writing is a
// failure.
func (f reportFlags) print(out io.Writer, format string, files ...string) error {
	set, err := results.Read(files...)
	if err != nil {
		return err
	}
	report, err := reports.Build(set)
	if err != nil {
		return errors.New(files[0] + ": " + err.Error())
	}
	width, terminal := terminalWidth(out)
	if err := report.Write(out, format, reports.Options{Width: width, Color: f.color(terminal)}); err != nil {
		return failure{err}
	}
	return nil
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
