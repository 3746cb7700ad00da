package attnbench_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// The example of CONTRIBUTING.md is built from the very text of that file, in an overlay of the module:
// nothing is written into the tree.

const exampleLines = 120 // most lines of the mechanism, definition included

var (
	codeFile    = regexp.MustCompile("(?s)`(variants/local/[a-z_]+\\.go)`:\n\n```go\n(.*?)```\n")
	catalogLine = regexp.MustCompile("(?s)`variants/catalog/catalog.go`.*?```go\n(.*?)```\n")
)

// example returns the files of CONTRIBUTING.md by path, and its line for the catalog.
func example(t testing.TB) (files map[string]string, line string) {
	t.Helper()
	text, err := os.ReadFile("CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	text = []byte(strings.ReplaceAll(string(text), "\r\n", "\n"))
	files = map[string]string{}
	for _, m := range codeFile.FindAllStringSubmatch(string(text), -1) {
		files[m[1]] = m[2]
	}
	m := catalogLine.FindStringSubmatch(string(text))
	if len(files) != 3 || m == nil {
		t.Fatalf("CONTRIBUTING.md shows %d files of the example and a catalog line: %v", len(files), m != nil)
	}
	return files, m[1]
}

// listed returns the catalog with the example's line and import.
func listed(t testing.TB, line string) string {
	t.Helper()
	const file, list, imports = "variants/catalog/catalog.go", "return []*variants.Mechanism{\n", "import (\n"
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(source), "\r\n", "\n")
	if strings.Count(text, list) != 1 || strings.Count(text, imports) != 1 {
		t.Fatalf("%s: no place for a mechanism", file)
	}
	text = strings.Replace(text, list, list+line, 1)
	return strings.Replace(text, imports, imports+"\t\"attnbench/variants/local\"\n", 1)
}

// overlay writes the module's files with the example added to a temporary folder and returns the go command's
// overlay file.
func overlay(t testing.TB, extra map[string]string) string {
	t.Helper()
	files, line := example(t)
	files["variants/catalog/catalog.go"] = listed(t, line)
	for path, text := range extra {
		files[path] = text
	}
	root, dir := mustAbs(t, "."), t.TempDir()
	replace := map[string]string{}
	for path, text := range files {
		copied := filepath.Join(dir, strings.ReplaceAll(path, "/", "_"))
		write(t, copied, text)
		replace[filepath.Join(root, filepath.FromSlash(path))] = copied
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	write(t, file, string(text))
	return file
}

// build runs `go build` or `go test -c` with the overlay and returns the binary.
func build(t testing.TB, overlay string, args ...string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "binary")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	args = append(args, "-o", binary, "-overlay", overlay)
	if args[0] == "build" {
		args = append(args, "./bench")
	} else {
		args = append(args, "./variants/local")
	}
	mustRun(t, ".", "go", args...)
	return binary
}

func TestExampleIsShort(t *testing.T) {
	files, _ := example(t)
	lines := 0
	for path, text := range files {
		if !strings.HasSuffix(path, "_test.go") {
			lines += strings.Count(text, "\n")
		}
	}
	if lines > exampleLines {
		t.Errorf("the example has %d lines: at most %d are promised", lines, exampleLines)
	}
}

func TestExampleConforms(t *testing.T) {
	binary := build(t, overlay(t, nil), "test", "-c", "-vet=off")
	mustRun(t, t.TempDir(), binary)
}

// A mechanism that is new to the suite can do all that the others can, though nothing but the catalog knows
// it.
func TestExampleThroughTheCommands(t *testing.T) {
	bench := build(t, overlay(t, nil), "build")
	golden := mustAbs(t, "testdata/local-b8-n50-causal.safetensors")
	refused := mustAbs(t, "testdata/local-block-zero.safetensors")
	dir := t.TempDir()
	results := filepath.Join(dir, "results.txt")
	for _, c := range []struct {
		args []string
		want string // in stdout
	}{
		{[]string{"list", "local"}, "lookback=0"},
		{[]string{"verify", golden, refused}, "2 passed, 0 failed"},
		{[]string{"eval", "--variant", "local", "--options", "block=8", "--causal", "--input", golden,
			"--output", filepath.Join(dir, "out.safetensors")}, "variant=local"},
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

// comparison measures the example beside the sliding window where both score equally many pairs.
const comparison = `package local

import (
	"testing"

	"attnbench/variants/kernel"
	"attnbench/variants/longformer"
	"attnbench/variants/variantstest"
)

func BenchmarkEqualPairs(b *testing.B) {
	shape := variantstest.Self(8, 4096, 64, false)
	for _, size := range []string{"64", "512"} {
		b.Run("pairs="+size+"/local", func(b *testing.B) {
			variantstest.Benchmark(b, Mechanism(), shape, "block="+size, kernel.Best())
		})
		b.Run("pairs="+size+"/longformer", func(b *testing.B) {
			variantstest.Benchmark(b, longformer.Mechanism(), shape, "window="+size, kernel.Best())
		})
	}
}
`

// BenchmarkExample prints the example's share of the FMA peak beside that of the sliding window: 0.9 of it is
// promised.
func BenchmarkExample(b *testing.B) {
	extra := map[string]string{"variants/local/comparison_test.go": comparison}
	binary := build(b, overlay(b, extra), "test", "-c", "-vet=off")
	for b.Loop() {
		fmt.Print(mustRun(b, b.TempDir(), binary, "-test.run=-", "-test.bench=.", "-test.benchtime=1s"))
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

func mustAbs(t testing.TB, path string) string {
	t.Helper()
	absolute, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return absolute
}

func write(t testing.TB, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
