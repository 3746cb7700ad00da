package peers

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"attnbench/harness/process"
	"attnbench/variants/kernel"
)

// behaviourKey is the variable that makes this test binary an adapter: peers are tested without Python.
const behaviourKey = "FAKE_PEER"

func TestMain(m *testing.M) {
	if behaviour := os.Getenv(behaviourKey); behaviour != "" {
		fakePeer(behaviour)
	}
	os.Exit(m.Run())
}

// answers are what fake peers say, one after the other, whatever they are asked.
func answers(behaviour string) []string {
	return map[string][]string{
		"fine":        {"ready fake 1.0,  other 2.0", "1500 4096", "done"},
		"unknown":     {"ready", "1500 -", "done"},
		"skip":        {"skip needs python package torch: pip install torch"},
		"fail":        {"ready x", "fail RuntimeError: no such kernel"},
		"garbage":     {"hello there"},
		"words":       {"ready x", "fast little"},
		"negative":    {"ready x", "-5 100"},
		"many":        {"ready x", "5 100 3"},
		"undone":      {"ready x", "5 100", "perhaps"},
		"environment": {fmt.Sprintf("ready %s %s", os.Getenv("OMP_NUM_THREADS"), os.Getenv("MALLOC_MMAP_MAX_"))},
		"flood":       {strings.Repeat("x", 2*process.MaxAnswer)},
	}[behaviour]
}

// fakePeer never returns. Once it has nothing left to say it hangs, also when it is told to quit; only a fine
// one exits.
func fakePeer(behaviour string) {
	switch behaviour {
	case "crash":
		fmt.Fprintln(os.Stderr, "Traceback:\n  some line\nMemoryError: no room \xff")
		os.Exit(3)
	case "silent":
		os.Exit(0)
	}
	lines := bufio.NewScanner(os.Stdin)
	for _, answer := range answers(behaviour) {
		if !lines.Scan() {
			os.Exit(0)
		}
		fmt.Println(answer)
	}
	if behaviour == "fine" {
		os.Exit(0)
	}
	time.Sleep(time.Hour)
}

// fake starts one.
func fake(t *testing.T, behaviour string) *Process {
	t.Helper()
	t.Setenv(behaviourKey, behaviour)
	l := NewLauncher("")
	t.Cleanup(l.Close)
	p, err := l.Start(t.Context(), &Peer{Command: []string{os.Args[0]}}, 3, Tuned)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// kernels are those that problems are resolved with.
func kernels() *kernel.Set { return kernel.Generic() }
