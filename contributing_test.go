package attnbench_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// exampleLines is the most lines of the example's mechanism and definition, as the README says.
const exampleLines = 150

var shownFile = regexp.MustCompile("(?s)`(variants/[a-z/_]+\\.go)`:\n\n```go\n(.*?)```\n")

// The example of CONTRIBUTING.md is a mechanism of the suite: the text shows its files as they are.
func TestExampleIsTheCode(t *testing.T) {
	shown := shownFile.FindAllStringSubmatch(read(t, "CONTRIBUTING.md"), -1)
	if len(shown) != 4 {
		t.Fatalf("CONTRIBUTING.md shows %d files of the example, not 4", len(shown))
	}
	lines := 0
	for _, m := range shown {
		if path, text := m[1], m[2]; text != read(t, path) {
			t.Errorf("CONTRIBUTING.md shows another text of %s than the file has", path)
		} else if !strings.HasSuffix(path, "_test.go") && !strings.HasSuffix(path, "/backward.go") {
			lines += strings.Count(text, "\n")
		}
	}
	if lines > exampleLines {
		t.Errorf("the example has %d lines: at most %d are promised", lines, exampleLines)
	}
	catalog := read(t, "variants/catalog/catalog.go")
	line := regexp.MustCompile("(?s)`variants/catalog/catalog.go`.*?```go\n(.*?)```\n")
	if m := line.FindStringSubmatch(read(t, "CONTRIBUTING.md")); m == nil || !strings.Contains(catalog, m[1]) {
		t.Error("CONTRIBUTING.md shows no line of the catalog")
	}
}

// What CONTRIBUTING.md promises of a mechanism in the catalog, though nothing else knows it.
func TestExampleThroughTheCommands(t *testing.T) {
	dir := t.TempDir()
	bench := filepath.Join(dir, "bench")
	if runtime.GOOS == "windows" {
		bench += ".exe"
	}
	mustRun(t, ".", "go", "build", "-o", bench, "./bench")
	results := filepath.Join(dir, "results.txt")
	for _, c := range []struct {
		args []string
		want string // in stdout
	}{
		{[]string{"list", "local"}, "lookback=0"},
		{[]string{"run", "--variants", "full,flash,local", "--n", "64,100,128", "--dim", "16",
			"--set", "local.block=16,32", "--budget", "3s", "-o", results}, "local[block=32]"},
		{[]string{"report", results}, "local[block=32]"},
		{[]string{"report", "--format", "markdown", results}, "local[block=32]"},
	} {
		t.Run(c.args[0], func(t *testing.T) {
			if out := mustRun(t, dir, bench, c.args...); !strings.Contains(strings.ReplaceAll(out, `\`, ""), c.want) {
				t.Errorf("%q does not mention %q:\n%s", c.args, c.want, out)
			}
		})
	}
	if sample := "variant=local/n=100/"; !strings.Contains(read(t, results), sample) {
		t.Errorf("the results hold no sample of %s", sample)
	}
}

func mustRun(t testing.TB, dir, name string, args ...string) string {
	t.Helper()
	command := exec.Command(name, args...)
	command.Dir = dir
	var stderr strings.Builder
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", filepath.Base(name), strings.Join(args, " "), err, out, stderr.String())
	}
	return string(out)
}
