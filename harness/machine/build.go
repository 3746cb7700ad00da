package machine

import (
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

// commit replaces what the build recorded, for builds outside a checkout:
// go build -ldflags "-X attnbench/harness/machine.commit=REVISION".
var commit string

// Build is how the program was made. Texts are "unknown" where the build did not record them.
type Build struct {
	Go     string // version of the toolchain
	Flags  string // settings that change the code, "amd64 v3 noasm race"
	Commit string
	Dirty  bool // the checkout had changes that are in no commit

	tags []string
	race bool
	slow bool // compiled for a debugger
}

// Revision is the commit, marked where the checkout had changes.
func (b Build) Revision() string {
	if b.Dirty {
		return b.Commit + "+changes"
	}
	return b.Commit
}

// newBuild takes from the build's record what changes the code. Other settings may hold paths of the
// machine.
func newBuild(info *debug.BuildInfo, ok bool, commit string) Build {
	b := Build{Go: runtime.Version(), Commit: "unknown"}
	flags := []string{runtime.GOARCH}
	if ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "GOAMD64", "GOARM64", "GO386", "GOEXPERIMENT":
				flags = append(flags, s.Value)
			case "-tags":
				b.tags = strings.Split(s.Value, ",")
				flags = append(flags, b.tags...)
			case "-gcflags":
				words := strings.Fields(s.Value)
				b.slow = slices.ContainsFunc(words, func(w string) bool {
					return strings.HasSuffix(w, "-N") || strings.HasSuffix(w, "-l")
				})
			case "-race":
				b.race = s.Value == "true"
			case "vcs.revision":
				b.Commit = s.Value
			case "vcs.modified":
				b.Dirty = s.Value == "true"
			}
		}
	}
	if b.race {
		flags = append(flags, "race")
	}
	if commit != "" {
		b.Commit, b.Dirty = commit, false
	}
	b.Flags = strings.Join(slices.DeleteFunc(flags, func(s string) bool { return s == "" }), " ")
	return b
}
