package main

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"attnbench/results"
)

// recall takes the flags of an earlier run from its file, for --resume and --from. Then env.args are the
// command that has the same effect without the file.
func (c *runCommand) recall(env *environment, typed *kong.Context) error {
	path := c.Resume + c.From
	switch {
	case path == "":
		if c.SIMD != "" && !isTyped(typed, "simd") { // of the environment, which the command must not depend on
			env.args = append(slices.Clone(env.args), "--simd", c.SIMD)
		}
		return nil
	case c.Resume != "" && c.From != "":
		return errors.New("--resume goes on with a run and --from repeats one: give one of them")
	case c.Resume != "" && c.Output != "" && c.Output != c.Resume:
		return fmt.Errorf("-o %s: --resume %s goes on in that file: leave -o out", c.Output, c.Resume)
	}
	earlier, err := begunWith(env, path)
	if err != nil {
		return err
	}
	args := []string{"run"}
	for _, flag := range earlier.Flags() {
		mine := flagNamed(typed, flag.Name)
		if !swept(flag.Name) || mine == nil {
			continue
		}
		own := isTyped(typed, flag.Name)
		if own && c.Resume != "" && !reflect.DeepEqual(mine.Target.Interface(), flag.Target.Interface()) {
			return fmt.Errorf("%s: %s was begun with %s: leave the flag out", words(mine), c.Resume, words(flag))
		}
		if !own {
			mine.Target.Set(flag.Target)
		}
		if own || isTyped(earlier, flag.Name) {
			args = append(args, flagWords(mine)...)
		}
	}
	if c.Output != "" {
		args = append(args, "-o", c.Output)
	}
	env.args = args
	return nil
}

// begunWith parses the command of the first run of a results file.
func begunWith(env *environment, path string) (*kong.Context, error) {
	set, err := results.Read(path)
	if err != nil {
		return nil, err
	}
	command := set.Runs[0].Header.Get(results.KeyCommand)
	args, err := splitCommand(command)
	if err == nil && (len(args) < 2 || args[1] != "run") {
		err = errors.New("it is no bench run")
	}
	var earlier *kong.Context
	if err == nil {
		silent := &environment{ctx: env.ctx, stdout: io.Discard, stderr: io.Discard}
		var cli commands
		earlier, err = newParser(&cli, silent, func(int) {}).Parse(args[1:])
	}
	if err != nil {
		return nil, fmt.Errorf("%s: its command %q: %w", path, command, err)
	}
	return earlier, nil
}

// swept reports whether a flag says what to run. The interpreter is what a program on this machine is
// named: a file from elsewhere must not choose it.
func swept(name string) bool {
	fields := reflect.TypeFor[sweepFlags]()
	for i := range fields.NumField() {
		f := fields.Field(i)
		if own := f.Tag.Get("name"); own == name || own == "" && strings.ToLower(f.Name) == name {
			return name != "peers-python"
		}
	}
	return false
}

func flagNamed(c *kong.Context, name string) *kong.Flag {
	flags := c.Flags()
	i := slices.IndexFunc(flags, func(f *kong.Flag) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return flags[i]
}

// isTyped reports whether a flag stands in the command line.
func isTyped(c *kong.Context, name string) bool {
	return slices.ContainsFunc(c.Path, func(p *kong.Path) bool { return p.Flag != nil && p.Flag.Name == name })
}

func words(f *kong.Flag) string {
	if list := flagWords(f); len(list) > 0 {
		return commandLine(list)
	}
	return "no --" + f.Name
}

// flagWords writes a flag with its value as the command line has it.
func flagWords(f *kong.Flag) []string {
	switch value := f.Target.Interface().(type) {
	case []string:
		var list []string
		for _, v := range value {
			list = append(list, "--"+f.Name, v)
		}
		return list
	case bool:
		if !value {
			return nil
		}
		return []string{"--" + f.Name}
	case *bool:
		if value == nil {
			return nil
		} else if *value {
			return []string{"--" + f.Name}
		}
		return []string{"--no-" + f.Name}
	default:
		return []string{"--" + f.Name, fmt.Sprint(value)}
	}
}

// splitCommand is the inverse of commandLine.
func splitCommand(command string) ([]string, error) {
	var list []string
	var word strings.Builder
	quoted, open := false, false // open: a word has begun, which may be empty
	for i := 0; i < len(command); i++ {
		switch b := command[i]; {
		case b == '\'':
			quoted, open = !quoted, true
		case b == '\\' && !quoted && i+1 < len(command):
			i++
			word.WriteByte(command[i])
			open = true
		case b == ' ' && !quoted:
			if open {
				list = append(list, word.String())
			}
			word.Reset()
			open = false
		default:
			word.WriteByte(b)
			open = true
		}
	}
	if quoted {
		return nil, errors.New("a quotation mark is missing")
	}
	if open {
		list = append(list, word.String())
	}
	return list, nil
}
