package reports

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"attnbench/results"
)

// command returns the benchstat command that shows the medians of a unit as the table of this setting has
// them: a filter that leaves nothing varying but what columns and rows name. Samples of several runs are
// pooled, as the report pools them.
func (g *group) command(s *setting, unit string, all []*group) string {
	args := []string{"go", "tool", "benchstat"}
	terms := append(g.terms(s), ".unit:"+unit)
	if len(all) > 1 {
		terms = append(terms, results.KeyMachine+":"+word(g.machine))
		if slices.ContainsFunc(all, func(o *group) bool { return o != g && o.machine == g.machine }) {
			terms = append(terms, results.KeyCommit+":"+word(g.commit))
		}
	}
	args = append(args, "-filter", shell(strings.Join(terms, " ")))
	columns := []string{"/variant"}
	for _, name := range s.optionNames() {
		columns = append(columns, "/"+word(name))
	}
	args = append(args, "-col", shell(strings.Join(columns, ",")), "-row", "/n@num")
	if len(g.headers) > 1 {
		args = append(args, "-table", results.KeyMachine, "-ignore", ".config")
	}
	for _, f := range g.files {
		args = append(args, shell(f))
	}
	return strings.Join(args, " ")
}

// terms are the filter's terms for the keys that the setting fixes: the usual four always, any other where it
// varies in the group.
func (g *group) terms(s *setting) []string {
	own := keysOf(s.probe)
	var terms []string
	if len(g.only) > 0 {
		var names []string
		for _, v := range g.only {
			names = append(names, word(v))
		}
		terms = append(terms, "/variant:("+strings.Join(names, " OR ")+")")
	}
	for _, name := range fixedKeys() {
		usual := slices.Contains([]string{"input", "causal", "pass", "threads"}, name)
		switch {
		case name == "simd" && len(s.peers()) > 0 && own[name] != results.External:
			terms = append(terms, "/simd:("+word(own[name])+" OR "+results.External+")")
		case usual || g.varying[name]:
			terms = append(terms, "/"+name+":"+word(own[name]))
		}
	}
	return terms
}

// varies returns the keys of which the group's cells have several values. Keys are spelled out once for all
// tables: of thousands of cells that takes longer than the tables.
func (g *group) varies() map[string]bool {
	varying := make(map[string]bool)
	var first map[string]string
	for _, c := range g.cells {
		keys := keysOf(c.Cell)
		if first == nil {
			first = keys
		}
		for _, name := range fixedKeys() {
			if keys[name] != first[name] {
				varying[name] = true
			}
		}
	}
	return varying
}

// fixedKeys are the name keys that a setting fixes.
func fixedKeys() []string {
	return []string{"input", "head", "causal", "pass", "threads", "simd", "dtype", "h", "b", "d", "e", "s"}
}

func keysOf(c results.Cell) map[string]string {
	keys := make(map[string]string)
	for _, k := range c.Keys() {
		keys[k.Name] = k.Value
	}
	return keys
}

// optionNames lists the options that cells of the setting name: they must be part of benchstat's columns.
func (s *setting) optionNames() []string {
	var names []string
	for _, x := range s.series {
		for _, c := range x.cells {
			for _, o := range c.Options {
				if !slices.Contains(names, o.Name) {
					names = append(names, o.Name)
				}
			}
		}
	}
	return names
}

// word quotes a value for benchstat's filter syntax where it needs to be.
func word(value string) string {
	switch {
	case value == "", value == "AND", value == "OR", strings.ContainsAny(value, `():@," `):
	case strings.ContainsAny(value[:1], "-*/"):
	default:
		return value
	}
	return strconv.Quote(value)
}

// shell quotes an argument for a POSIX shell where it needs to be.
func shell(arg string) string {
	plain := regexp.MustCompile(`^[-_./,=@:+%a-zA-Z0-9]+$`)
	if plain.MatchString(arg) {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}
