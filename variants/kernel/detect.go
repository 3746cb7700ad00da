package kernel

import (
	"fmt"
	"strings"
)

// Available returns the sets that this CPU can run, the plainest first and the fastest last.
func Available() []*Set { return append([]*Set{Generic()}, vectorSets()...) }

// Best returns the fastest set of this CPU.
func Best() *Set {
	sets := Available()
	return sets[len(sets)-1]
}

// Lookup returns the set with the given name.
func Lookup(name string) (*Set, error) {
	var names []string
	for _, s := range Available() {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	have := strings.Join(names, ", ")
	for _, p := range paths() {
		if p.name == name {
			return nil, fmt.Errorf("kernel set %q needs %s: this machine runs %s", name, p.needs, have)
		}
	}
	return nil, fmt.Errorf("no kernel set is named %q: this machine runs %s", name, have)
}

// path is a set that some machine can run, and what it asks of that machine.
type path struct{ name, needs string }

func paths() []path {
	return []path{
		{"avx2", "an amd64 CPU with AVX2 and FMA, and a build without the noasm tag"},
		{"avx512", "an amd64 CPU with AVX-512 F, BW, DQ and VL, and a build without the noasm tag"},
		{"avx512bf16", "an amd64 CPU with AVX-512 F, BW, DQ, VL and BF16, and a build without the noasm tag"},
		{"neon", "an arm64 CPU and a build without the noasm tag"},
	}
}
