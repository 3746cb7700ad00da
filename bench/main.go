// Command bench settles claims about efficient attention on this machine's CPU: it verifies mechanisms
// against their definitions, measures how their time and memory grow, says how far their output is from
// exact attention on real activations, and reports what follows.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"attnbench/reports"
)

// Exit codes of every command.
const (
	exitDone        = 0
	exitFailed      = 1 // a red check, a failed cell, something past --fail, nothing ran
	exitUsage       = 2 // wrong usage or unreadable input
	exitInterrupted = 130
)

// commands is the command line; each command is a struct in the file of its name.
type commands struct {
	Run     runCommand     `cmd:"" help:"Verify and measure a sweep, write a results file, print its report."`
	Plan    planCommand    `cmd:"" help:"What run would do: cells, predicted time and memory. Runs nothing."`
	Doctor  doctorCommand  `cmd:"" help:"The machine and its noise, problems with remedies. Changes nothing."`
	Report  reportCommand  `cmd:"" help:"Tables, sentences and charts of results files."`
	Compare compareCommand `cmd:"" help:"Old results against new, or variants of one file."`
	Claims  claimsCommand  `cmd:"" help:"Published claims against results: supported, not, inconclusive."`
	Pick    pickCommand    `cmd:"" help:"The fastest variant of results within limits of error and memory."`
	Merge   mergeCommand   `cmd:"" help:"Join results files of several runs or machines into one."`
	Verify  verifyCommand  `cmd:"" help:"Replay golden files on every mechanism that they are for."`
	Eval    evalCommand    `cmd:"" help:"Run one mechanism on your own tensors: its output and error."`
	List    listCommand    `cmd:"" help:"List the mechanisms: options, side inputs, claims, refusals."`
}

// environment is what a command may use of the process: tests replace it.
type environment struct {
	ctx            context.Context
	stdout, stderr io.Writer
	args           []string // as typed, without the program's name
}

// failure is an error after which the exit code is 1: the command ran, what it checked failed.
type failure struct{ error }

// interruption is what ended a run before it was through, and what to do to go on: the exit code is 130.
type interruption struct{ text string }

func (i interruption) Error() string { return i.text }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(&environment{ctx: ctx, stdout: os.Stdout, stderr: os.Stderr, args: os.Args[1:]})
	stop()
	os.Exit(code)
}

// run parses the command line, runs the command and returns the exit code.
func run(env *environment) int {
	if slices.Equal(env.args, []string{cellWord}) { // hundreds of them start in a run: no parser for one word
		return env.exitCode(serveCell(env))
	}
	var cli commands
	exited := -1
	command, err := newParser(&cli, env, func(code int) { exited = code }).Parse(env.args)
	if exited >= 0 {
		return exited
	}
	if err == nil {
		err = command.Run(env, command)
	}
	return env.exitCode(err)
}

// newParser is the parser of the command line; exit is called after --help.
func newParser(cli *commands, env *environment, exit func(code int)) *kong.Kong {
	parser, err := kong.New(cli,
		kong.Name("bench"),
		kong.Description("Efficient attention on the CPU: "+
			"is it right, from which length does it pay, how wrong is its output?"),
		kong.Vars{
			"formats":    strings.Join(reports.Formats(), ","),
			"quantities": strings.Join(reports.Quantities(), ","),
			"compared":   strings.Join(reports.DefaultQuantities(), ","),
		},
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Writers(env.stdout, env.stderr),
		kong.Exit(exit),
	)
	if err != nil {
		panic(err) // the struct is wrong
	}
	return parser
}

// exitCode prints the error's one line and turns it into the process's exit code.
func (env *environment) exitCode(err error) int {
	var failed failure
	var interrupted interruption
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &interrupted):
		fmt.Fprintln(env.stderr, "bench:", err)
		return exitInterrupted
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(env.stderr, "bench: interrupted")
		return exitInterrupted
	case errors.As(err, &failed):
		fmt.Fprintln(env.stderr, "bench:", err)
		return exitFailed
	}
	fmt.Fprintln(env.stderr, "bench:", err)
	return exitUsage
}
