package reports

import (
	"slices"
	"strings"

	"attnbench/results"
)

// command returns the benchstat command that shows the medians and p of a section. several is true where the
// files hold several machines or builds.
func (b *bout) command(several bool, x *contest, s *section, unit string) string {
	if b.both == nil {
		b.both = &group{cells: slices.Concat(b.sides[0].cells, b.sides[1].cells)}
		b.both.varying = b.both.varies()
	}
	at := &setting{probe: s.probe}
	for _, p := range s.pairs {
		for _, c := range p.cells {
			at.add(c)
		}
	}
	terms := append(b.both.terms(at), ".unit:"+unit)
	terms = slices.DeleteFunc(terms, func(t string) bool { return strings.HasPrefix(t, "/"+x.key+":") })
	rows := []string{"/n@num"}
	if x.key != keyVariant {
		rows = []string{"/variant", "/n@num"}
	}
	if slices.ContainsFunc(s.pairs, func(p pairing) bool { return p.cells[0].Head != "" }) {
		rows = append(rows, "/head")
	}
	if several {
		terms = append(terms, results.KeyMachine+":"+word(b.sides[0].machine))
	}
	columns := ".file"
	if x.key != "" {
		columns = x.columns(s)
		if several {
			terms = append(terms, results.KeyCommit+":"+word(b.sides[0].commit))
		}
	}
	for _, name := range at.optionNames() {
		if x.key != keyVariant && x.key != name {
			rows = append(rows, "/"+word(name))
		}
	}
	args := []string{
		"go", "tool", "benchstat", "-filter", shell(strings.Join(terms, " ")),
		"-row", shell(strings.Join(rows, ",")),
		"-col", shell(columns), "-table", "''", "-ignore", ".config",
	}
	return strings.Join(append(args, b.files(x.key)...), " ")
}

// files are the arguments that name the files, with a label for each side.
func (b *bout) files(key string) (args []string) {
	if key != "" {
		for _, f := range b.sides[0].files {
			args = append(args, shell(f))
		}
		return args
	}
	for i, g := range b.sides {
		for _, f := range g.files {
			args = append(args, shell([]string{"old=", "new="}[i]+f))
		}
	}
	return args
}

// columns make benchstat's columns of the two values of the key, the first one in front.
func (x *contest) columns(s *section) string {
	if x.key != keyVariant {
		return "/" + word(x.key) + "@(" + word(x.values[0]) + " " + word(x.values[1]) + ")"
	}
	pair := s.pairs[0]
	names := []string{keyVariant}
	for _, c := range pair.cells {
		for _, o := range c.Options {
			if !slices.Contains(names, o.Name) {
				names = append(names, o.Name)
			}
		}
	}
	var columns []string
	for _, name := range names {
		values := []string{word(keysOf(pair.cells[0].Cell)[name])}
		if v := word(keysOf(pair.cells[1].Cell)[name]); v != values[0] {
			values = append(values, v)
		}
		columns = append(columns, "/"+word(name)+"@("+strings.Join(values, " ")+")")
	}
	return strings.Join(columns, ",")
}
