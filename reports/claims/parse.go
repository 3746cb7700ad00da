package claims

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// extension of claim files.
const extension = ".toml"

//go:embed published/*.toml
var published embed.FS

// Published are the claims that are shipped, by file name.
func Published() ([]*Claim, error) {
	names, err := fs.Glob(published, "published/*"+extension)
	if err != nil {
		return nil, err
	}
	var list []*Claim
	for _, name := range names {
		data, err := published.ReadFile(name)
		if err != nil {
			return nil, err
		}
		c, err := Parse(name, data)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

// Load reads a claim file, or every claim file of a folder.
func Load(path string) ([]*Claim, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("claims: %w", err)
	}
	names := []string{path}
	if info.IsDir() {
		if names, err = filepath.Glob(filepath.Join(path, "*"+extension)); err != nil || len(names) == 0 {
			return nil, fmt.Errorf("claims: %s holds no file *%s", path, extension)
		}
	}
	var list []*Claim
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("claims: %w", err)
		}
		c, err := Parse(name, data)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

// Parse reads one claim; name is its file. An error is one line that names file and line.
func Parse(name string, data []byte) (*Claim, error) {
	c := &Claim{File: name, Name: strings.TrimSuffix(filepath.Base(name), extension)}
	decoder := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields()
	if err := decoder.Decode(c); err != nil {
		return nil, located(name, err)
	}
	c.lines = keyLines(data)
	c.Cells.setDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	return c, nil
}

// located puts file and line in front of what the library says.
func located(name string, err error) error {
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) && len(strict.Errors) > 0 {
		first := &strict.Errors[0]
		line, _ := first.Position()
		return fmt.Errorf("%s:%d: no key %q%s", name, line, strings.Join(first.Key(), "."), keyHint(first.Key()))
	}
	var syntax *toml.DecodeError
	if errors.As(err, &syntax) {
		line, _ := syntax.Position()
		text := strings.TrimPrefix(syntax.Error(), "toml: ")
		if key := strings.Join(syntax.Key(), "."); key != "" {
			text = key + ": " + text
		}
		return fmt.Errorf("%s:%d: %s", name, line, strings.Join(strings.Fields(text), " "))
	}
	return fmt.Errorf("%s:1: %s", name, strings.Join(strings.Fields(err.Error()), " "))
}

// keyHint lists the keys that there are where an unknown one stands.
func keyHint(key toml.Key) string {
	known := map[string]string{
		"":       "title, source, url, statement, conditions, differs, needs, [cells], [[series]], [[test]]",
		"cells":  "quantity, pass, heads, d, batch, threads, causal, dtype, input, n, along, values, draws",
		"series": "name, variant, head, options, published",
		"test":   "measure, quantity, of, against, at, against_at, original, min, max, factor, note",
	}
	table := ""
	if len(key) > 1 {
		table = key[0]
	}
	return " (there are " + known[table] + ")"
}

// keyLines maps every key to its line: "title", "cells.n", "test.0.min", and tables, "test.0".
func keyLines(data []byte) map[string]int {
	lines, counts, table := map[string]int{}, map[string]int{}, ""
	var p unstable.Parser
	p.Reset(data)
	for p.NextExpression() {
		e := p.Expression()
		var parts []string
		line := 0
		for it := e.Key(); it.Next(); {
			parts = append(parts, string(it.Node().Data))
			if line == 0 {
				line = p.Shape(it.Node().Raw).Start.Line
			}
		}
		path := strings.Join(parts, ".")
		switch e.Kind {
		case unstable.Table:
			table = path
		case unstable.ArrayTable:
			table = fmt.Sprintf("%s.%d", path, counts[path])
			counts[path]++
		default:
			lines[strings.TrimPrefix(table+"."+path, ".")] = line
			continue
		}
		lines[table] = line
	}
	return lines
}

// errorAt is an error about a key, or the table that it belongs to where it is absent.
func (c *Claim) errorAt(key, format string, args ...any) error {
	line := 1
	for _, k := range []string{key, key[:max(0, strings.LastIndexByte(key, '.'))]} {
		if c.lines[k] > 0 {
			line = c.lines[k]
			break
		}
	}
	return fmt.Errorf("%s:%d: "+format, append([]any{c.File, line}, args...)...)
}

// oneOf refuses a word that is not among those known.
func (c *Claim) oneOf(key, word string, known ...string) error {
	if slices.Contains(known, word) {
		return nil
	}
	return c.errorAt(key, "%q: it must be %s", word, strings.Join(known, ", "))
}
